/** The one container: vLLM with the arguments and variables of the object, those of its task (engine/tasks.ts) and those that keep it silent (engine/silence.ts). */
import { silentArguments, silentEnvironment, taskArguments, type EnvironmentVariable } from "../../../engine/index.ts";
import type { Container } from "../../../lib/k8s-types.ts";
import { SERVING_PORT, SERVING_PORT_NAME } from "../../../lib/names.ts";
import type { LanguageModelDeployment } from "../schema.ts";
import type { ServedModel } from "./input.ts";
import { buildLifecycle, buildProbes } from "./lifecycle.ts";
import { byKey } from "../../../lib/order.ts";
import { canonicalQuantity } from "./quantity.ts";
import { buildVolumeMounts, MODEL_PATH, PATHS } from "./volumes.ts";

type Spec = LanguageModelDeployment["spec"];

/** Name of the container; users and dashboards rely on it. */
const CONTAINER = "vllm";

/** The user `vllm` of the official image; its group is 0 because the files there belong to it. */
export const USER = { runAsNonRoot: true, runAsUser: 2000, runAsGroup: 0 };
export const SECCOMP = { type: "RuntimeDefault" };

export const tensorSize = ({ parallelism, accelerators }: Spec): number => parallelism?.tensor ?? accelerators.count;

export function buildContainer(spec: Spec, model: ServedModel): Container {
  return {
    name: CONTAINER,
    image: spec.engine.image,
    // Tags should be digests; where they are not, a restart must not bring another engine than the first start.
    imagePullPolicy: "IfNotPresent",
    command: ["vllm", "serve"],
    args: buildArguments(spec),
    env: buildEnvironment(spec),
    envFrom: [],
    ports: [{ name: SERVING_PORT_NAME, containerPort: SERVING_PORT, protocol: "TCP" }],
    resources: buildResources(spec),
    volumeMounts: buildVolumeMounts(model),
    ...buildProbes(spec.rollout.startupSeconds),
    lifecycle: buildLifecycle(),
    // The user and the profile again: what stands here would win over what stands at the pod.
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { add: [], drop: ["ALL"] },
      privileged: false,
      readOnlyRootFilesystem: true,
      ...USER,
      seccompProfile: SECCOMP,
    },
    // Never FallbackToLogsOnError: it copies the end of the log into the pod's status, for everyone who may read pods.
    terminationMessagePolicy: "File",
    terminationMessagePath: "/dev/termination-log",
    stdin: false,
    tty: false,
  };
}

function buildArguments(spec: Spec): string[] {
  const { version, args } = spec.engine;
  return [
    MODEL_PATH,
    // The wildcard of IPv6 takes IPv4 as well; vLLM's own default would leave the second family of the Service dead.
    "--host=::",
    `--max-model-len=${spec.contextLength}`,
    `--port=${SERVING_PORT}`,
    // In the user's order: vLLM puts the first into every answer and into the labels of its metrics.
    "--served-model-name", ...spec.servedNames,
    `--shutdown-timeout=${spec.rollout.drainSeconds}`,
    `--tensor-parallel-size=${tensorSize(spec)}`,
    ...taskArguments(spec.task),
    ...silentArguments(version, spec.confidentiality.content, args).map(({ arg }) => arg),
    ...args,
  ];
}

/** Later ones win; `environmentViolations` keeps users from naming any of ours but those that are tuned. */
function buildEnvironment(spec: Spec): EnvironmentVariable[] {
  const all = [
    // The server gives up on its engine after 600 seconds by itself, before a slow load is through.
    { name: "VLLM_ENGINE_READY_TIMEOUT_S", value: String(spec.rollout.startupSeconds) },
    ...PATHS,
    ...silentEnvironment(spec.engine.version),
    ...spec.engine.env,
  ];
  const byName = new Map(all.map(({ name, value }) => [name, { name, value }]));
  return [...byName.values()].toSorted(byKey(({ name }) => name));
}

function buildResources({ accelerators, resources }: Spec): NonNullable<Container["resources"]> {
  // Requests and limits of an extended resource must be equal; both are spelt, as the API server fills in one for pods only.
  const devices = { [accelerators.resource]: String(accelerators.count) };
  const cpu = resources?.cpu === undefined ? {} : { cpu: canonicalQuantity(resources.cpu) };
  const memory = resources?.memory === undefined ? {} : { memory: canonicalQuantity(resources.memory) };
  return { limits: { ...devices, ...memory }, requests: { ...cpu, ...devices, ...memory } };
}
