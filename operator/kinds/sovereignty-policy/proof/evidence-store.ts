/**
 * Where evidence is kept: ConfigMaps in the operator's namespace, one for each root and one for each bundle, named by their
 * hashes and immutable. What did not change is kept once: a bundle is the same object as long as its namespace is as it was.
 *
 *   hoheit-evidence-ROOT  facts, and namespace and hash of every bundle
 *   hoheit-bundle-HASH    the bundle of one namespace
 *
 * `hoheit verify` puts a whole one together again.
 */
import type { KubeApi } from "../../../kube/api.ts";
import { isAlreadyExists } from "../../../kube/errors.ts";
import { CONFIG_MAPS } from "../../../kube/resources.ts";
import type { ConfigMap } from "../../../lib/k8s-types.ts";
import { EVIDENCE, EVIDENCE_CONTENT, evidenceLabels } from "../../../lib/labels.ts";
import { bundleName, evidenceName } from "../../../lib/names.ts";
import { rootListOf, type Bundle, type Evidence } from "../../../sovereignty/evidence/evidence.ts";
import { dataOf, oldestFirst, rootIn } from "./evidence-data.ts";

/** Evidence that is kept, as far as the next one needs to know it. */
export interface KeptEvidence {
  readonly root: string;
  /** RFC 3339. */
  readonly asOf: string;
  /** Hash of all that makes a new one worth keeping. */
  readonly content: string;
}

/** And as far as the store does. */
interface KeptRoot extends KeptEvidence {
  /** Hashes of its bundles. */
  readonly bundles: readonly string[];
}

/** Names of the ConfigMaps that it consists of. */
const namesOf = ({ root, bundles }: KeptRoot): string[] => [evidenceName(root), ...bundles.map(bundleName)];

/** What all names of bundles begin with. */
const ANY_BUNDLE = bundleName("");

/** ConfigMaps in one answer: each may have 1 MiB, and an answer has a limit (kube/transport.ts). */
export const AT_ONCE = 20;

export class EvidenceStore {
  readonly #api: Pick<KubeApi, "list" | "create" | "delete">;
  readonly #namespace: string;
  /** Oldest first; what they say is asked of the API server once: whoever leads is the only one who writes. */
  #roots: Promise<readonly KeptRoot[]> | undefined;

  constructor(api: Pick<KubeApi, "list" | "create" | "delete">, namespace: string) {
    this.#api = api;
    this.#namespace = namespace;
  }

  /** The newest that is kept. */
  async last(): Promise<KeptEvidence | undefined> {
    return (await this.#known()).at(-1);
  }

  /**
   * Keeps evidence unless the newest is there and says the same of the same objects, then lets go of all but the newest
   * `most`. What somebody has deleted is written again where it is still true. Returns what is the newest now.
   * @param content what makes it worth keeping (evidence-data.ts)
   * @throws EvidenceTooLargeError if a part of it does not fit into a ConfigMap: then there is no root of it
   */
  async keep(evidence: Evidence, content: string, most: number): Promise<KeptEvidence> {
    const [roots, there] = [await this.#known(), await this.#names()];
    const last = roots.at(-1);
    if (last?.content === content && namesOf(last).every((name) => there.has(name))) return last;
    const kept: KeptRoot = { root: evidence.root, asOf: evidence.facts.asOf, content, bundles: evidence.bundles.map(({ sha256 }) => sha256) };
    for (const bundle of evidence.bundles) if (!there.has(bundleName(bundle.sha256))) await this.#create(this.#bundleOf(bundle));
    // The root last: one that is there has all of its bundles.
    await this.#create(this.#rootOf(evidence, content));
    this.#roots = Promise.resolve([...roots.filter(({ root }) => there.has(evidenceName(root))), kept]);
    await this.#prune(most, there);
    return kept;
  }

  #bundleOf(bundle: Bundle): ConfigMap {
    return this.#configMap(bundleName(bundle.sha256), "Bundle", dataOf(`the evidence of namespace ${bundle.namespace}`, bundle));
  }

  #rootOf(evidence: Evidence, content: string): ConfigMap {
    const root = this.#configMap(evidenceName(evidence.root), "Root", dataOf("the root of the evidence", rootListOf(evidence)));
    return { ...root, metadata: { ...root.metadata, annotations: { [EVIDENCE_CONTENT]: content } } };
  }

  #configMap(name: string, part: "Root" | "Bundle", data: Pick<ConfigMap, "data" | "binaryData">): ConfigMap {
    return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: this.#namespace, labels: evidenceLabels(part) }, immutable: true, ...data };
  }

  /** The name is a hash of the content: what has it already is the same. */
  async #create(object: ConfigMap): Promise<void> {
    try {
      await this.#api.create(CONFIG_MAPS, object);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }

  #known(): Promise<readonly KeptRoot[]> {
    this.#roots ??= this.#read().catch((error: unknown) => {
      this.#roots = undefined;
      throw error;
    });
    return this.#roots;
  }

  /** What somebody else has put there is none. */
  async #read(): Promise<KeptRoot[]> {
    const { items } = await this.#api.list(CONFIG_MAPS, { namespace: this.#namespace, labelSelector: `${EVIDENCE}=Root`, limit: AT_ONCE });
    const contents = new Map(items.map((live) => [live.metadata.name, live.metadata.annotations?.[EVIDENCE_CONTENT] ?? ""]));
    return oldestFirst(items.flatMap((live) => rootIn(live) ?? []))
      .map(({ root, facts, bundles }) => ({ root, asOf: facts.asOf, content: contents.get(evidenceName(root)) ?? "", bundles: bundles.map(({ sha256 }) => sha256) }));
  }

  /** Of all that is there, be it that of a predecessor who could not go on. */
  async #names(): Promise<Set<string>> {
    const { items } = await this.#api.list(CONFIG_MAPS, { namespace: this.#namespace, labelSelector: EVIDENCE, metadataOnly: true });
    return new Set(items.map(({ metadata: { name } }) => name));
  }

  /** Roots first: a root without its bundles would be evidence of nothing. */
  async #prune(most: number, there: ReadonlySet<string>): Promise<void> {
    const roots = await this.#known();
    const [gone, left] = [roots.slice(0, -most), roots.slice(-most)];
    for (const { root } of gone) await this.#delete(evidenceName(root));
    this.#roots = Promise.resolve(left);
    const wanted = new Set(left.flatMap(namesOf));
    for (const name of there) if (name.startsWith(ANY_BUNDLE) && !wanted.has(name)) await this.#delete(name);
  }

  async #delete(name: string): Promise<void> {
    await this.#api.delete(CONFIG_MAPS, { namespace: this.#namespace, name });
  }
}
