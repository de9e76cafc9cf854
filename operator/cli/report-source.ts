/**
 * What the report shows, gathered on every replica: whoever asks cannot know which one leads. A standby reads the cluster
 * and proves for itself; what is kept as evidence, the leader has written.
 */
import { languageModelDeployments, sovereigntyPolicies } from "../kinds/caches.ts";
import { EGRESS_SEALED } from "../kinds/language-model-deployment/conditions.ts";
import type { LanguageModelDeployment } from "../kinds/language-model-deployment/schema.ts";
import { GUARDED, type Reason } from "../kinds/sovereignty-policy/conditions.ts";
import type { Proved } from "../kinds/sovereignty-policy/proof/keeper.ts";
import type { History } from "../kinds/sovereignty-policy/proof/history.ts";
import type { Proofs } from "../kinds/sovereignty-policy/proof/proofs.ts";
import type { SovereigntyPolicy } from "../kinds/sovereignty-policy/schema.ts";
import type { Clock } from "../lib/clock.ts";
import type { Condition } from "../lib/k8s-types.ts";
import type { GuardState, ProbeState, ReportData } from "../report/data.ts";
import type { Context } from "../runtime/kind.ts";
import type { Logger } from "../runtime/log.ts";

interface Parts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly lookup: Pick<Context, "cache">;
  readonly proofs: Proofs;
  /** What is kept of evidence; undefined while nothing is. */
  readonly history: () => Promise<History | undefined>;
}

/** How old the report may be, in milliseconds, and how soon it is looked for again while there is none. */
const EVERY_MS = 30_000;
const SOON_MS = 5_000;

export interface ReportSource {
  /** Undefined while nothing is proved or kept. */
  readonly current: () => ReportData | undefined;
  stop(): void;
}

/** Gathers at once and from time to time. What cannot be read now leaves the report as it was: it says of when it is. */
export function gatherReports({ clock, log, lookup, proofs, history }: Parts): ReportSource {
  const kept = historyOf(lookup, history);
  let data: ReportData | undefined;
  let cancel = (): void => {};
  let stopped = false;
  const gather = async (): Promise<void> => {
    try {
      const answer = await proofs.ask(lookup);
      const past = answer && (await kept());
      data = answer && past && reportOf(answer.proved, past, lookup);
    } catch (error) {
      log.warn({ error: (error as Error).message }, "cannot gather the report");
    }
    if (!stopped) cancel = clock.after(data === undefined ? SOON_MS : EVERY_MS, () => void gather());
  };
  void gather();
  return { current: () => data, stop: () => { stopped = true; cancel(); } };
}

/** What is kept of a large cluster takes long to read: that is done again only when a policy names other evidence. */
function historyOf({ cache }: Parts["lookup"], history: Parts["history"]): Parts["history"] {
  let last: { readonly roots: string; readonly read: History } | undefined;
  return async () => {
    const roots = JSON.stringify(cache(sovereigntyPolicies.resource).list().map(({ status }) => status?.evidence?.root));
    if (last?.roots === roots) return last.read;
    const read = await history();
    last = read && { roots, read };
    return read;
  };
}

function reportOf({ snapshot, proof, at }: Proved, { root, previousRoot, since, flips, places }: History, { cache }: Parts["lookup"]): ReportData {
  return {
    time: new Date(at).toISOString(), root, ...(previousRoot !== undefined && { previousRoot }),
    proof, policies: snapshot.governed, places, changes: { since, flips },
    guards: cache(sovereigntyPolicies.resource).list().map(guardOf),
    probes: cache(languageModelDeployments.resource).list().map(probeOf),
  };
}

const conditionOf = ({ status }: { readonly status?: { readonly conditions?: readonly Condition[] | undefined } | undefined }, type: string): Pick<Condition, "status" | "reason" | "message"> =>
  status?.conditions?.find((condition) => condition.type === type) ?? { status: "Unknown", reason: "", message: "Nobody has looked yet." };

/** A guard that refuses is one, whatever is older than it. */
function guardOf(policy: SovereigntyPolicy): GuardState {
  const { status, reason, message } = conditionOf(policy, GUARDED);
  const { objects = 0, first = [] } = policy.status?.preexisting ?? {};
  return { policy: policy.metadata.name, status: reason === ("PreexistingObjects" satisfies Reason) ? "True" : status, message, older: { objects, first } };
}

function probeOf(deployment: LanguageModelDeployment): ProbeState {
  const { status: sealed, message } = conditionOf(deployment, EGRESS_SEALED);
  const { namespace = "", name } = deployment.metadata;
  const probe = deployment.status?.probe;
  if (probe === undefined) return { namespace, name, sealed, message };
  const reached = probe.checks.filter(({ purpose, outcome }) => purpose === "Target" && outcome === "Reached").map(({ name: target, protocol, address, port }) => ({ name: target, protocol, address, port }));
  return { namespace, name, sealed, message, last: { time: probe.endTime, result: probe.result, families: probe.families.map(({ family }) => family), reached } };
}
