/** Addresses of this machine or pod, by family. */
import { isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";

export type Family = "ipv4" | "ipv6";

export const familyOf = (address: string): Family => (isIPv4(address) ? "ipv4" : "ipv6");

/** From a link to itself only: no packet with such an address is routed. */
const isLinkLocal = (address: string): boolean => address.startsWith("169.254.") || /^fe[89ab]/i.test(address);

/** Addresses with which packets could leave: neither loopback nor link-local. */
export const globalAddresses = (interfaces: ReturnType<typeof networkInterfaces> = networkInterfaces()): string[] =>
  Object.values(interfaces).flatMap((all) => all ?? []).filter(({ internal, address }) => !internal && !isLinkLocal(address)).map(({ address }) => address);

/** `::ffff:10.0.0.1`, as a socket of both families calls an IPv4 address, becomes `10.0.0.1`. */
export const withoutMapping = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, "");
