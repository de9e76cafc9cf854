/** What the schema asks of a CIDR: one spelling for one range, none so wide that it says nothing, none that leads back inside. */
import { isIPv4, isIPv6 } from "node:net";

interface Range {
  readonly bits: 32 | 128;
  readonly prefix: number;
  readonly first: bigint;
}

const hostBits = ({ bits, prefix }: Pick<Range, "bits" | "prefix">): bigint => (1n << BigInt(bits - prefix)) - 1n;

/** `text` if it is spelled as the API server spells it (Go's netip, RFC 5952), without host bits; undefined otherwise. */
function canonical(text: string): Range | undefined {
  const [, address = "", length = ""] = /^([^/%]*)\/(0|[1-9][0-9]{0,2})$/.exec(text) ?? [];
  const bits = isIPv6(address) ? 128 : 32;
  const prefix = Number(length);
  if (!isShort(address) || prefix > bits) return undefined;
  const range = { bits, prefix, first: valueOf(address) } as const;
  return isMapped(range) || (range.first & hostBits(range)) !== 0n ? undefined : range;
}

/** An address in the one spelling that everybody reads alike. URLs shorten IPv6 as RFC 5952 does. */
const isShort = (address: string): boolean => isIPv4(address) || (isIPv6(address) && new URL(`http://[${address}]`).hostname === `[${address}]`);

/** The API server takes no IPv4-mapped address, because nobody agrees on what it is (KEP-4858). */
const isMapped = ({ bits, first }: Range): boolean => bits === 128 && first >> 32n === 0xffffn;

function valueOf(address: string): bigint {
  if (!isIPv6(address)) return address.split(".").reduce((value, part) => value << 8n | BigInt(part), 0n);
  const [head = "", tail] = address.split("::");
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const after = groups(tail ?? "");
  const before = groups(head);
  const gap = Array.from({ length: 8 - before.length - after.length }, () => "0");
  return [...before, ...gap, ...after].reduce((value, group) => value << 16n | BigInt(`0x${group}`), 0n);
}

const overlaps = (a: Range, b: Range): boolean => a.bits === b.bits && a.first <= (b.first | hostBits(b)) && b.first <= (a.first | hostBits(a));

export const isCanonicalCidr = (text: string): boolean => canonical(text) !== undefined;

/** Shortest prefixes that a destination may have. 10.0.0.0/8 and a /16 of IPv6 hold whole networks of authorities; half of the internet is no destination. */
export const SHORTEST_PREFIX = { IPv4: 8, IPv6: 16 } as const;

export function isNarrow(text: string): boolean {
  const range = canonical(text);
  return range !== undefined && range.prefix >= SHORTEST_PREFIX[range.bits === 32 ? "IPv4" : "IPv6"];
}

/**
 * Ranges in which no destination can be, because what answers there is the node or whoever is near it: this host, loopback,
 * link-local with the metadata services of clouds, multicast and reserved (RFC 6890); in IPv6 also the ranges in which IPv4
 * addresses are written once more (mapped, NAT64), past every rule for IPv4.
 */
export const NO_DESTINATION = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/8", "fe80::/10", "ff00::/8"] as const;

export function isOutside(text: string): boolean {
  const range = canonical(text);
  return range !== undefined && !NO_DESTINATION.some((special) => overlaps(range, canonical(special) ?? range));
}
