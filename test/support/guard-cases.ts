/**
 * What the guard lets through and what it does not, rule by rule: the same list is tried on the API server (as a tenant)
 * and on the report of what was there before (preexisting.ts), which must agree.
 */
import type { Resource } from "../../operator/kube/resources.ts";
import type { KubeObject } from "../../operator/lib/k8s-types.ts";

export interface GuardCase {
  /** Name of the concern, which is that of the admission policy. */
  readonly concern: string;
  readonly title: string;
  readonly resource: Resource;
  /** Without a namespace. */
  readonly object: KubeObject & Readonly<Record<string, unknown>>;
  /** In the message of the refusal; undefined where it must pass. */
  readonly refused: RegExp | undefined;
}

type Loose = Readonly<Record<string, unknown>>;

const resource = (group: string, plural: string, kind: string): Resource => ({ group, version: "v1", plural, kind, namespaced: true });
const POLICY = resource("networking.k8s.io", "networkpolicies", "NetworkPolicy");
const POD = resource("", "pods", "Pod");
const SERVICE = resource("", "services", "Service");
const DEPLOYMENT = resource("apps", "deployments", "Deployment");
const REPLICA_SET = resource("apps", "replicasets", "ReplicaSet");
const STATEFUL_SET = resource("apps", "statefulsets", "StatefulSet");
const DAEMON_SET = resource("apps", "daemonsets", "DaemonSet");
const JOB = resource("batch", "jobs", "Job");
const CRON_JOB = resource("batch", "cronjobs", "CronJob");
const CONTROLLER = resource("", "replicationcontrollers", "ReplicationController");
const TEMPLATE = resource("", "podtemplates", "PodTemplate");
const ENDPOINTS = resource("", "endpoints", "Endpoints");
const SLICE = resource("discovery.k8s.io", "endpointslices", "EndpointSlice");
const CONFIG_MAP = resource("", "configmaps", "ConfigMap");

const object = (of: Resource, members: Loose, metadata: Loose = {}): GuardCase["object"] =>
  ({ apiVersion: of.group === "" ? of.version : `${of.group}/${of.version}`, kind: of.kind, metadata: { name: "tried", ...metadata }, ...members });

// NetworkPolicies

const OWN = { matchLabels: { app: "open-webui" } };
const NAME = "kubernetes.io/metadata.name";
const POSTGRES = [{ port: 5432, protocol: "TCP" }];

const policy = (title: string, spec: Loose, refused?: RegExp): GuardCase =>
  ({ concern: "network-policies", title, resource: POLICY, object: object(POLICY, { spec: { podSelector: OWN, ...spec } }), refused });
const egress = (title: string, rule: Loose, refused?: RegExp): GuardCase => policy(`egress ${title}`, { policyTypes: ["Egress"], egress: [rule] }, refused);
const ingress = (title: string, rule: Loose, refused?: RegExp): GuardCase => policy(`ingress ${title}`, { policyTypes: ["Ingress"], ingress: [rule] }, refused);
const toRange = (cidr: string, refused?: RegExp, ports: readonly Loose[] = POSTGRES): GuardCase =>
  egress(`to ${cidr}${ports === POSTGRES ? "" : ` at ${JSON.stringify(ports)}`}`, { to: [{ ipBlock: { cidr } }], ports }, refused);
const namespaceOf = (matchLabels: Loose): Loose => ({ namespaceSelector: { matchLabels } });
const selecting = (title: string, podSelector: Loose, refused?: RegExp): GuardCase => policy(`for ${title}`, { podSelector, egress: [{ to: [{ podSelector: {} }] }], policyTypes: ["Egress"] }, refused);

const NOT_WITHIN = /is not, with these ports, within a destination/;
const UNGOVERNED = /may select namespaces that are not governed/;

