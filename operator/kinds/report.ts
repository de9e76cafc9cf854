/** The last step of every reconcile: one status write if something changed, then one event if the verdict changed. */
import { keyOf, type Condition, type KubeObject, type Live } from "../lib/k8s-types.ts";
import type { Resource } from "../kube/resources.ts";
import type { Context } from "../runtime/kind.ts";
import { nextConditions, statusPatch, withKstatus, type WantedCondition } from "../runtime/status.ts";

/** What a pass found. `Ready` is the first condition; Reconciling and Stalled follow from it (kstatus). */
export interface Summary {
  readonly conditions: readonly WantedCondition[];
  /** Only a person can go on. */
  readonly stalled: boolean;
  /** Whether the verdict is worth a look (Warning) or the normal course of things. */
  readonly severity: "Normal" | "Warning";
  /** Conditions beside Ready of which a change of status is an event. */
  readonly announced?: readonly string[];
  /** Members of the status beside conditions; undefined removes. */
  readonly fields: Readonly<Record<string, unknown>>;
}

type WithStatus = KubeObject & { status?: { conditions?: Condition[] } };

/** Writes the status of `live` if it differs. Does nothing else to the object, ever. */
export async function report(of: { resource: Resource; live: Live }, summary: Summary, context: Context): Promise<void> {
  const { resource, live } = of;
  // A write of this pass may have moved the object on; and the status as it is, not as far as it could be read.
  const current = newest(live, context.cache(resource).get(keyOf(live.metadata)));
  const before = (current as WithStatus).status;
  const generation = live.metadata.generation ?? 0;
  const wanted = withKstatus(summary.conditions, summary.stalled);
  const conditions = nextConditions(before?.conditions ?? [], wanted, { generation, now: new Date(context.clock.now()).toISOString() });
  const patch = statusPatch(before, { ...summary.fields, conditions, observedGeneration: generation });
  if (patch === undefined) return;
  // The server ignores a uid on /status, so the version stands for it.
  const { uid, resourceVersion } = current.metadata;
  context.cache(resource).observe(await context.api.mergePatch(resource, live.metadata, { status: patch }, { uid, resourceVersion, subresource: "status" }));
  announce(before?.conditions, conditions, (ready) => context.events.record(live, { type: summary.severity, reason: ready.reason, action: "Reconcile", message: ready.message }));
  for (const type of summary.announced ?? []) announceFlip(type, { before: before?.conditions, after: conditions, about: live }, context);
}

/** Says that a condition flipped: True is as it should be. Nobody having looked yet is no news. */
function announceFlip(type: string, { before = [], after, about }: { before: readonly Condition[] | undefined; after: readonly Condition[]; about: Live }, { events }: Context): void {
  const was = before.find((condition) => condition.type === type)?.status ?? "Unknown";
  const is = after.find((condition) => condition.type === type);
  if (is === undefined || is.status === was) return;
  events.record(about, { type: is.status === "True" ? "Normal" : "Warning", reason: is.reason, action: "Probe", message: is.message });
}

/** Calls `say` if the verdict is another one than before. */
function announce(before: readonly Condition[] | undefined, after: readonly Condition[], say: (ready: Condition) => void): void {
  const was = before?.find(({ type }) => type === "Ready");
  const is = after.find(({ type }) => type === "Ready");
  if (is !== undefined && (was?.status !== is.status || was.reason !== is.reason)) say(is);
}

const newest = (live: Live, cached: Live | undefined): Live => (cached?.metadata.uid === live.metadata.uid ? cached : live);

/** The spec does not parse: says where, and leaves everything in the cluster and what was known of it as it is. */
export function invalidSpec(live: Live, violations: readonly { path: string; message: string }[]): Summary {
  const message = violations.slice(0, 5).map((violation) => `${violation.path}: ${violation.message}`).join("; ");
  return { conditions: [{ type: "Ready", status: "False", reason: "InvalidSpec", message }], stalled: true, severity: "Warning", fields: { ...(live as WithStatus).status } };
}
