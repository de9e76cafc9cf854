/** What the schema asks of a CIDR: one spelling for one range, none so wide that it says nothing, none that leads back inside. */
import { familyAt, parseCidr } from "../../sovereignty/addresses/cidr.ts";
import { intersection, setOf, type Interval } from "../../sovereignty/addresses/intervals.ts";

/** The range, if `text` is spelled as the API server spells it (Go's netip, RFC 5952) and has no host bits. */
function canonical(text: string): Interval | undefined {
  const parsed = parseCidr(text);
  return parsed.kind === "Exact" && parsed.canonical ? parsed.range : undefined;
}

export const isCanonicalCidr = (text: string): boolean => canonical(text) !== undefined;

/** Shortest prefixes that a destination may have. 10.0.0.0/8 and a /16 of IPv6 hold whole networks of authorities; half of the internet is no destination. */
export const SHORTEST_PREFIX = { IPv4: 8, IPv6: 16 } as const;

export function isNarrow(text: string): boolean {
  const range = canonical(text);
  return range !== undefined && Number(text.split("/")[1]) >= SHORTEST_PREFIX[familyAt(range.first)];
}

/**
 * Ranges in which no destination can be, because what answers there is the node, its neighbours or the cloud below it: this
 * host, loopback, link-local, metadata services, multicast and reserved; and those in which addresses of the other family
 * are written once more (mapped, NAT64, 6to4, Teredo), past every rule for that family. sovereignty/addresses/classes.ts
 * says what is what.
 */
export const NO_DESTINATION = [
  "0.0.0.0/8", "100.100.100.200/32", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "192.0.0.0/24", "192.88.99.0/24", "224.0.0.0/3",
  "::/3", "2001::/23", "2002::/16", "fd00:ec2::/32", "fd20:ce::254/128", "fe00::/7",
] as const;

const noDestination = setOf(NO_DESTINATION.flatMap((cidr) => canonical(cidr) ?? []));

export function isOutside(text: string): boolean {
  const range = canonical(text);
  return range !== undefined && intersection([range], noDestination).length === 0;
}