const NETWORK_POLICIES: readonly GuardCase[] = [
  policy("that allows nothing, for every pod", { podSelector: {}, policyTypes: ["Ingress", "Egress"] }),
  egress("to a pod of the namespace", { to: [{ podSelector: { matchLabels: { app: "postgres" } } }] }),
  egress("without to", {}, /spec\.egress has no to and so opens every address/),
  egress("with an empty to", { to: [] }, /has no to/),
  egress("without to but with ports", { ports: POSTGRES }, /has no to/),
  ingress("from a pod of the namespace", { from: [{ podSelector: {} }] }),
  ingress("without from", {}, /spec\.ingress has no from/),
  ingress("from addresses", { from: [{ ipBlock: { cidr: "203.0.113.0/24" } }] }, /spec\.ingress lets in addresses/),
  toRange("203.0.113.0/24"),
  toRange("203.0.113.7/32"),
  toRange("2001:db8:5:1::/64"),
  toRange("203.0.113.0/24", undefined, [{ port: 8001, endPort: 8010, protocol: "TCP" }]),
  toRange("0.0.0.0/0", NOT_WITHIN),
  toRange("0.0.0.0/1", NOT_WITHIN),
  toRange("128.0.0.0/1", NOT_WITHIN),
  toRange("::/0", NOT_WITHIN),
  toRange("::/1", NOT_WITHIN),
  toRange("8000::/1", NOT_WITHIN),
  toRange("203.0.112.0/23", NOT_WITHIN),
  toRange("2001:db8:4::/47", NOT_WITHIN),
  toRange("8.8.8.8/32", NOT_WITHIN),
  toRange("169.254.169.254/32", NOT_WITHIN),
  toRange("198.51.100.7/32", NOT_WITHIN, [{ port: 443, protocol: "TCP" }]),
  toRange("192.0.2.0/24", NOT_WITHIN, [{ port: 443, protocol: "TCP" }]),
  toRange("2001:DB8:5:1::/64", /\(not canonical\)/),
  toRange("2001:db8:5:1:0::/64", /\(not canonical\)/),
  toRange("203.0.113.0/24", NOT_WITHIN, []),
  toRange("203.0.113.0/24", NOT_WITHIN, [{ port: 22, protocol: "TCP" }]),
  toRange("203.0.113.0/24", NOT_WITHIN, [{ port: 5432, protocol: "UDP" }]),
  toRange("203.0.113.0/24", NOT_WITHIN, [{ port: 8001, endPort: 8011, protocol: "TCP" }]),
  toRange("203.0.113.0/24", NOT_WITHIN, [{ port: "postgres", protocol: "TCP" }]),
  toRange("203.0.113.0/24", NOT_WITHIN, [{ protocol: "TCP" }]),
  policy("that hides a way out behind a way in", { egress: [{ to: [{ podSelector: {} }] }, { to: [{ ipBlock: { cidr: "203.0.113.0/25" } }, { ipBlock: { cidr: "8.8.4.0/24" } }], ports: POSTGRES }] }, /8\.8\.4\.0\/24, which is not/),
  egress("to any namespace", { to: [{ namespaceSelector: {} }] }, UNGOVERNED),
  egress("to any namespace but one", { to: [{ namespaceSelector: { matchExpressions: [{ key: NAME, operator: "NotIn", values: ["kube-system"] }] } }] }, UNGOVERNED),
  egress("to a namespace by a label that anybody can set", { to: [namespaceOf({ team: "chat" })] }, UNGOVERNED),
  egress("to an ungoverned namespace", { to: [namespaceOf({ [NAME]: "relay" })] }, UNGOVERNED),
  egress("to every governed namespace", { to: [namespaceOf({ "hoheit.dev/governed": "true" })] }, UNGOVERNED),
  egress("to one namespace, if it is governed", { to: [namespaceOf({ [NAME]: "other", "hoheit.dev/governed": "true" })] }),
  egress("to a peer that the policy names", { to: [{ ...namespaceOf({ [NAME]: "identity" }), podSelector: { matchLabels: { app: "keycloak", tier: "front" } } }] }),
  egress("to other pods beside that peer", { to: [{ ...namespaceOf({ [NAME]: "identity" }), podSelector: { matchLabels: { app: "proxy" } } }] }, UNGOVERNED),
  egress("to all pods of the namespace of that peer", { to: [namespaceOf({ [NAME]: "identity" })] }, UNGOVERNED),
  egress("to a peer that may only come in", { to: [{ ...namespaceOf({ [NAME]: "ingress-nginx" }), podSelector: { matchLabels: { app: "ingress" } } }] }, UNGOVERNED),
  ingress("from a peer that the policy names", { from: [{ ...namespaceOf({ [NAME]: "ingress-nginx" }), podSelector: { matchLabels: { app: "ingress" } } }], ports: [{ port: 8080, protocol: "TCP" }] }),
  ingress("from that peer at any port", { from: [{ ...namespaceOf({ [NAME]: "ingress-nginx" }), podSelector: { matchLabels: { app: "ingress" } } }] }, UNGOVERNED),
  ingress("from any namespace", { from: [{ namespaceSelector: {} }] }, UNGOVERNED),
  selecting("every pod", {}, /may select pods that Hoheit made/),
  selecting("every pod that Hoheit did not make", { matchExpressions: [{ key: "hoheit.dev/role", operator: "DoesNotExist" }] }),
  selecting("model servers", { matchLabels: { "hoheit.dev/role": "Serving" } }, /may select pods that Hoheit made/),
  selecting("model servers by their app", { matchLabels: { "app.kubernetes.io/name": "vllm" } }, /may select pods that Hoheit made/),
  selecting("an instance, which may be a model's", { matchLabels: { "app.kubernetes.io/instance": "assistant" } }, /may select pods that Hoheit made/),
  selecting("an app of somebody else", { matchLabels: { "app.kubernetes.io/name": "open-webui", "app.kubernetes.io/instance": "chat" } }),
  selecting("pods without a label of somebody's own", { matchExpressions: [{ key: "app", operator: "DoesNotExist" }] }, /may select pods that Hoheit made/),
  policy("with more peers than can be judged", { egress: [{ to: Array.from({ length: 65 }, (_, index) => ({ ipBlock: { cidr: `203.0.113.${index}/32` } })), ports: POSTGRES }] }, /65 peers; split it/),
];

