/** Evidence on disk: a folder that `hoheit prove --evidence` writes, or ConfigMaps of the operator in a file of kubectl's. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { ConfigError } from "../config.ts";
import { oldestFirst, rootIn, valueIn } from "../kinds/sovereignty-policy/proof/evidence-data.ts";
import type { ConfigMap } from "../lib/k8s-types.ts";
import { textOf } from "../sovereignty/evidence/digest.ts";
import { KeyError, openEnvelope, signRoot, SignatureError } from "../sovereignty/evidence/dsse.ts";
import { rootListOf, type Bundle, type Evidence } from "../sovereignty/evidence/evidence.ts";
import { assembled, BUNDLE_FOLDER, EvidenceError, evidenceIn, filesOf, ROOT_FILE, type EvidenceFile } from "../sovereignty/evidence/files.ts";
import { readDocuments } from "./manifests.ts";

/** The root, signed: a DSSE envelope. */
const SIGNED_FILE = "root.dsse.json";

/**
 * @param keyFile private key in PEM
 * @throws ConfigError for a folder that holds evidence already or cannot be written, and for a key that will not do
 */
export function writeEvidence(folder: string, evidence: Evidence, keyFile?: string): void {
  if (existsSync(join(folder, ROOT_FILE))) throw new ConfigError([`--evidence ${folder}: there is evidence in it already; name another folder, or move that one away`]);
  const signed = keyFile === undefined ? [] : [{ path: SIGNED_FILE, text: textOf(withKey("--sign", keyFile, (pem) => signRoot(rootListOf(evidence), pem))) }];
  try {
    mkdirSync(join(folder, BUNDLE_FOLDER), { recursive: true });
    for (const { path, text } of [...filesOf(evidence), ...signed]) writeFileSync(join(folder, path), text);
  } catch (error) {
    throw new ConfigError([`--evidence ${folder}: ${(error as Error).message}`]);
  }
}

export interface EvidenceSource {
  readonly path: string;
  /** Of the root, where a file has several: `sha256:...`. */
  readonly root?: string | undefined;
  /** Public key in PEM, a file. */
  readonly keyFile?: string | undefined;
}

/**
 * What is claimed to be evidence; `verifyEvidence` looks into it.
 * @throws ConfigError for what cannot be read, EvidenceError for what was edited, is not signed with the key or has another root
 */
export async function readEvidence({ path, root, keyFile }: EvidenceSource): Promise<unknown> {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder && keyFile !== undefined) throw new ConfigError([`--key: only a folder has ${SIGNED_FILE}; ${path} is none`]);
  const evidence = isFolder ? fromFolder(path, keyFile) : await fromConfigMaps(path, root);
  const found = (evidence as Partial<Evidence>).root;
  if (root !== undefined && found !== root) throw new EvidenceError(`its root is ${found}, not ${root}`);
  return evidence;
}

function fromFolder(folder: string, keyFile: string | undefined): unknown {
  const paths = [ROOT_FILE, ...bundlesIn(join(folder, BUNDLE_FOLDER)).map((file) => `${BUNDLE_FOLDER}/${file}`)];
  const files = paths.map((path): EvidenceFile => ({ path, text: textAt(join(folder, path)) }));
  const evidence = evidenceIn(files);
  if (keyFile !== undefined) checkSignature(folder, keyFile, files[0]?.text ?? "");
  return evidence;
}

const bundlesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).toSorted() : []);

function checkSignature(folder: string, keyFile: string, rootText: string): void {
  const file = join(folder, SIGNED_FILE);
  if (!existsSync(file)) throw new EvidenceError(`${SIGNED_FILE}: there is no such file: it is not signed`);
  const signed = withKey("--key", keyFile, (pem) => openEnvelope(jsonIn(textAt(file)), pem));
  if (!isDeepStrictEqual(signed, JSON.parse(rootText))) throw new EvidenceError(`${SIGNED_FILE}: what was signed is another root than ${ROOT_FILE}`);
}

/** The operator keeps one ConfigMap for each root and each bundle (kinds/sovereignty-policy/proof/evidence-store.ts). */
async function fromConfigMaps(file: string, wanted: string | undefined): Promise<unknown> {
  const documents = await readDocuments(file, async (path) => textAt(path));
  if (!Array.isArray(documents)) throw new ConfigError([`${file}: ${documents.message}`]);
  const configMaps = documents.filter((one): one is ConfigMap => (one as Partial<ConfigMap> | null)?.kind === "ConfigMap");
  const roots = oldestFirst(configMaps.flatMap((one) => rootIn(one) ?? []));
  const root = roots.findLast((one) => wanted === undefined || one.root === wanted);
  if (root === undefined) throw new ConfigError([`${file}: there is no evidence ${wanted ?? "in a ConfigMap"} in it; name a folder with ${ROOT_FILE}, or what kubectl get configmaps -o yaml printed`]);
  const bundles = new Map(configMaps.map((one) => valueIn(one) as Partial<Bundle> | undefined).map((value) => [value?.sha256, value]));
  return assembled(root, root.bundles.map(({ sha256 }) => bundles.get(sha256) ?? {}));
}

function withKey<T>(flag: string, file: string, use: (pem: string) => T): T {
  try {
    return use(textAt(file));
  } catch (error) {
    if (error instanceof KeyError) throw new ConfigError([`${flag} ${file}: ${error.message}`]);
    if (error instanceof SignatureError) throw new EvidenceError(`${SIGNED_FILE}: ${error.message}`);
    throw error;
  }
}

function textAt(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new ConfigError([`${file}: ${(error as Error).message}`]);
  }
}

/** What is no JSON is no envelope either. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
