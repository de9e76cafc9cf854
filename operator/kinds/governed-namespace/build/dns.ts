/**
 * The way to the cluster's name servers: pods labelled `k8s-app: kube-dns` in kube-system, as installers label CoreDNS,
 * whatever Service is before them.
 *
 * With NodeLocal DNSCache pods ask a link-local address of their node (169.254.20.10 by default) and no pod; the operator
 * knows it from the resolv.conf of its own pod, or is told (`--cluster-dns`). A link-local address at which a cloud serves
 * its machines is never opened: its resolvers ask the world, and beside them lie credentials.
 */
import { isIPv4 } from "node:net";
import { parseAddress } from "../../../sovereignty/addresses/cidr.ts";
import { CLASSES } from "../../../sovereignty/addresses/classes.ts";
import { contains } from "../../../sovereignty/addresses/intervals.ts";
import { podsOf, type EgressRule } from "./metadata.ts";

const DNS_PORT = 53;

/** Whether a name server is a cache on the node of whoever asks. */
export function isNodeLocal(address: string): boolean {
  const parsed = parseAddress(address);
  return isIPv4(address) && parsed.kind === "Exact" && contains(CLASSES.get("LinkLocal") ?? [], parsed.address);
}

export function buildDnsRule(nameServers: readonly string[]): EgressRule {
  const caches = [...new Set(nameServers.filter(isNodeLocal))].toSorted();
  return {
    to: [podsOf("kube-system", { "k8s-app": "kube-dns" }), ...caches.map((address) => ({ ipBlock: { cidr: `${address}/32` } }))],
    ports: [{ protocol: "UDP", port: DNS_PORT }, { protocol: "TCP", port: DNS_PORT }],
  };
}