// Pods and what makes them

const IMAGE = `registry.example/app@sha256:${"ab".repeat(32)}`;
const CONTAINER = { name: "app", image: IMAGE };
const ON_SITE = { "topology.kubernetes.io/zone": "rz1" };
const podSpec = (members: Loose = {}): Loose => ({ containers: [CONTAINER], nodeSelector: ON_SITE, ...members });
const LABELS = { app: "tried" };
const template = (spec: Loose, metadata: Loose = {}): Loose => ({ metadata: { labels: LABELS, ...metadata }, spec });

/** The same pod in everything that makes pods. */
function makers(spec: Loose, metadata: Loose = {}): readonly [Resource, GuardCase["object"]][] {
  const labels = { ...LABELS, ...(metadata["labels"] as Loose | undefined) };
  const pod = template(spec, { ...metadata, labels });
  const once = template({ restartPolicy: "Never", ...spec }, { ...metadata, labels });
  const selector = { matchLabels: LABELS };
  return [
    [POD, object(POD, { spec }, { ...metadata, labels })],
    [DEPLOYMENT, object(DEPLOYMENT, { spec: { selector, template: pod } })],
    [REPLICA_SET, object(REPLICA_SET, { spec: { selector, template: pod } })],
    [STATEFUL_SET, object(STATEFUL_SET, { spec: { selector, serviceName: "tried", template: pod } })],
    [DAEMON_SET, object(DAEMON_SET, { spec: { selector, template: pod } })],
    [JOB, object(JOB, { spec: { template: once } })],
    [CRON_JOB, object(CRON_JOB, { spec: { schedule: "0 0 1 1 *", jobTemplate: { spec: { template: once } } } })],
    [CONTROLLER, object(CONTROLLER, { spec: { selector: LABELS, template: pod } })],
    [TEMPLATE, object(TEMPLATE, { template: pod })],
  ];
}

const pod = (concern: string, title: string, spec: Loose, refused?: RegExp): GuardCase => ({ concern, title, resource: POD, object: object(POD, { spec: podSpec(spec) }, { labels: LABELS }), refused });
const everywhere = (concern: string, title: string, at: { spec?: Loose; metadata?: Loose }, refused?: RegExp): GuardCase[] =>
  makers(podSpec(at.spec), at.metadata).map(([of, made]) => ({ concern, title: `${of.kind}: ${title}`, resource: of, object: made, refused }));
const container = (members: Loose): Loose => ({ containers: [{ ...CONTAINER, ...members }] });
const volume = (source: Loose): Loose => ({ volumes: [{ name: "data", ...source }] });

