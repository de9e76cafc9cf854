/** Reads files of manifests and finds ours among them, each parsed as the API server would, strict field validation included. */
import { parseManifest, type Kind } from "../kinds/define.ts";
import { kinds } from "../kinds/index.ts";
import { keyOf, type KubeObject, type Namespace } from "../lib/k8s-types.ts";
import { API_GROUP, API_VERSION } from "../lib/names.ts";
import { fromYaml } from "./yaml.ts";

/** What is wrong, and where. */
export interface Finding {
  readonly file: string;
  /** `LanguageModel assistant/mistral-small`; undefined if the file itself is what is wrong. */
  readonly object: string | undefined;
  /** `spec.engine.args[2]`; undefined for the object as a whole. */
  readonly path: string | undefined;
  /** What is wrong and what to do. */
  readonly message: string;
}

/** One of our objects that parses. */
export interface Manifest {
  readonly file: string;
  readonly value: KubeObject;
}

export interface Manifests {
  readonly found: readonly Manifest[];
  readonly findings: readonly Finding[];
  /** Namespaces among the files, for policies select them by their labels. */
  readonly namespaces: readonly Namespace[];
}

const NOTHING: Manifests = { found: [], findings: [], namespaces: [] };

const together = (all: readonly Manifests[]): Manifests =>
  ({ found: all.flatMap(({ found }) => found), findings: all.flatMap(({ findings }) => findings), namespaces: all.flatMap(({ namespaces }) => namespaces) });

export type ReadFile = (file: string) => Promise<string>;

/** One line for people: where, what, and what to do. */
export const lineOf = ({ file, object, path, message }: Finding): string =>
  `${[file, object, path].filter((part) => part !== undefined).join(": ")}: ${message}\n`;

/** `LanguageModel assistant/mistral-small`, or `SovereigntyPolicy land`. */
export const nameOf = ({ kind, metadata }: KubeObject): string => `${kind} ${keyOf(metadata)}`;

/** Reads every file before it judges. Of objects of other API groups only Namespaces are kept. */
export async function readManifests(files: readonly string[], namespace: string, read: ReadFile): Promise<Manifests> {
  const all = together(await Promise.all(files.map((file) => readOne(file, namespace, read))));
  return { ...all, findings: [...all.findings, ...duplicates(all.found)] };
}

async function readOne(file: string, namespace: string, read: ReadFile): Promise<Manifests> {
  const documents = await readDocuments(file, read);
  if (!Array.isArray(documents)) return { ...NOTHING, findings: [documents] };
  return together(documents.map((document, at) => judge(file, namespace, document, at + 1)));
}

/** What stands in a file, lists taken apart; or why it cannot be read. */
export async function readDocuments(file: string, read: ReadFile): Promise<unknown[] | Finding> {
  try {
    return fromYaml(await read(file), file).flatMap(itemsOf);
  } catch (error) {
    return { file, object: undefined, path: undefined, message: oneLine((error as Error).message) };
  }
}

/** The first line says what and where; what follows in a YAML error is an excerpt of the file. */
const oneLine = (message: string): string => message.split("\n", 1)[0] ?? message;

/** `kubectl get -o yaml` prints several objects as a list; the API server calls it after its items, which then do not say what they are. */
function itemsOf(document: unknown): unknown[] {
  const { apiVersion, kind, items } = document as { apiVersion?: unknown; kind?: unknown; items?: unknown };
  if (typeof kind !== "string" || !kind.endsWith("List") || !Array.isArray(items)) return [document];
  return kind === "List" ? items : items.map((item: object) => ({ apiVersion, kind: kind.slice(0, -"List".length), ...item }));
}

function judge(file: string, namespace: string, document: unknown, at: number): Manifests {
  if (!isManifest(document)) return { ...NOTHING, findings: [{ file, object: `document ${at}`, path: undefined, message: "is no manifest: apiVersion, kind and metadata.name are needed" }] };
  if (document.apiVersion === "v1" && document.kind === "Namespace") return { ...NOTHING, namespaces: [document as Namespace] };
  if (document.apiVersion.split("/")[0] !== API_GROUP) return NOTHING;
  const kind = kinds.find((candidate) => candidate.kind === document.kind);
  const value = kind?.namespaced === false ? document : inNamespace(document, namespace);
  const finding = (path: string | undefined, message: string): Finding => ({ file, object: nameOf(value), path, message });
  if (kind === undefined) return { ...NOTHING, findings: [finding("kind", `there is no such kind; kinds are ${kinds.map((one) => one.kind).join(", ")}`)] };
  if (value.apiVersion !== API_VERSION) return { ...NOTHING, findings: [finding("apiVersion", `write ${API_VERSION}`)] };
  return parsed(kind, { file, value }, finding);
}

const inNamespace = ({ metadata, ...rest }: KubeObject, usual: string): KubeObject => ({ ...rest, metadata: { ...metadata, namespace: metadata.namespace ?? usual } });

function parsed(kind: Kind, { file, value }: Manifest, at: (path: string | undefined, message: string) => Finding): Manifests {
  const result = parseManifest(kind, value);
  if (result.ok) return { ...NOTHING, found: [{ file, value: result.value }] };
  return { ...NOTHING, findings: result.violations.map(({ path, message }) => at(path === "" ? undefined : path, message)) };
}

export function isManifest(document: unknown): document is KubeObject {
  const { apiVersion, kind, metadata } = document as Partial<KubeObject>;
  return typeof apiVersion === "string" && typeof kind === "string" && typeof metadata?.name === "string";
}

function duplicates(found: readonly Manifest[]): Finding[] {
  const first = new Map<string, string>();
  return found.flatMap(({ file, value }) => {
    const name = nameOf(value);
    const before = first.get(name);
    if (before === undefined) first.set(name, file);
    return before === undefined ? [] : [{ file, object: name, path: undefined, message: `is also in ${before}: the one applied last would win. Keep one.` }];
  });
}
