/**
 * What the guard must refuse, as objects to be tried without storing them: at least one for each concern that can be tried,
 * and one that must pass, because a guard that refuses everything is broken, too.
 *
 * Not tried, because it would take rights that the operator should not have: connections and ephemeral containers (that
 * concern is tried by the rule beside them), Endpoints, Bindings, SovereigntyPolicies and policies of other engines.
 */
import { CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, NETWORK_POLICIES, PODS, SERVICES, apiVersionOf, type Resource } from "../../../../kube/resources.ts";
import type { KubeObject, ObjectMeta } from "../../../../lib/k8s-types.ts";
import { GUARD_PROBE, HOHEIT, MANAGED_BY, ROLE, SEALED } from "../../../../lib/labels.ts";
import type { SovereigntyPolicy } from "../../schema.ts";

type Loose = Readonly<Record<string, unknown>>;

export interface GuardProbe {
  /** Name of the concern; none for what must pass. */
  readonly concern: string | undefined;
  /** What is tried, for the message of a condition: `a NetworkPolicy that opens 0.0.0.0/1`. */
  readonly what: string;
  readonly resource: Resource;
  /** To create, or, for what is there already, what to change of it. */
  readonly object: KubeObject & Loose;
  readonly changes: boolean;
}

/** Name of everything that is tried. Nothing of this name is ever stored. */
const NAME = "hoheit-guard-probe";

/** What is asked of the policy that is probed: enough to make objects that break one rule each. */
export interface ProbedPolicy {
  readonly spec: Pick<SovereigntyPolicy["spec"], "images" | "nodes" | "namespaceSelector">;
}

/** @param namespace one that the policy selects */
export function buildProbes(namespace: string, policy: ProbedPolicy): readonly GuardProbe[] {
  const at = new Trials(namespace, policy);
  return [
    at.passing(), ...ofNetworkPolicies(at), ...ofPods(at), ...ofImages(at, policy), ...ofNodes(at, policy), ...ofServices(at), ...ofNamespace(at, policy),
    at.create("seal", "a pod in a namespace that is not sealed", PODS, { spec: at.podSpec() }),
    at.create("connections", "a pod in a namespace that allows connections", PODS, { spec: at.podSpec() }),
    at.create("made-by-hoheit", "a ConfigMap that looks like one of Hoheit's", CONFIG_MAPS, { labels: { [MANAGED_BY]: HOHEIT } }),
    at.deployment("roles", "a Deployment of pods with a role", {}, { labels: { [ROLE]: "Fetch" } }),
  ];
}

/** `labels` are those of the object itself. */
type Members = Loose & { readonly labels?: Loose };

/** Makes trials in one namespace under one policy. */
class Trials {
  readonly namespace: string;
  readonly #policy: ProbedPolicy;

  constructor(namespace: string, policy: ProbedPolicy) {
    this.namespace = namespace;
    this.#policy = policy;
  }

  create(concern: string | undefined, what: string, resource: Resource, { labels = {}, ...members }: Members): GuardProbe {
    const metadata = { name: NAME, namespace: this.namespace, labels: { ...labels, [GUARD_PROBE]: concern ?? "passes" } } as ObjectMeta;
    return { concern, what, resource, object: { apiVersion: apiVersionOf(resource), kind: resource.kind, metadata, ...members }, changes: false };
  }

  passing(): GuardProbe {
    return this.create(undefined, "a NetworkPolicy that opens nothing", NETWORK_POLICIES, { spec: { podSelector: {}, policyTypes: ["Egress"] } });
  }

  /** For pods of somebody's own, so that only what `rules` say is wrong. */
  networkPolicy(what: string, rules: Loose): GuardProbe {
    return this.create("network-policies", `a NetworkPolicy ${what}`, NETWORK_POLICIES, { spec: { podSelector: { matchLabels: { app: NAME } }, ...rules } });
  }

  /** A pod that keeps to the policy but for `members`, and to Pod Security `restricted`, which would refuse it before the guard is asked. */
  podSpec(members: Loose = {}): Loose {
    const registry = this.#policy.spec.images?.registries[0] ?? "registry.invalid";
    const container = { name: "probe", image: `${registry}/${NAME}@sha256:${"0".repeat(64)}`, securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } } };
    return { containers: [container], securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } }, nodeSelector: this.#policy.spec.nodes?.selector.matchLabels ?? {}, ...members };
  }

  /** Deployments and not pods: Pod Security refuses some of these pods before the guard is asked. */
  deployment(concern: string, what: string, spec: Loose, metadata: { labels?: Loose; annotations?: Loose } = {}): GuardProbe {
    const labels = { app: NAME };
    const template = { metadata: { ...metadata, labels: { ...labels, ...metadata.labels } }, spec: this.podSpec(spec) };
    return this.create(concern, what, DEPLOYMENTS, { spec: { replicas: 0, selector: { matchLabels: labels }, template } });
  }

  /** A change of the namespace itself. */
  namespaced(concern: string, what: string, metadata: { labels?: Loose; annotations?: Loose }): GuardProbe {
    const changed = { name: this.namespace, ...metadata, labels: { ...metadata.labels, [GUARD_PROBE]: concern } } as unknown as ObjectMeta;
    return { concern, what, resource: NAMESPACES, object: { apiVersion: "v1", kind: "Namespace", metadata: changed }, changes: true };
  }
}