const PODS: readonly GuardCase[] = [
  ...everywhere("pods", "an ordinary pod", {}),
  ...everywhere("pods", "the network of the node", { spec: { hostNetwork: true } }, /hostNetwork is true/),
  pod("pods", "processes of the node", { hostPID: true }, /hostPID is true/),
  pod("pods", "memory of the node", { hostIPC: true }, /hostIPC is true/),
  pod("pods", "files of the node", volume({ hostPath: { path: "/" } }), /volumes data are on the node/),
  pod("pods", "a volume that the node mounts from anywhere", volume({ nfs: { server: "8.8.8.8", path: "/" } }), /volumes data are on the node/),
  pod("pods", "a volume of a driver that goes where it is told", volume({ csi: { driver: "nfs.csi.k8s.io", volumeAttributes: { server: "8.8.8.8" } } }), /volumes data are on the node/),
  pod("pods", "ordinary volumes", { volumes: [{ name: "a", emptyDir: {} }, { name: "b", configMap: { name: "x" } }, { name: "c", persistentVolumeClaim: { claimName: "y" } }] }),
  pod("pods", "a port of the node", container({ ports: [{ containerPort: 80, hostPort: 80 }] }), /containers app have a hostPort/),
  pod("pods", "a port of the node, of an init container", { initContainers: [{ ...CONTAINER, name: "first", ports: [{ containerPort: 80, hostPort: 80 }] }] }, /containers first have a hostPort/),
  pod("pods", "a port", container({ ports: [{ containerPort: 80 }] })),
  pod("pods", "all privileges", container({ securityContext: { privileged: true } }), /containers app are privileged/),
  pod("pods", "the capability to speak raw", container({ securityContext: { capabilities: { add: ["NET_RAW"] } } }), /containers app are privileged, or add capabilities/),
  pod("pods", "a harmless capability", container({ securityContext: { capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } } })),
  pod("pods", "a probe that the kubelet sends elsewhere", container({ livenessProbe: { httpGet: { host: "8.8.8.8", port: 80 } } }), /probes or lifecycle hooks of app name a host/),
  pod("pods", "a hook that the kubelet sends elsewhere", container({ lifecycle: { postStart: { tcpSocket: { host: "8.8.8.8", port: 80 } } } }), /name a host/),
  pod("pods", "a probe of itself", container({ livenessProbe: { httpGet: { path: "/health", port: 80 } } })),
  ...everywhere("second-networks", "a second network", { metadata: { annotations: { "k8s.v1.cni.cncf.io/networks": "outside" } } }, /annotations k8s\.v1\.cni\.cncf\.io\/networks choose a network/),
  ...everywhere("second-networks", "a note of its own", { metadata: { annotations: { "example.org/networks": "outside" } } }),
];

const IMAGES: readonly GuardCase[] = [
  ...everywhere("images", "an image of another registry", { spec: container({ image: `docker.io/library/nginx@sha256:${"ab".repeat(32)}` }) }, /come from none of the registries of SovereigntyPolicy land \(registry\.example\)/),
  pod("images", "a short name", container({ image: `nginx@sha256:${"ab".repeat(32)}` }), /come from none of the registries/),
  pod("images", "a registry that begins alike", container({ image: `registry.example.org/app@sha256:${"ab".repeat(32)}` }), /come from none of the registries/),
  pod("images", "a tag", container({ image: "registry.example/app:1" }), /registry\.example\/app:1 are not named by digest/),
  pod("images", "a tag of an init container", { initContainers: [{ name: "first", image: "registry.example/first:1" }] }, /registry\.example\/first:1 are not named by digest/),
  pod("images", "another version of Hoheit", container({ image: "registry.example/hoheit:0.1" })),
  pod("images", "a name that begins as Hoheit's", container({ image: "registry.example/hoheit-too:0.1" }), /are not named by digest/),
  pod("images", "an image as a volume", volume({ image: { reference: "docker.io/data:1" } }), /docker\.io\/data:1 come from none/),
];

const NODES: readonly GuardCase[] = [
  pod("nodes", "no wish for nodes", { nodeSelector: {} }, /nodeSelector does not ask for the nodes of SovereigntyPolicy land; add topology\.kubernetes\.io\/zone: rz1/),
  ...everywhere("nodes", "nodes of another site", { spec: { nodeSelector: { "topology.kubernetes.io/zone": "elsewhere" } } }, /nodeSelector does not ask/),
  pod("nodes", "a node by name", { nodeName: "gpu-h100" }, /nodeName goes past the scheduler/),
  pod("nodes", "more than is asked", { nodeSelector: { ...ON_SITE, disk: "fast" } }),
];

