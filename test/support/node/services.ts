/** What makes a node part of a cluster: Services (kube-proxy), network policies (kube-router), names (CoreDNS). */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { writeImage } from "../../../hack/image/archive.ts";
import { ManagedComponent } from "../../../hack/cluster/component.ts";
import { call } from "../../../hack/cluster/http.ts";
import { NODE, PODS, RESOLVER, SERVICES } from "./network.ts";

const run = promisify(execFile);

/** Who kube-proxy is; the API server has a role for it from the start. */
export const PROXY_IDENTITY = { name: "kube-proxy", user: "system:kube-proxy" } as const;

const healthy = (port: number) => (): Promise<boolean> => call({ url: `http://127.0.0.1:${port}/healthz`, timeoutMs: 1000 }).then(({ status }) => status === 200, () => false);

/** Which limits of connection tracking the machine has is not ours to change: the zeros leave them. */
export function kubeProxy(folder: string, command: string, kubeconfig: string): ManagedComponent {
  return new ManagedComponent({
    name: "kube-proxy", command, folder, ready: healthy(10256),
    args: [
      `--kubeconfig=${kubeconfig}`, "--proxy-mode=nftables", `--hostname-override=${NODE.name}`, `--cluster-cidr=${PODS.v4},${PODS.v6}`,
      "--conntrack-max-per-core=0", "--conntrack-tcp-timeout-established=0s", "--conntrack-tcp-timeout-close-wait=0s",
    ],
  });
}

/**
 * Its firewall alone enforces NetworkPolicy: it rejects, so a refused connection says nothing of the other side. Ends at
 * once if the node is not registered, and says that it is healthy before it has done anything.
 */
export function kubeRouter(folder: string, command: string, kubeconfig: string): ManagedComponent {
  return new ManagedComponent({
    name: "kube-router", command, folder, ready: hasFirewall,
    args: [
      `--kubeconfig=${kubeconfig}`, "--run-firewall=true", "--run-router=false", "--run-service-proxy=false", "--run-loadbalancer=false",
      "--enable-ipv4", "--enable-ipv6", `--service-cluster-ip-range=${SERVICES.v4}`, `--service-cluster-ip-range=${SERVICES.v6}`, `--hostname-override=${NODE.name}`,
    ],
  });
}

/** In both families. */
const hasFirewall = (): Promise<boolean> =>
  Promise.all(["iptables", "ip6tables"].map((program) => run(program, ["-w", "-S", "KUBE-ROUTER-FORWARD"]))).then(() => true, () => false);

const COREDNS_IMAGE = "localhost/coredns:1";

export async function writeCoreDnsImage(binary: string, output: string): Promise<void> {
  await writeImage({ name: COREDNS_IMAGE, layers: [[{ path: "/coredns", file: binary, mode: 0o755 }]], config: { Entrypoint: ["/coredns"] } }, output);
}

/** Names outside are asked of the world's resolver, every time anew, so that it sees each question. */
export const COREFILE = corefile(`forward . ${RESOLVER.v4} ${RESOLVER.v6} {
    health_check 60s
  }`);
/** Nobody is asked. */
export const COREFILE_WITHOUT_FORWARD = corefile("");

function corefile(others: string): string {
  return `.:53 {
  errors
  ready
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    pods disabled
  }
  ${others}
}
`;
}

const LABELS = { "k8s-app": "kube-dns" };
const META = { name: "coredns", namespace: "kube-system" };
const RBAC = "rbac.authorization.k8s.io";

/** Cluster DNS as clusters have it: a Service `kube-dns` in kube-system and pods labelled so. By API path. */
export const CLUSTER_DNS: readonly { path: string; object: object }[] = [
  { path: "/api/v1/namespaces/kube-system/serviceaccounts", object: { apiVersion: "v1", kind: "ServiceAccount", metadata: META } },
  { path: `/apis/${RBAC}/v1/clusterroles`, object: {
    apiVersion: `${RBAC}/v1`, kind: "ClusterRole", metadata: { name: "coredns" },
    rules: [
      { apiGroups: [""], resources: ["services", "namespaces", "pods"], verbs: ["list", "watch"] },
      { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
    ],
  } },
  { path: `/apis/${RBAC}/v1/clusterrolebindings`, object: {
    apiVersion: `${RBAC}/v1`, kind: "ClusterRoleBinding", metadata: { name: "coredns" },
    roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: "coredns" }, subjects: [{ kind: "ServiceAccount", ...META }],
  } },
  { path: "/api/v1/namespaces/kube-system/configmaps", object: { apiVersion: "v1", kind: "ConfigMap", metadata: META, data: { Corefile: COREFILE } } },
  { path: "/api/v1/namespaces/kube-system/services", object: {
    apiVersion: "v1", kind: "Service", metadata: { name: "kube-dns", namespace: "kube-system", labels: LABELS },
    spec: {
      clusterIP: SERVICES.dns, ipFamilyPolicy: "PreferDualStack", selector: LABELS,
      ports: [{ name: "dns", port: 53, protocol: "UDP" }, { name: "dns-tcp", port: 53, protocol: "TCP" }],
    },
  } },
  { path: "/apis/apps/v1/namespaces/kube-system/deployments", object: {
    apiVersion: "apps/v1", kind: "Deployment", metadata: { ...META, labels: LABELS },
    spec: { replicas: 1, selector: { matchLabels: LABELS }, template: { metadata: { labels: LABELS }, spec: coreDnsPod() } },
  } },
];

function coreDnsPod(): object {
  return {
    serviceAccountName: META.name, dnsPolicy: "Default", terminationGracePeriodSeconds: 1,
    containers: [{
      name: "coredns", image: COREDNS_IMAGE, imagePullPolicy: "Never", args: ["-conf", "/etc/coredns/Corefile"],
      ports: [{ containerPort: 53, protocol: "UDP" }, { containerPort: 53, protocol: "TCP" }],
      readinessProbe: { httpGet: { path: "/ready", port: 8181 }, periodSeconds: 1 },
      securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { add: ["NET_BIND_SERVICE"], drop: ["ALL"] } },
      volumeMounts: [{ name: "config", mountPath: "/etc/coredns", readOnly: true }],
    }],
    volumes: [{ name: "config", configMap: { name: META.name } }],
  };
}
