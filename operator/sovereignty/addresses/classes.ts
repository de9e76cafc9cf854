/**
 * What an address is, by registry: IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890 and its updates), and the
 * addresses at which clouds serve their machines, with credentials and name resolution, whoever asks. Never "where": an address of a class has no country.
 */
import { ALL_ADDRESSES, MAPPED_ADDRESSES, parseCidr } from "./cidr.ts";
import { difference, intersection, setOf, type Interval, type IntervalSet } from "./intervals.ts";

export const ADDRESS_CLASSES = [
  "Metadata", "Loopback", "LinkLocal", "Unspecified", "Private", "SharedCGNAT", "UniqueLocal", "Multicast", "Broadcast", "Documentation", "Benchmarking",
  "Mapped", "Translated", "Reserved", "Global",
] as const;
export type AddressClass = (typeof ADDRESS_CLASSES)[number];

/** A class that comes earlier takes what a later one would have, too. */
const REGISTRY: Readonly<Record<Exclude<AddressClass, "Global" | "Mapped">, readonly string[]>> = {
  // EC2, GCE, Azure, OpenStack and their resolvers; credentials of ECS and EKS; Azure's wire server; Alibaba; Oracle; the IPv6 ones of EC2, EKS and GCE.
  Metadata: [
    "169.254.169.0/24", "169.254.170.0/24", "168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32",
    "fd00:ec2::254/128", "fd00:ec2::23/128", "fd20:ce::254/128",
  ],
  Loopback: ["127.0.0.0/8", "::1/128"],
  LinkLocal: ["169.254.0.0/16", "fe80::/10"],
  Unspecified: ["0.0.0.0/8", "::/128"],
  Private: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
  SharedCGNAT: ["100.64.0.0/10"],
  UniqueLocal: ["fc00::/7"],
  Multicast: ["224.0.0.0/4", "ff00::/8"],
  Broadcast: ["255.255.255.255/32"],
  Documentation: ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"],
  Benchmarking: ["198.18.0.0/15", "2001:2::/48"],
  // NAT64 (RFC 6052, 8215), Teredo, 6to4: whoever translates decides where the packet ends.
  Translated: ["64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "192.88.99.0/24"],
  // Protocol assignments, ORCHID, and everything that is not yet unicast for all (IPv6: 2000::/3 alone is).
  Reserved: ["192.0.0.0/24", "240.0.0.0/4", "2001::/23", "::/3", "4000::/2", "8000::/1"],
};

/** Disjoint, and all of them together are every address. */
export const CLASSES: ReadonlyMap<AddressClass, IntervalSet> = partition();

function partition(): Map<AddressClass, IntervalSet> {
  const classes = new Map<AddressClass, IntervalSet>();
  let left = ALL_ADDRESSES;
  for (const name of ADDRESS_CLASSES) {
    const named = addressesOf(name);
    classes.set(name, intersection(left, named));
    left = difference(left, named);
  }
  return classes;
}

function addressesOf(name: AddressClass): IntervalSet {
  if (name === "Global") return ALL_ADDRESSES;
  return name === "Mapped" ? MAPPED_ADDRESSES : setOf(REGISTRY[name].map(range));
}

function range(cidr: string): Interval {
  const parsed = parseCidr(cidr);
  if (parsed.kind !== "Exact") throw new Error(`${cidr} in the table of address classes ${parsed.why}`);
  return parsed.range;
}