// Services

const PORTS = [{ port: 80 }];
const service = (title: string, spec: Loose, refused?: RegExp): GuardCase =>
  ({ concern: "services", title: `Service ${title}`, resource: SERVICE, object: object(SERVICE, { spec: { selector: LABELS, ports: PORTS, ...spec } }), refused });
const BY_HAND = /endpoints by hand lead wherever they say/;

const SERVICES: readonly GuardCase[] = [
  service("for pods", {}),
  service("without an address", { clusterIP: "None" }),
  service("at every node", { type: "NodePort" }, /spec\.type is NodePort/),
  service("at a balancer", { type: "LoadBalancer" }, /spec\.type is LoadBalancer/),
  service("for a name outside", { type: "ExternalName", externalName: "example.com", selector: undefined }, /spec\.type is ExternalName/),
  service("for addresses of others", { externalIPs: ["8.8.8.8"] }, /spec\.externalIPs/),
  service("for whatever somebody says", { selector: undefined }, /spec\.selector is empty/),
  service("for whatever somebody says, without an address", { selector: {}, clusterIP: "None" }, /spec\.selector is empty/),
  { concern: "services", title: "Endpoints outside", resource: ENDPOINTS, object: object(ENDPOINTS, { subsets: [{ addresses: [{ ip: "8.8.8.8" }], ports: PORTS }] }), refused: BY_HAND },
  { concern: "services", title: "Endpoints that are none, as old elections have them", resource: ENDPOINTS, object: object(ENDPOINTS, {}), refused: undefined },
  {
    concern: "services", title: "EndpointSlice outside", resource: SLICE, refused: BY_HAND,
    object: object(SLICE, { addressType: "IPv4", endpoints: [{ addresses: ["8.8.8.8"] }], ports: PORTS }, { labels: { "kubernetes.io/service-name": "tried" } }),
  },
  {
    concern: "services", title: "EndpointSlice by name", resource: SLICE, refused: BY_HAND,
    object: object(SLICE, { addressType: "FQDN", endpoints: [{ addresses: ["example.com"] }], ports: PORTS }, { labels: { "kubernetes.io/service-name": "tried" } }),
  },
];

// What only Hoheit makes

const ROLES: readonly GuardCase[] = [
  ...everywhere("roles", "a role", { metadata: { labels: { "hoheit.dev/role": "Fetch" } } }, /hoheit\.dev\/role=Fetch are for what Hoheit makes/),
  ...everywhere("roles", "a label of a model", { metadata: { labels: { "hoheit.dev/deployment": "assistant" } } }, /hoheit\.dev\/deployment=assistant are for what Hoheit makes/),
];

const runOf = (role: string): GuardCase["object"] => {
  const labels = { "hoheit.dev/role": role };
  return object(JOB, { spec: { template: template({ restartPolicy: "Never", ...podSpec() }, { labels }) } }, { labels, annotations: { "cronjob.kubernetes.io/instantiate": "manual" } });
};

const RUNS: readonly GuardCase[] = [
  { concern: "roles", title: "a run of a probe", resource: JOB, object: runOf("Probe"), refused: undefined },
  { concern: "roles", title: "a run of something else", resource: JOB, object: runOf("Fetch"), refused: /for what Hoheit makes/ },
];

const MADE: readonly GuardCase[] = [
  { concern: "made-by-hoheit", title: "a ConfigMap that looks like ours", resource: CONFIG_MAP, object: object(CONFIG_MAP, {}, { labels: { "app.kubernetes.io/managed-by": "hoheit" } }), refused: /only Hoheit creates what has it/ },
  { concern: "made-by-hoheit", title: "a ConfigMap", resource: CONFIG_MAP, object: object(CONFIG_MAP, {}, { labels: { "app.kubernetes.io/managed-by": "Helm" } }), refused: undefined },
];

export const GUARD_CASES: readonly GuardCase[] = [...NETWORK_POLICIES, ...PODS, ...IMAGES, ...NODES, ...SERVICES, ...ROLES, ...RUNS, ...MADE];
