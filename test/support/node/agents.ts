/** Agents (agent.ts) as tests use them: one in each pod, asked as often as one likes. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Outcome, Target } from "./attempt.ts";
import { processOf, type Pod } from "./pods.ts";

export interface Agent extends Disposable {
  readonly pod: Pod;
  /** Tries all targets at once; outcomes in their order. One call at a time. */
  attempt(targets: readonly Target[]): Promise<Outcome[]>;
}

/** Resolves when it answers at all of these ports, TCP and UDP, in both families. */
export async function startAgent(pod: Pod, ports: readonly number[]): Promise<Agent> {
  const child = spawn("nsenter", [`--net=/proc/${processOf(pod)}/ns/net`, process.execPath, join(import.meta.dirname, "agent.ts"), JSON.stringify(ports)], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`the agent in pod ${pod.metadata.namespace}/${pod.metadata.name} has ended`);
    return value;
  };
  await next();
  return {
    pod,
    attempt: async (targets) => {
      child.stdin.write(`${JSON.stringify(targets)}\n`);
      return JSON.parse(await next()) as Outcome[];
    },
    [Symbol.dispose]: () => { child.kill(); },
  };
}
