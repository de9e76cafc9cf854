/**
 * `hoheit probe`: tries to get out, leaves what it saw in the container's termination message, where the operator reads
 * it, and on standard output.
 */
import { writeFile } from "node:fs/promises";
import { systemClock } from "../../lib/clock.ts";
import { encodeReport } from "../../sovereignty/probe/document.ts";
import type { ProbePlan } from "../../sovereignty/probe/plan.ts";
import { EXIT_CODES, resultOf } from "../../sovereignty/probe/verdict.ts";
import { probe, type ProbeSurroundings } from "./probe.ts";

export interface ProbeCommand {
  readonly plan: ProbePlan;
  readonly apiServer: ProbeSurroundings["apiServer"];
  /** File whose content the kubelet puts into the pod's status. */
  readonly terminationLog: string;
}

/** Returns the exit code: 0 sealed, 1 something was reached, 2 inconclusive. */
export async function probeCommand({ plan, apiServer, terminationLog }: ProbeCommand, run: typeof probe = probe): Promise<number> {
  const report = await run(plan, { clock: systemClock, apiServer });
  const text = encodeReport(report);
  process.stdout.write(`${text}\n`);
  await writeFile(terminationLog, text);
  return EXIT_CODES[resultOf(report)];
}
