/**
 * What a probe tries. Every destination is spelt out by the operator in the probe's arguments, so that whoever reads the
 * pod sees what it tried, and a pod that was given something else is told apart (kinds/.../probe-record.ts).
 */
import { isIP } from "node:net";
import { z } from "zod";
import { CONTROL_PORT, TRIPWIRE_PORT } from "../../lib/names.ts";

export type Protocol = "TCP" | "UDP";
export const PROTOCOLS: readonly Protocol[] = ["TCP", "UDP"];

/** Bounds that keep the largest result within a termination message, which the kubelet cuts at 4096 bytes. */
export const MOST_OWN_TARGETS = 16;
/** As many as a resolv.conf holds. */
export const MOST_NAME_SERVERS = 3;
/** The tripwire's Service has one address of each family. */
const MOST_TRIPWIRES = 2;

const address = z.string().max(39).refine((text) => isIP(text) !== 0, "is no IP address");
const name = z.string().max(24).regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, "takes lower-case letters, digits and '-'");
const port = z.int().min(1).max(65_535);

/** One destination. A control must answer, a target must not be reached. */
const destination = z.strictObject({
  name, address, port,
  protocol: z.enum(["TCP", "UDP"]).default("TCP"),
});
export type Destination = z.output<typeof destination>;

/** The provider's own list (`--probe-targets`). */
export const ownTargets = z.array(destination).max(MOST_OWN_TARGETS);

export const probePlan = z.strictObject({
  /** Hash of what the seal allows and of what is tried: a result is about nothing else. */
  of: z.string().regex(/^[0-9a-f]{16}$/),
  /** Addresses of the tripwire: its control port must answer, its other port must not be reached. */
  tripwire: z.array(address).max(MOST_TRIPWIRES),
  /** Addresses of the cluster's name servers. */
  dns: z.array(address).max(MOST_NAME_SERVERS),
  /** The outside name that they are asked for. */
  dnsName: z.string().max(253).regex(/^[A-Za-z0-9_]([-A-Za-z0-9_]{0,62})?(\.[A-Za-z0-9_]([-A-Za-z0-9_]{0,62})?)*$/),
  own: ownTargets,
});
export type ProbePlan = z.output<typeof probePlan>;

/** Where clouds hand out the credentials of a machine; fd00:ec2::254 is AWS's over IPv6. */
const METADATA = ["169.254.169.254", "fd00:ec2::254"];

const both = (of: Omit<Destination, "protocol">): Destination[] => PROTOCOLS.map((protocol) => ({ ...of, protocol }));

/** What must answer. */
export const controlsOf = ({ tripwire }: Pick<ProbePlan, "tripwire">): Destination[] =>
  tripwire.flatMap((ip) => both({ name: "control", address: ip, port: CONTROL_PORT }));

/** Name of the targets that are asked a question of DNS instead of being connected to. */
export const CLUSTER_DNS = "cluster-dns";

/**
 * What must not be reached.
 * @param apiServer address of the API server as Kubernetes tells it to every pod; undefined outside of one
 */
export function targetsOf(plan: ProbePlan, apiServer: { readonly address: string; readonly port: number } | undefined): Destination[] {
  return [
    ...plan.tripwire.flatMap((ip) => both({ name: "tripwire", address: ip, port: TRIPWIRE_PORT })),
    ...(apiServer === undefined ? [] : [{ name: "api-server", ...apiServer, protocol: "TCP" as const }]),
    ...METADATA.map((ip) => ({ name: "metadata", address: ip, port: 80, protocol: "TCP" as const })),
    ...plan.dns.flatMap((ip) => both({ name: CLUSTER_DNS, address: ip, port: 53 })),
    ...plan.own,
  ];
}
