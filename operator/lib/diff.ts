/**
 * Compare before apply: does the live object already say what we want?
 *
 * A no-op server-side apply leaves no new version but costs the API server 2.5 ms, so the answer has to be found here.
 * The server adds defaults and other managers add fields of their own; both are ignored. Lists are exact: an egress rule
 * that somebody added to our policy is a difference, and so is a container added to our pod template. Server-side apply
 * replaces atomic lists by itself; from a list that it merges by key (KEP-555, `x-kubernetes-list-type: map`) it never
 * removes what others added, so those items are named, for a JSON patch to remove.
 */

/** Lists that the API server merges by key, by field name, with the members that make up the key. */
const LIST_KEYS: Readonly<Record<string, readonly string[]>> = {
  containers: ["name"],
  initContainers: ["name"],
  ephemeralContainers: ["name"],
  env: ["name"],
  volumes: ["name"],
  volumeMounts: ["mountPath"],
  volumeDevices: ["devicePath"],
  imagePullSecrets: ["name"],
  hostAliases: ["ip"],
  ports: ["containerPort", "port", "protocol"],
  topologySpreadConstraints: ["topologyKey", "whenUnsatisfiable"],
  matchConditions: ["name"],
  variables: ["name"],
};

/** Lists that others may extend without asking us: someone else's finalizer is none of our business. */
const SHARED_LISTS: ReadonlySet<string> = new Set(["finalizers", "ownerReferences"]);

/** Objects whose spec is exactly what we say: lists are atomic, and one more member (`endPort`, a label to select by) opens what should be shut. */
const ATOMIC_KINDS: ReadonlySet<string> = new Set(["NetworkPolicy"]);

/** Objects whose spec is exactly what we say, too, while the API server merges what we say with what others add (KEP-555): an apply alone does not put them right. */
const MERGED_KINDS: ReadonlySet<string> = new Set(["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ClusterNetworkPolicy"]);

type Kinded = { readonly kind?: unknown };
const isOf = (kinds: ReadonlySet<string>, { kind }: Kinded): boolean => typeof kind === "string" && kinds.has(kind);

/** Whether the spec of such an object has to be replaced as a whole where it differs. */
export const isMerged = (object: Kinded): boolean => isOf(MERGED_KINDS, object);

/** Keys are whatever people write: `constructor` is one, too. */
const ownOf = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined => (Object.hasOwn(record, key) ? record[key] : undefined);

/** What the API server fills in where nothing was said. */
const DEFAULTS: Readonly<Record<string, unknown>> = { scope: "*" };

/** Selectors of other kinds: one more label selects fewer, or no, pods. */
const SELECTORS: ReadonlySet<string> = new Set(["selector", "podSelector", "namespaceSelector", "labelSelector"]);

export interface Difference {
  /** JSON pointer of the first place where live does not say what desired says; undefined when there is none. */
  readonly differs: string | undefined;
  /** JSON pointers of items in keyed lists that desired does not have; highest index first, so that they can be removed in order. */
  readonly extras: readonly string[];
}

/** Compares what we want with what is there. Pure; both are plain JSON. */
export function compare(desired: object, live: object): Difference {
  const atomic = isOf(ATOMIC_KINDS, desired);
  const walk = new Walk({ atomic, exact: atomic || isMerged(desired) });
  walk.value(desired, live, false);
  return { differs: walk.differs, extras: walk.extras };
}

class Walk {
  differs: string | undefined;
  readonly extras: string[] = [];
  private readonly atomic: boolean;
  private readonly exact: boolean;
  /** Where the walk is. It becomes a pointer only where there is something to point at, which is hardly ever. */
  private readonly path: (string | number)[] = [];

  constructor({ atomic, exact }: { atomic: boolean; exact: boolean }) {
    this.atomic = atomic;
    this.exact = exact;
  }

