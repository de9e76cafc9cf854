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
import type { ConfigMap, Live } from "../../../lib/k8s-types.ts";
import { EVIDENCE, EVIDENCE_CONTENT, evidenceLabels } from "../../../lib/labels.ts";
import { bundleName, evidenceName } from "../../../lib/names.ts";
import { rootListOf, type Evidence, type RootList } from "../../../sovereignty/evidence/evidence.ts";
import { contentOf, dataOf, rootIn } from "./evidence-data.ts";

/** Evidence that is kept, as far as the next one needs to know it. */
export interface KeptEvidence {
  readonly root: string;
  /** RFC 3339. */
  readonly asOf: string;
  /** Hash of all that makes a new one worth keeping. */
  readonly content: string;
}

export class EvidenceStore {
  readonly #api: Pick<KubeApi, "list" | "create" | "delete">;
  readonly #namespace: string;
  #last: Promise<KeptEvidence | undefined> | undefined;

  constructor(api: Pick<KubeApi, "list" | "create" | "delete">, namespace: string) {
    this.#api = api;
    this.#namespace = namespace;
  }

  /** The newest that is kept; asked of the API server once. */
  last(): Promise<KeptEvidence | undefined> {
    this.#last ??= this.#roots().then((roots) => roots.at(-1)?.kept).catch((error: unknown) => {
      this.#last = undefined;
      throw error;
    });
    return this.#last;
  }

  /**
   * Keeps evidence unless the newest says the same of the same objects, then lets go of all but the newest `most`.
   * Returns what is the newest now.
   * @throws EvidenceTooLargeError if a part of it does not fit into a ConfigMap: then nothing of it is kept
   */
  async keep(evidence: Evidence, most: number): Promise<KeptEvidence> {
    const content = contentOf(evidence);
    const last = await this.last();
    if (last?.content === content) return last;
    const kept: KeptEvidence = { root: evidence.root, asOf: evidence.facts.asOf, content };
    // The root last: one that is there has all of its bundles.
    for (const object of this.#objectsOf(evidence, content)) await this.#create(object);
    this.#last = Promise.resolve(kept);
    await this.#prune(most);
    return kept;
  }

  /** Made before anything is written, so that what does not fit leaves nothing behind. */
  #objectsOf(evidence: Evidence, content: string): ConfigMap[] {
    const root = this.#configMap(evidenceName(evidence.root), "Root", rootListOf(evidence));
    return [
      ...evidence.bundles.map((bundle) => this.#configMap(bundleName(bundle.sha256), "Bundle", bundle)),
      { ...root, metadata: { ...root.metadata, annotations: { [EVIDENCE_CONTENT]: content } } },
    ];
  }

  #configMap(name: string, part: "Root" | "Bundle", value: object): ConfigMap {
    return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: this.#namespace, labels: evidenceLabels(part) }, immutable: true, ...dataOf(name, value) };
  }

  /** The name is a hash of the content: what has it already is the same. */
  async #create(object: ConfigMap): Promise<void> {
    try {
      await this.#api.create(CONFIG_MAPS, object);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }

  /** Oldest first. What somebody else has put there is none. */
  async #roots(): Promise<{ readonly live: Live<ConfigMap>; readonly list: RootList; readonly kept: KeptEvidence }[]> {
    const { items } = await this.#api.list(CONFIG_MAPS, { namespace: this.#namespace, labelSelector: `${EVIDENCE}=Root` });
    return items.flatMap((live) => {
      const list = rootIn(live);
      if (list === undefined) return [];
      return [{ live, list, kept: { root: list.root, asOf: list.facts.asOf, content: live.metadata.annotations?.[EVIDENCE_CONTENT] ?? "" } }];
    }).toSorted((a, b) => Date.parse(a.kept.asOf) - Date.parse(b.kept.asOf));
  }

  async #prune(most: number): Promise<void> {
    const roots = await this.#roots();
    const gone = roots.slice(0, Math.max(0, roots.length - most));
    if (gone.length === 0) return;
    for (const { live } of gone) await this.#delete(live);
    const wanted = new Set(roots.slice(gone.length).flatMap(({ list }) => list.bundles.map(({ sha256 }) => bundleName(sha256))));
    const { items } = await this.#api.list(CONFIG_MAPS, { namespace: this.#namespace, labelSelector: `${EVIDENCE}=Bundle` });
    for (const live of items) if (!wanted.has(live.metadata.name)) await this.#delete(live);
  }

  async #delete({ metadata }: Live): Promise<void> {
    await this.#api.delete(CONFIG_MAPS, metadata, { uid: metadata.uid });
  }
}
