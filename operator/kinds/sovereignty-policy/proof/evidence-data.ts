/** Evidence as the data of ConfigMaps, and back. Pure. */
import { gunzipSync, gzipSync } from "node:zlib";
import { canonicalJson } from "../../../lib/hash.ts";
import type { ConfigMap } from "../../../lib/k8s-types.ts";
import { sha256 } from "../../../sovereignty/evidence/digest.ts";
import type { Bundle, Evidence, RootList } from "../../../sovereignty/evidence/evidence.ts";

/** Key of the ConfigMap; with `.gz` where it is compressed. */
const KEY = "evidence.json";
const COMPRESSED_KEY = `${KEY}.gz`;
/** Bytes. A ConfigMap holds 1 MiB. */
const MOST_BYTES = 1_000_000;

/** A part of evidence that no ConfigMap holds. */
export class EvidenceTooLargeError extends Error {
  override readonly name = "EvidenceTooLargeError";
}

/**
 * As text where it fits, so that people can read it, else compressed.
 * @param what for people: `the evidence of namespace chat`
 * @throws EvidenceTooLargeError
 */
export function dataOf(what: string, value: object): Pick<ConfigMap, "data" | "binaryData"> {
  const text = canonicalJson(value);
  if (Buffer.byteLength(text) <= MOST_BYTES) return { data: { [KEY]: text } };
  const compressed = gzipSync(text);
  if (compressed.length > MOST_BYTES) throw new EvidenceTooLargeError(`${what} has ${compressed.length} bytes, compressed, and a ConfigMap holds ${MOST_BYTES}: spread what is there over several namespaces`);
  return { binaryData: { [COMPRESSED_KEY]: compressed.toString("base64") } };
}

/** What is in a ConfigMap, or undefined if nothing of ours is. */
export function valueIn({ data, binaryData }: Pick<ConfigMap, "data" | "binaryData">): unknown {
  const compressed = binaryData?.[COMPRESSED_KEY];
  try {
    const text = compressed === undefined ? data?.[KEY] : gunzipSync(Buffer.from(compressed, "base64"), { maxOutputLength: 100 * MOST_BYTES }).toString("utf8");
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The list of a root, if it is one. Its hashes are checked by who relies on them (`hoheit verify`). */
export function rootIn(configMap: Pick<ConfigMap, "data" | "binaryData">): RootList | undefined {
  const value = valueIn(configMap) as Partial<RootList> | undefined;
  const isRoot = typeof value?.root === "string" && typeof value.facts?.asOf === "string" && !Number.isNaN(Date.parse(value.facts.asOf)) && Array.isArray(value.bundles);
  return isRoot ? (value as RootList) : undefined;
}

/** By time; of the same proof, for data sets may have come since, each after the one that it names. */
export function oldestFirst<T extends RootList>(roots: readonly T[]): T[] {
  const byRoot = new Map(roots.map((one) => [one.root, one]));
  const before = ({ facts: { previous = "" } }: T): T | undefined => byRoot.get(previous);
  // How many of the same time came before; somebody may have written some that name each other.
  const place = (root: T): number => {
    let count = 0;
    for (let at = before(root); at?.facts.asOf === root.facts.asOf && count < roots.length; at = before(at)) count += 1;
    return count;
  };
  return roots.toSorted((a, b) => Date.parse(a.facts.asOf) - Date.parse(b.facts.asOf) || place(a) - place(b));
}

/**
 * Hash of what makes evidence worth keeping: all but when it was made, what came before, when probes were, and versions of
 * objects of which nothing changed that a rule can see. With a pause after each bundle that was not looked at before.
 */
export function* contentStepByStep({ facts: { asOf: _time, previous: _previous, probes: _probes, ...facts }, bundles }: Evidence): Generator<undefined, string> {
  for (const bundle of bundles) {
    if (CONTENTS.has(bundle)) continue;
    const { sha256: _digest, ...content } = bundle;
    CONTENTS.set(bundle, sha256(withoutVersions(content)));
    yield;
  }
  return sha256({ facts: withoutVersions(facts), bundles: bundles.map((bundle) => CONTENTS.get(bundle) ?? "") });
}

/** A bundle of which nothing changed is the same object (sovereignty/evidence/evidence.ts). */
const CONTENTS = new WeakMap<Bundle, string>();

const withoutVersions = <T extends Pick<Bundle, "inputs">>(of: T): T => ({ ...of, inputs: of.inputs.map(({ resourceVersion: _version, ...input }) => input) });
