/**
 * A probe tries, from a pod like those that serve, everything that such a pod must not reach.
 *
 * The rules of a new pod come into force some moments after its start (the window that the gate closes for servers), so
 * what gets through at first is tried again until nothing does or patience ends. The last round counts; how long it took
 * is told.
 */
import { isIP } from "node:net";
import { FAMILIES, familyOf, globalAddresses } from "../../lib/addresses.ts";
import type { Clock } from "../../lib/clock.ts";
import type { ProbeReport } from "../../sovereignty/probe/document.ts";
import { controlsOf, targetsOf, type Destination, type ProbePlan } from "../../sovereignty/probe/plan.ts";
import { resultOf, type ControlCheck, type Observations, type TargetCheck } from "../../sovereignty/probe/verdict.ts";
import { tryControl, tryTarget } from "./attempts.ts";

/** Longer than a network needs to put the rules of a new pod in force (seen: 1.3 s), shorter than a probe may take. */
const PATIENCE_MS = 15_000;
const PAUSE_MS = 500;
/** For one attempt: two retransmissions of a SYN that got lost. */
const ATTEMPT_MS = 3_500;

export interface ProbeSurroundings {
  readonly clock: Clock;
  /** Address of the API server, as Kubernetes tells it to every pod. */
  readonly apiServer: { readonly host: string; readonly port: string } | undefined;
  /** For tests: own addresses, waiting, and the attempts. */
  readonly addresses?: () => readonly string[];
  readonly pause?: (ms: number) => Promise<void>;
  readonly control?: (control: Destination) => Promise<ControlCheck>;
  readonly target?: (target: Destination) => Promise<TargetCheck>;
}

/** Resolves after the round that counts; at most `PATIENCE_MS` and one round after the start. */
export async function probe(plan: ProbePlan, surroundings: ProbeSurroundings): Promise<ProbeReport> {
  const { clock, pause = wait } = surroundings;
  const started = clock.monotonic();
  let reachedAtFirst: number | undefined;
  for (let rounds = 1; ; rounds += 1) {
    const settledMs = Math.round(clock.monotonic() - started);
    const seen = await look(plan, surroundings);
    reachedAtFirst ??= seen.targets.filter(({ outcome }) => outcome === "Reached").length;
    if (resultOf(seen) === "Sealed" || settledMs >= PATIENCE_MS) return { ...seen, of: plan.of, rounds, settledMs, reachedAtFirst };
    await pause(PAUSE_MS);
  }
}

/** Unlike the clock's timers this one keeps the process alive. */
const wait = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

async function look(plan: ProbePlan, { clock, apiServer, addresses = globalAddresses, control, target }: ProbeSurroundings): Promise<Observations> {
  const limits = { clock, timeoutMs: ATTEMPT_MS };
  const tryEither = control ?? ((one: Destination) => tryControl(one, limits));
  const tryOne = target ?? ((one: Destination) => tryTarget(one, plan.dnsName, limits));
  const own = addresses().map(familyOf);
  const [controls, targets] = await Promise.all([Promise.all(controlsOf(plan).map(tryEither)), Promise.all(targetsOf(plan, serverOf(apiServer)).map(tryOne))]);
  return { families: FAMILIES.filter((family) => own.includes(family)), controls, targets };
}

/** A name instead of an address would have to be looked up, which is tried on its own. */
function serverOf(given: ProbeSurroundings["apiServer"]): { address: string; port: number } | undefined {
  return given === undefined || isIP(given.host) === 0 ? undefined : { address: given.host, port: Number(given.port) };
}