  /** @param exact whether a member that only live has is a difference, too */
  value(desired: unknown, live: unknown, exact: boolean): void {
    if (desired === undefined || Object.is(desired, live)) return;
    if (live === undefined || live === null) {
      if (!isEmpty(desired)) this.found();
    } else if (Array.isArray(desired)) {
      this.list(desired, live, exact);
    } else if (isRecord(desired) && isRecord(live)) {
      this.members(desired, live, exact);
    } else {
      this.found();
    }
  }

  private members(desired: Record<string, unknown>, live: Record<string, unknown>, exact: boolean): void {
    for (const key in desired) this.step(key, desired[key], live[key], exact || this.isExact(key));
    const added = exact ? Object.keys(live).find((key) => desired[key] === undefined && !isEmpty(live[key]) && live[key] !== ownOf(DEFAULTS, key)) : undefined;
    if (added !== undefined) this.found(added);
  }

  private isExact(key: string): boolean {
    return SELECTORS.has(key) || (this.exact && key === "spec");
  }

  private step(to: string | number, desired: unknown, live: unknown, exact: boolean): void {
    this.path.push(to);
    this.value(desired, live, exact);
    this.path.pop();
  }

  private list(desired: readonly unknown[], live: unknown, exact: boolean): void {
    const field = String(this.path.at(-1));
    const keys = this.atomic ? undefined : ownOf(LIST_KEYS, field);
    if (!Array.isArray(live)) this.found();
    else if (SHARED_LISTS.has(field)) this.shared(desired, live);
    else if (keys !== undefined) this.keyed(desired, live, { keys, exact });
    else if (desired.length !== live.length) this.found();
    else desired.forEach((item, index) => this.step(index, item, live[index], exact));
  }

  private shared(desired: readonly unknown[], live: readonly unknown[]): void {
    const missing = desired.some((item) => !live.some((other) => isDeepStrictSubset(item, other)));
    if (missing) this.found();
  }

  private keyed(desired: readonly unknown[], live: readonly unknown[], { keys, exact }: { keys: readonly string[]; exact: boolean }): void {
    const isSame = (one: unknown, other: unknown): boolean => keys.every((key) => isEqual(keyOf(one, key), keyOf(other, key)));
    for (const item of desired) {
      // The last one: of two variables of one name that is the one in force.
      const index = live.findLastIndex((other) => isSame(item, other));
      if (index < 0) this.found();
      else this.step(index, item, live[index], exact);
    }
    for (let index = live.length - 1; index >= 0; index--) {
      if (!desired.some((item) => isSame(item, live[index]))) this.extras.push(this.pointer(index));
    }
  }

  /** Here, or at member `key` of what is here. */
  private found(...key: string[]): void {
    this.differs ??= this.pointer(...key);
  }

  /** RFC 6901. */
  private pointer(...key: (string | number)[]): string {
    return `/${[...this.path, ...key].map((step) => String(step).replaceAll("~", "~0").replaceAll("/", "~1")).join("/")}`;
  }
}

/** What identifies an item of a keyed list. The API server fills `protocol` in; a desired port without it is the same port. */
const keyOf = (item: unknown, key: string): unknown => (isRecord(item) ? (item[key] ?? (key === "protocol" ? "TCP" : null)) : item);

const isEqual = (a: unknown, b: unknown): boolean => a === b || (typeof a === "object" && JSON.stringify(a) === JSON.stringify(b));

/** What Go's `omitempty` leaves out: absent on the wire and equal to not being set. */
const isEmpty = (value: unknown): boolean =>
  value === null || value === false || value === "" || value === 0 ||
  (Array.isArray(value) && value.length === 0) || (isRecord(value) && Object.values(value).every((member) => member === undefined));

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

function isDeepStrictSubset(part: unknown, whole: unknown): boolean {
  if (!isRecord(part)) return Object.is(part, whole);
  if (!isRecord(whole)) return false;
  for (const key in part) if (part[key] !== undefined && !isDeepStrictSubset(part[key], whole[key])) return false;
  return true;
}
