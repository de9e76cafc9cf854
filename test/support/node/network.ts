/**
 * The networks: the node, where control plane, kubelet and the tests live, and the world outside, which is one step away
 * and logs who comes (world.ts). Both families everywhere; no address is translated on the way out, so that the world
 * sees each pod by its own.
 *
 *   pods 10.244.0.0/24, fd00:244::/64 ── bridge ── node 10.200.0.2, fd00:200::2 ── world 10.200.0.1, fd00:200::1
 */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { promisify } from "node:util";

const run = promisify(execFile);

export const NODE = { name: "n1", v4: "10.200.0.2", v6: "fd00:200::2" } as const;
const WORLD = { namespace: "world", v4: "10.200.0.1", v6: "fd00:200::1" } as const;
/** Every pod of the node has a cable to it. */
export const BRIDGE = "pods0";
export const PODS = { v4: "10.244.0.0/24", v6: "fd00:244::/64" } as const;
export const SERVICES = { v4: "10.96.0.0/16", v6: "fd00:96::/108", apiServer: "10.96.0.1", dns: "10.96.0.10" } as const;

/** Addresses in the world that log every hit: two of the documentation ranges, and where clouds keep credentials. */
export const OUTSIDE = { v4: "203.0.113.10", v6: "2001:db8:cafe::10", metadata4: "169.254.169.254", metadata6: "fd00:ec2::254" } as const;
/** The resolver that cluster DNS asks for names outside; it knows every name in `outside.test`. */
export const RESOLVER = { v4: "198.51.100.53", v6: "2001:db8:53::53", zone: "outside.test" } as const;
/** TCP and UDP ports of the canaries. */
export const CANARY_PORTS = [80, 443] as const;
/** Where the world answers what it has seen (HTTP); only for the tests. */
export const WITNESS = { host: WORLD.v4, port: 7999 } as const;

/** Command and arguments that run something in the world. */
export const inWorld = (command: string, ...args: string[]): { command: string; args: string[] } =>
  ({ command: "nsenter", args: [`--net=/run/netns/${WORLD.namespace}`, command, ...args] });

/** Makes the world and the way to it. We are in the node's namespace, as the sandbox made it: empty. */
export async function buildNetworks(): Promise<void> {
  for (const path of ["ipv4/ip_forward", "ipv6/conf/all/forwarding", "ipv6/conf/default/forwarding"]) writeSwitch(path, "1");
  // Else the kernel drops what comes from a pod on the way back.
  for (const path of ["ipv4/conf/all/rp_filter", "ipv4/conf/default/rp_filter"]) writeSwitch(path, "0");
  await run("ip", ["netns", "add", WORLD.namespace]);
  await run("ip", ["link", "add", "uplink", "type", "veth", "peer", "name", "downlink", "netns", WORLD.namespace]);
  await run("sh", ["-ec", script([
    ...address("uplink", `${NODE.v4}/24`, `${NODE.v6}/64`), "ip link set uplink up",
    `ip route add default via ${WORLD.v4}`, `ip -6 route add default via ${WORLD.v6}`,
  ])]);
  const { command, args } = inWorld("sh", "-ec", script([
    "ip link set lo up", ...address("downlink", `${WORLD.v4}/24`, `${WORLD.v6}/64`), "ip link set downlink up",
    ...address("lo", `${OUTSIDE.v4}/32`, `${OUTSIDE.v6}/128`), ...address("lo", `${OUTSIDE.metadata4}/32`, `${OUTSIDE.metadata6}/128`),
    ...address("lo", `${RESOLVER.v4}/32`, `${RESOLVER.v6}/128`),
    `ip route add ${PODS.v4} via ${NODE.v4}`, `ip -6 route add ${PODS.v6} via ${NODE.v6}`,
    `nft '${WIRE}'`,
  ]));
  await run(command, args);
}

const script = (lines: readonly string[]): string => lines.join("\n");

/** Without duplicate address detection, which takes a second in which nothing can be bound. */
const address = (device: string, v4: string, v6: string): string[] => [`ip address add ${v4} dev ${device}`, `ip address add ${v6} dev ${device} nodad`];

/** Counts every TCP and UDP packet that arrives in the world, whatever the address and port, even where nobody listens. */
const WIRE = `
table inet wire {
  set v4 { type ipv4_addr . ipv4_addr . inet_proto . inet_service; flags dynamic; counter; size 65535; }
  set v6 { type ipv6_addr . ipv6_addr . inet_proto . inet_service; flags dynamic; counter; size 65535; }
  chain arrivals {
    type filter hook prerouting priority -300;
    meta nfproto ipv4 meta l4proto { tcp, udp } update @v4 { ip saddr . ip daddr . meta l4proto . th dport }
    meta nfproto ipv6 meta l4proto { tcp, udp } update @v6 { ip6 saddr . ip6 daddr . meta l4proto . th dport }
  }
}`;

/** A switch of this network namespace (not of the machine). */
function writeSwitch(path: string, value: string): void {
  writeFileSync(`/proc/sys/net/${path}`, value);
}
