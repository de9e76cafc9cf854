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
};

/** Lists that others may extend without asking us: someone else's finalizer is none of our business. */
const SHARED_LISTS: ReadonlySet<string> = new Set(["finalizers", "ownerReferences"]);

/** Objects whose spec is exactly what we say: lists are atomic, and one more member (`endPort`, a label to select by) opens what should be shut. */
const ATOMIC_KINDS: ReadonlySet<string> = new Set(["NetworkPolicy"]);

/** Selectors of other kinds: one more label selects fewer, or no, pods. */
const EXACT_FIELDS = /\/(selector|podSelector|namespaceSelector|labelSelector)(\/|$)/;

export interface Difference {
  /** JSON pointer of the first place where live does not say what desired says; undefined when there is none. */
  readonly differs: string | undefined;
  /** JSON pointers of items in keyed lists that desired does not have; highest index first, so that they can be removed in order. */
  readonly extras: readonly string[];
}

/** Compares what we want with what is there. Pure; both are plain JSON. */
export function compare(desired: object, live: object): Difference {
  const kind = (desired as { kind?: unknown }).kind;
  const walk = new Walk(typeof kind === "string" && ATOMIC_KINDS.has(kind));
  walk.value(desired, live, "");
  return { differs: walk.differs, extras: walk.extras };
}

class Walk {
  differs: string | undefined;
  readonly extras: string[] = [];
  private readonly atomic: boolean;

  constructor(atomic: boolean) {
    this.atomic = atomic;
  }

  value(desired: unknown, live: unknown, path: string): void {
    if (desired === undefined || Object.is(desired, live)) return;
    if (live === undefined || live === null) {
      if (!isEmpty(desired)) this.found(path);
    } else if (Array.isArray(desired)) {
      this.list(desired, live, path);
    } else if (isRecord(desired) && isRecord(live)) {
      for (const [key, member] of Object.entries(desired)) this.value(member, live[key], `${path}/${escape(key)}`);
      this.additions(desired, live, path);
    } else {
      this.found(path);
    }
  }

  private additions(desired: Record<string, unknown>, live: Record<string, unknown>, path: string): void {
    if (!(this.atomic && path.startsWith("/spec")) && !EXACT_FIELDS.test(path)) return;
    const added = Object.keys(live).find((key) => desired[key] === undefined && !isEmpty(live[key]));
    if (added !== undefined) this.found(`${path}/${escape(added)}`);
  }

  private list(desired: readonly unknown[], live: unknown, path: string): void {
    const field = path.slice(path.lastIndexOf("/") + 1);
    if (!Array.isArray(live)) this.found(path);
    else if (SHARED_LISTS.has(field)) this.shared(desired, live, path);
    else if (LIST_KEYS[field] !== undefined && !this.atomic) this.keyed(desired, live, { path, keys: LIST_KEYS[field] });
    else if (desired.length !== live.length) this.found(path);
    else desired.forEach((item, index) => this.value(item, live[index], `${path}/${index}`));
  }

  private shared(desired: readonly unknown[], live: readonly unknown[], path: string): void {
    const missing = desired.some((item) => !live.some((other) => isDeepStrictSubset(item, other)));
    if (missing) this.found(path);
  }

  private keyed(desired: readonly unknown[], live: readonly unknown[], at: { path: string; keys: readonly string[] }): void {
    const identity = (item: unknown): string => JSON.stringify(at.keys.map((key) => (isRecord(item) ? (item[key] ?? defaultOf(key)) : item)));
    const positions = new Map(live.map((item, index) => [identity(item), index]));
    for (const item of desired) {
      const index = positions.get(identity(item));
      if (index === undefined) this.found(at.path);
      else this.value(item, live[index], `${at.path}/${index}`);
    }
    const wanted = new Set(desired.map(identity));
    for (let index = live.length - 1; index >= 0; index--) {
      if (!wanted.has(identity(live[index]))) this.extras.push(`${at.path}/${index}`);
    }
  }

  private found(path: string): void {
    this.differs ??= path === "" ? "/" : path;
  }
}

/** The API server fills `protocol` in; a desired port without it is the same port. */
const defaultOf = (key: string): string | null => (key === "protocol" ? "TCP" : null);

/** What Go's `omitempty` leaves out: absent on the wire and equal to not being set. */
const isEmpty = (value: unknown): boolean =>
  value === null || value === false || value === "" || value === 0 ||
  (Array.isArray(value) && value.length === 0) || (isRecord(value) && Object.values(value).every((member) => member === undefined));

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

function isDeepStrictSubset(part: unknown, whole: unknown): boolean {
  if (!isRecord(part)) return Object.is(part, whole);
  return isRecord(whole) && Object.entries(part).every(([key, member]) => member === undefined || isDeepStrictSubset(member, whole[key]));
}

/** RFC 6901. */
const escape = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1");
