/**
 * Evidence as files: `root.json`, and the bundle of each namespace under `namespaces/`. Each is one line of canonical JSON:
 * the same evidence is the same bytes, and another spelling of the same values is another file.
 */
import { textOf } from "./digest.ts";
import { rootListOf, type Bundle, type Evidence, type RootList } from "./evidence.ts";

export const ROOT_FILE = "root.json";
export const BUNDLE_FOLDER = "namespaces";

export interface EvidenceFile {
  /** Relative to the folder, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** What is no evidence, with the file and why. */
export class EvidenceError extends Error {
  override readonly name = "EvidenceError";
}

const pathOf = (namespace: string): string => `${BUNDLE_FOLDER}/${namespace}.json`;

export const filesOf = (evidence: Evidence): EvidenceFile[] =>
  [{ path: ROOT_FILE, text: textOf(rootListOf(evidence)) }, ...evidence.bundles.map((bundle) => ({ path: pathOf(bundle.namespace), text: textOf(bundle) }))];

/**
 * Evidence of its files; whether it is any is for `verifyEvidence` to say.
 * @throws EvidenceError for a file that is missing, or not one line of canonical JSON, and for one that belongs to no namespace of the root
 */
export function evidenceIn(files: readonly EvidenceFile[]): unknown {
  const byPath = new Map(files.map(({ path, text }) => [path, text]));
  const root = valueAt(ROOT_FILE, byPath);
  const named = bundlesNamedIn(root).map(({ namespace }) => pathOf(String(namespace)));
  const stray = files.find(({ path }) => path !== ROOT_FILE && !named.includes(path));
  if (stray !== undefined) throw new EvidenceError(`${stray.path}: ${ROOT_FILE} names no such namespace`);
  return assembled(root, named.map((path) => valueAt(path, byPath)));
}

/** Namespace and hash of every bundle of a root, as far as it is one. */
export function bundlesNamedIn(root: object): readonly Partial<Bundle>[] {
  const { bundles } = root as Partial<RootList>;
  return Array.isArray(bundles) ? (bundles as readonly (Partial<Bundle> | null)[]).map((bundle) => bundle ?? {}) : [];
}

/**
 * A root, and the bundles that it names, in its order.
 * @throws EvidenceError for a bundle that is another one than the root names
 */
export function assembled(root: object, bundles: readonly object[]): unknown {
  for (const [at, { namespace, sha256, ...more }] of bundlesNamedIn(root).entries()) {
    const bundle: Partial<Bundle> = bundles[at] ?? {};
    if (bundle.namespace !== namespace || bundle.sha256 !== sha256 || Object.keys(more).length > 0) throw new EvidenceError(`the bundle of namespace ${namespace} is not the one that the root names`);
  }
  return { ...root, bundles };
}

function valueAt(path: string, texts: ReadonlyMap<string, string>): object {
  const text = texts.get(path);
  if (text === undefined) throw new EvidenceError(`${path}: there is no such file`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new EvidenceError(`${path}: it is not JSON`);
  }
  if (typeof value !== "object" || value === null || textOf(value) !== text) throw new EvidenceError(`${path}: it is not one line of canonical JSON: it was edited`);
  return value;
}
