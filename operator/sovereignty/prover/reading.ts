/**
 * Reads raw objects member by member. What is missing, of another type or unknown to this version is never skipped: parsers in
 * the field that skip what they do not understand let everything through (network-policy.md 1c).
 */

/** Something in an object that has no certain meaning. Caught where the smallest part of a policy is read that it spoils. */
export class Unclear extends Error {
  override name = "Unclear";
  readonly path: string;

  /** The message goes on where the path ends: `spec.egress[0].to[1].ipBlock.cidr` `is "10.0.0.0"`. */
  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

export type Members = Readonly<Record<string, unknown>>;

/** Members of an object; a member that is null counts as absent. With `known`, any other is unclear: it might change the meaning of all. */
export function membersOf(raw: unknown, path: string, known?: readonly string[]): Members {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) throw new Unclear(path, "is not an object");
  const members = raw as Members;
  const keys = Object.keys(members);
  let isWhole = true;
  for (const key of keys) {
    if (members[key] === null || members[key] === undefined) isWhole = false;
    else if (known?.includes(key) === false) throw new Unclear(`${path}.${key}`, "is a member that this version of Hoheit does not know");
  }
  return isWhole ? members : Object.fromEntries(keys.filter((key) => members[key] !== null && members[key] !== undefined).map((key) => [key, members[key]]));
}

export function listOf(raw: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(raw)) throw new Unclear(path, "is not a list");
  return raw;
}

export function textOf(raw: unknown, path: string): string {
  if (typeof raw !== "string") throw new Unclear(path, "is not a text");
  return raw;
}

/** The one member of an object of which the API demands exactly one. */
export function onlyMemberOf(raw: unknown, path: string, known: readonly string[]): { readonly key: string; readonly value: unknown } {
  const [first, ...more] = Object.entries(membersOf(raw, path, known));
  if (first === undefined || more.length > 0) throw new Unclear(path, `has not exactly one of ${known.join(", ")}`);
  return { key: first[0], value: first[1] };
}
