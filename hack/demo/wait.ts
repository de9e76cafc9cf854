/** When the demo is there: everything Ready, except what cannot be placed, which must say what it waits for. */
import { setTimeout as delay } from "node:timers/promises";
import type { Kubectl } from "./kubectl.ts";
import { keyOf, type Sample } from "./samples.ts";

const KINDS = "processingactivities,languagemodels,modelapprovals,languagemodeldeployments,sovereigntypolicies";

interface Condition { readonly type: string; readonly status: string; readonly reason: string; readonly message: string; readonly observedGeneration?: number }

export interface Observed extends Sample {
  readonly metadata: Sample["metadata"] & { readonly generation?: number };
  readonly status?: { readonly conditions?: readonly Condition[]; readonly waitingFor?: string };
}

/** Why an object is not yet what the demo wants it to be; undefined if it is. */
export function lacks(object: Observed, unplaceable: ReadonlySet<string>): string | undefined {
  const { status = {}, metadata } = object;
  const name = `${object.kind} ${keyOf(object)}`;
  const ready = status.conditions?.find(({ type }) => type === "Ready");
  if (ready === undefined) return `${name} has no condition Ready yet`;
  if (ready.observedGeneration !== metadata.generation) return `${name} is not observed yet`;
  if (unplaceable.has(keyOf(object)) && object.kind === "LanguageModelDeployment") return says(ready, status.waitingFor) ? undefined : `${name} does not say yet what it waits for`;
  return ready.status === "True" ? undefined : `${name} is not Ready: ${ready.reason}: ${ready.message}`;
}

const says = (ready: Condition, waitingFor: string | undefined): boolean => ready.status !== "True" && waitingFor !== undefined && waitingFor !== "";

export interface WaitOptions {
  readonly wanted: readonly Sample[];
  readonly unplaceable: ReadonlySet<string>;
  readonly timeoutMs: number;
  tick(text: string): void;
}

/** Resolves with what is still lacking: nothing, or after `timeoutMs` the reasons. */
export async function untilReady(kubectl: Kubectl, options: WaitOptions): Promise<string[]> {
  const deadline = Date.now() + options.timeoutMs;
  const ours = options.wanted.filter(({ apiVersion }) => apiVersion.startsWith("hoheit.dev/"));
  while (true) {
    const { items } = JSON.parse(await kubectl(["get", KINDS, "--all-namespaces", "-o", "json"])) as { items: Observed[] };
    const lacking = ours.flatMap((wanted) => whatLacks(wanted, items, options.unplaceable));
    if (lacking.length === 0 || Date.now() > deadline) return lacking;
    options.tick(`Waiting for ${lacking.length} of ${ours.length} objects: ${lacking[0] ?? ""}`);
    await delay(1000);
  }
}

function whatLacks(wanted: Sample, items: readonly Observed[], unplaceable: ReadonlySet<string>): string[] {
  const found = items.find((item) => item.kind === wanted.kind && keyOf(item) === keyOf(wanted));
  const why = found === undefined ? `${wanted.kind} ${keyOf(wanted)} is not there` : lacks(found, unplaceable);
  return why === undefined ? [] : [why];
}
