/** Status as a value: conditions, the pair that kstatus reads, and the smallest patch to get there. Pure. */
import type { Condition } from "../lib/k8s-types.ts";

/** A condition as a kind wants it; time and generation are added by `nextConditions`. */
export type WantedCondition = Pick<Condition, "type" | "status" | "reason" | "message">;

/** metav1.Condition: longer messages are refused by the CRD. */
const LONGEST_MESSAGE = 32_768;
const REASON = /^[A-Z][A-Za-z0-9]{0,1023}$/;

/**
 * The conditions to write, in the order of `wanted`; others that were there are dropped, for a kind owns all of its
 * conditions. `lastTransitionTime` moves only when `status` flips. Throws for a reason that is not CamelCase or a type
 * named twice: a bug of the kind.
 *
 * @param at.generation metadata.generation that the verdicts are about
 * @param at.now        RFC 3339
 */
export function nextConditions(current: readonly Condition[], wanted: readonly WantedCondition[], at: { generation: number; now: string }): Condition[] {
  if (new Set(wanted.map(({ type }) => type)).size !== wanted.length) throw new Error(`a condition is wanted twice: ${wanted.map(({ type }) => type).join(", ")}`);
  return wanted.map(({ type, status, reason, message }) => {
    if (!REASON.test(reason)) throw new Error(`condition ${type}: the reason "${reason}" is not CamelCase`);
    const before = current.find((condition) => condition.type === type);
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : at.now;
    return { type, status, reason, message: bounded(message), lastTransitionTime, observedGeneration: at.generation };
  });
}

/** The API server counts characters, not UTF-16 units, so this is never too long; it splits no character. */
function bounded(message: string): string {
  const whole = message.toWellFormed();
  return whole.length <= LONGEST_MESSAGE ? whole : whole.slice(0, LONGEST_MESSAGE).replace(/[\uD800-\uDBFF]$/, "");
}

/**
 * Adds Reconciling and Stalled after Ready, which must come first, so that kstatus (Flux, Helm 4 --wait) reads
 * Current, InProgress or Failed. Ready=False alone can never say "this will not mend itself", and a resource without
 * any condition counts as Current; so all three are always there. Throws if Ready is not the first.
 *
 * @param stalled only a person can go on; true with Ready=True means that it still serves, but not as it should
 */
export function withKstatus(conditions: readonly WantedCondition[], stalled: boolean): WantedCondition[] {
  const [ready, ...rest] = conditions;
  if (ready?.type !== "Ready") throw new Error("the first condition must be Ready");
  const { reason, message } = ready;
  const no = (type: string, why: string): WantedCondition => ({ type, status: "False", reason: why, message: "" });
  const yes = (type: string): WantedCondition => ({ type, status: "True", reason, message });
  if (stalled) return [ready, no("Reconciling", "Stalled"), yes("Stalled"), ...rest];
  if (ready.status === "True") return [ready, no("Reconciling", "Settled"), no("Stalled", "Settled"), ...rest];
  return [ready, yes("Reconciling"), no("Stalled", "Reconciling"), ...rest];
}

/**
 * RFC 7396 patch from one status to the next: null for members that go, arrays whole. Undefined when they are equal, so
 * that nothing is written at rest. Members that are undefined or null in `next` count as absent, as they do on the wire.
 */
export function statusPatch(current: object | undefined, next: object): object | undefined {
  const patch = difference(json(current ?? {}), json(next));
  return isObject(patch) && (current === undefined || Object.keys(patch).length > 0) ? patch : undefined;
}

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const json = (value: object): Json => JSON.parse(JSON.stringify(value)) as Json;
const isObject = (value: unknown): value is { [name: string]: Json } => typeof value === "object" && value !== null && !Array.isArray(value);

/** What to send instead of `to`: itself without nulls, or for two objects only the members that differ. */
function difference(from: Json | undefined, to: Json): Json {
  if (!isObject(to)) return to;
  const before = isObject(from) ? from : {};
  const gone = Object.keys(before).filter((name) => !present(to, name)).map((name): [string, Json] => [name, null]);
  const changed = Object.entries(to)
    .filter(([name, value]) => value !== null && !isSame(member(before, name), value))
    .map(([name, value]): [string, Json] => [name, difference(member(before, name), value)]);
  return Object.fromEntries([...gone, ...changed]);
}

const member = (object: { [name: string]: Json }, name: string): Json | undefined => (Object.hasOwn(object, name) ? object[name] : undefined);
const present = (object: { [name: string]: Json }, name: string): boolean => (member(object, name) ?? null) !== null;

/** Equal on the wire: key order is nothing, a null member of an object is as absent. */
function isSame(a: Json | undefined, b: Json): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && b.every((item, i) => isSame(a[i], item));
  if (!isObject(a) || !isObject(b)) return false;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((name) => isSame(member(a, name) ?? null, member(b, name) ?? null));
}
