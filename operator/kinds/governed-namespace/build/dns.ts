/**
 * The way to the cluster's name servers: pods labelled `k8s-app: kube-dns` in kube-system, as every installer labels CoreDNS,
 * whatever Service is before them.
 *
 * With NodeLocal DNSCache pods ask a link-local address of their node (169.254.20.10 by default) and no pod; the operator
 * knows it from the resolv.conf of its own pod, or is told (`--cluster-dns`). Where clouds have services of their own,
 * such as credentials and resolvers of the outside world, nothing is opened, whatever is configured.
 */
import { BlockList, isIPv4 } from "node:net";
import { podsOf, type EgressRule } from "./metadata.ts";

const DNS_PORT = 53;

const linkLocal = new BlockList();
linkLocal.addSubnet("169.254.0.0", 16);
/** Metadata services and resolvers of AWS, Azure, Google Cloud and OpenStack, and the credentials of ECS tasks. */
const ofClouds = new BlockList();
ofClouds.addSubnet("169.254.169.0", 24);
ofClouds.addSubnet("169.254.170.0", 24);

/** Whether a name server is a cache on the node of whoever asks. */
export const isNodeLocal = (address: string): boolean => isIPv4(address) && linkLocal.check(address) && !ofClouds.check(address);

export function buildDnsRule(nameServers: readonly string[]): EgressRule {
  const caches = [...new Set(nameServers.filter(isNodeLocal))].toSorted();
  return {
    to: [podsOf("kube-system", { "k8s-app": "kube-dns" }), ...caches.map((address) => ({ ipBlock: { cidr: `${address}/32` } }))],
    ports: [{ protocol: "UDP", port: DNS_PORT }, { protocol: "TCP", port: DNS_PORT }],
  };
}
