/**
 * What vLLM is: which switches each version has, which of them a user may set, and which keep it silent. Pure; knows
 * nothing of Kubernetes. Supporting a new version of vLLM changes this folder and no other (versions/README.md).
 */
export { argumentViolations } from "./arguments.ts";
export { environmentViolations, type EnvironmentVariable } from "./environment.ts";
export { silentArguments, silentEnvironment } from "./silence.ts";
export { taskArguments } from "./tasks.ts";