function ofNetworkPolicies(at: Trials): GuardProbe[] {
  const ports = [{ port: 443, protocol: "TCP" }];
  const opening = (cidr: string): GuardProbe => at.networkPolicy(`that opens ${cidr}`, { egress: [{ to: [{ ipBlock: { cidr } }], ports }] });
  return [
    at.networkPolicy("that names no destination", { egress: [{}] }),
    at.networkPolicy("that names no source", { ingress: [{}] }),
    ...["0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"].map(opening),
    at.networkPolicy("that lets in addresses", { ingress: [{ from: [{ ipBlock: { cidr: "192.0.2.0/24" } }] }] }),
    at.networkPolicy("towards any namespace", { egress: [{ to: [{ namespaceSelector: {} }] }] }),
    at.networkPolicy("that lets in any namespace", { ingress: [{ from: [{ namespaceSelector: {} }] }] }),
    at.networkPolicy("for pods that Hoheit made", { podSelector: {}, egress: [{ to: [{ podSelector: {} }] }] }),
    at.networkPolicy("with more peers than can be judged", { egress: [{ to: Array.from({ length: 65 }, () => ({ podSelector: {} })) }] }),
  ];
}

function ofPods(at: Trials): GuardProbe[] {
  const container = (members: Loose): Loose => ({ containers: (at.podSpec()["containers"] as Loose[]).map((one) => ({ ...one, ...members })) });
  const pods = (what: string, spec: Loose): GuardProbe => at.deployment("pods", `a Deployment of pods with ${what}`, spec);
  return [
    pods("the network of the node", { hostNetwork: true }),
    pods("processes of the node", { hostPID: true }),
    pods("memory of the node", { hostIPC: true }),
    pods("files of the node", { volumes: [{ name: "node", hostPath: { path: "/" } }] }),
    pods("a port of the node", container({ ports: [{ containerPort: 443, hostPort: 443 }] })),
    pods("all privileges", container({ securityContext: { privileged: true } })),
    pods("a request that the kubelet sends elsewhere", container({ livenessProbe: { httpGet: { host: "192.0.2.1", port: 443 } } })),
    at.deployment("second-networks", "a Deployment of pods with a second network", {}, { annotations: { "k8s.v1.cni.cncf.io/networks": NAME } }),
  ];
}

function ofImages(at: Trials, { spec: { images } }: ProbedPolicy): GuardProbe[] {
  if (images === undefined) return [];
  const running = (what: string, image: string): GuardProbe => at.deployment("images", `a Deployment of pods with an image ${what}`, { containers: [{ name: "probe", image }] });
  const elsewhere = running("from elsewhere", `registry.invalid/${NAME}@sha256:${"0".repeat(64)}`);
  return images.digests === "Required" ? [elsewhere, running("without a digest", `${images.registries[0]}/${NAME}:latest`)] : [elsewhere];
}

const ofNodes = (at: Trials, { spec: { nodes } }: ProbedPolicy): GuardProbe[] => (nodes === undefined ? [] : [
  at.deployment("nodes", "a Deployment of pods for any node", { nodeSelector: {} }),
  at.deployment("nodes", "a Deployment of pods for a node by name", { nodeName: NAME }),
]);

function ofServices(at: Trials): GuardProbe[] {
  const service = (what: string, spec: Loose): GuardProbe => at.create("services", `a Service ${what}`, SERVICES, { spec: { selector: { app: NAME }, ports: [{ port: 443 }], ...spec } });
  return [
    service("at every node", { type: "NodePort" }),
    service("at a balancer", { type: "LoadBalancer" }),
    service("for a name outside", { type: "ExternalName", externalName: "example.invalid", selector: {} }),
    service("for addresses of others", { externalIPs: ["192.0.2.1"] }),
    service("without a selector", { selector: {} }),
  ];
}

function ofNamespace(at: Trials, { spec: { namespaceSelector } }: ProbedPolicy): GuardProbe[] {
  const without = Object.fromEntries(Object.keys(namespaceSelector.matchLabels).map((key) => [key, null]));
  // A namespace that is governed by its name cannot leave.
  const canLeave = Object.keys(without).some((key) => key !== "kubernetes.io/metadata.name");
  return [
    at.namespaced("namespace-annotations", "a seal that the operator did not set", { annotations: { [SEALED]: NAME } }),
    ...(canLeave ? [at.namespaced("namespace-labels", "a namespace that leaves the policy", { labels: without })] : []),
  ];
}
