/** Addresses of this machine or pod, by family. */
import { isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";

export const FAMILIES = ["IPv4", "IPv6"] as const;
export type Family = (typeof FAMILIES)[number];

export const familyOf = (address: string): Family => (isIPv6(address) ? "IPv6" : "IPv4");

/** Only for a link (RFC 4291, 2.5.6): no router passes such a packet on. */
const isLinkLocal = (address: string): boolean => /^fe[89ab]/i.test(address);

/**
 * Addresses with which packets could leave: neither loopback nor IPv6 link-local. IPv4 link-local ones count: networks for
 * IPv6 hand them to pods and translate them, so that the pods reach the IPv4 internet (egress-v4 of Amazon's plugin).
 */
export const globalAddresses = (interfaces: ReturnType<typeof networkInterfaces> = networkInterfaces()): string[] =>
  Object.values(interfaces).flatMap((all) => all ?? []).filter(({ internal, address }) => !internal && !isLinkLocal(address)).map(({ address }) => address);

/** `::ffff:10.0.0.1`, as a socket of both families calls an IPv4 address, becomes `10.0.0.1`. */
export const withoutMapping = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, "");
