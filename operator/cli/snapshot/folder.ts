/**
 * Reads a folder of manifests as if it were a cluster: to what stands there comes what the operator would make of it and
 * nobody wrote down. Where objects have a uid somebody has read them from a cluster (`kubectl get -o yaml`); then nothing is
 * added, for what is missing there is missing in the cluster.
 */
import { buildChildren as governanceOf, type ModelClient } from "../../kinds/governed-namespace/build/index.ts";
import type { OperatorFacts } from "../../kinds/language-model-deployment/build/index.ts";
import type { LanguageModelDeployment } from "../../kinds/language-model-deployment/schema.ts";
import type { LanguageModel } from "../../kinds/language-model/schema.ts";
import type { SovereigntyPolicy } from "../../kinds/sovereignty-policy/schema.ts";
import type { KubeObject } from "../../lib/k8s-types.ts";
import type { Raw, Snapshot } from "../../sovereignty/snapshot.ts";
import { childrenWhenStarted } from "../children.ts";
import { isManifest, nameOf, readDocuments, readManifests, type Finding, type ReadFile } from "../manifests.ts";
import { assemble, type Surroundings } from "./assemble.ts";

export interface FolderOptions {
  readonly files: readonly string[];
  /** Namespace of manifests that name none. */
  readonly namespace: string;
  readonly operator: OperatorFacts;
}

export interface FolderSnapshot {
  readonly snapshot: Snapshot;
  /** Objects that the operator would make and that were added: `NetworkPolicy assistant/default-deny`. */
  readonly added: readonly string[];
  /** What keeps the folder from being understood. Then the snapshot says nothing. */
  readonly findings: readonly Finding[];
}

/** Kinds without a namespace, of those that are looked into. */
const CLUSTER_SCOPED: ReadonlySet<string> = new Set(["Namespace", "Node", "ServiceCIDR", "ClusterNetworkPolicy", "SovereigntyPolicy"]);

export async function snapshotOfFolder({ files, namespace, operator }: FolderOptions, surroundings: Surroundings, read: ReadFile): Promise<FolderSnapshot> {
  const [ours, documents] = await Promise.all([readManifests(files, namespace, read), Promise.all(files.map((file) => readDocuments(file, read)))]);
  const objects = documents.flatMap((one) => (Array.isArray(one) ? one : [])).filter(isManifest).map((object) => inNamespace(object, namespace));
  const policies = ours.found.map(({ value }) => value).filter((value) => value.kind === "SovereigntyPolicy") as SovereigntyPolicy[];
  const before = assemble({ objects, policies, unreadable: [] }, surroundings);
  const wasRead = objects.some(({ metadata }) => metadata.uid !== undefined);
  const made = wasRead ? { objects: [], unreadable: [] } : whatTheOperatorMakes(ours.found.map(({ value }) => value), before, operator);
  const present = new Set(objects.map(nameOf));
  const added = made.objects.filter((object) => !present.has(nameOf(object)));
  return {
    snapshot: assemble({ objects: [...objects, ...added], policies, unreadable: made.unreadable }, surroundings),
    added: added.map(nameOf).toSorted(),
    findings: [...ours.findings, ...duplicates(objects)],
  };
}

const inNamespace = (object: KubeObject, usual: string): Raw =>
  (CLUSTER_SCOPED.has(object.kind) ? object : { ...object, metadata: { ...object.metadata, namespace: object.metadata.namespace ?? usual } }) as Raw;

/** Of ours, duplicates are found where they are read. */
function duplicates(objects: readonly Raw[]): Finding[] {
  const groups = Map.groupBy(objects.filter(({ apiVersion }) => !apiVersion.startsWith("hoheit.dev/")), (object) => `${object.apiVersion} ${nameOf(object)}`);
  return [...groups].filter(([, group]) => group.length > 1).map(([name]) => ({ file: "manifests", object: name, path: undefined, message: "is there twice: the one applied last would win. Keep one." }));
}

/** As if every deployment were approved: what is proved must hold on the day on which it is. */
function whatTheOperatorMakes(ours: readonly KubeObject[], { governed, nameServers = [] }: Snapshot, operator: OperatorFacts): { objects: Raw[]; unreadable: string[] } {
  const deployments = ours.filter(({ kind }) => kind === "LanguageModelDeployment") as LanguageModelDeployment[];
  const models = new Map(ours.filter(({ kind }) => kind === "LanguageModel").map((model) => [nameOf(model), model as LanguageModel]));
  const built = deployments.map((deployment) => ({ deployment, model: models.get(`LanguageModel ${deployment.metadata.namespace}/${deployment.spec.modelRef.name}`) }));
  const children = built.flatMap(({ deployment, model }) => (model === undefined ? [] : childrenOf(deployment, model, operator)));
  const governance = [...governed].flatMap(([namespace, policy]) => {
    const clients = clientsIn(namespace, deployments.filter(({ metadata }) => governed.has(metadata.namespace ?? "")));
    const { defaultDeny, openings } = governanceOf({ namespace, policy, nameServers, clients });
    return [defaultDeny, ...openings];
  });
  return {
    objects: [...children, ...governance] as unknown as Raw[],
    unreadable: built.filter(({ model }) => model === undefined).map(({ deployment: { metadata, spec } }) => `what LanguageModelDeployment ${metadata.name} becomes in namespace ${metadata.namespace}: there is no LanguageModel ${spec.modelRef.name}`),
  };
}

function childrenOf(deployment: LanguageModelDeployment, model: LanguageModel, operator: OperatorFacts): KubeObject[] {
  const { networkPolicy, service, deployment: server, cronJob } = childrenWhenStarted(deployment, model, { operator });
  return [networkPolicy, service, cronJob, ...(server === undefined ? [] : [server])];
}

function clientsIn(namespace: string, deployments: readonly LanguageModelDeployment[]): ModelClient[] {
  return deployments.flatMap(({ metadata: { namespace: servedIn = "", name }, spec }) => spec.clients.filter((client) => client.namespace === namespace).map((client) => ({
    entry: `${servedIn}/${name}/${client.name}`, podSelector: client.podSelector.matchLabels, deployment: { namespace: servedIn, name },
  })));
}
