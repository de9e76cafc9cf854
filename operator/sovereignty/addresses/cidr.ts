/**
 * Addresses and CIDRs, read more strictly than any CNI or API server reads them. `010.0.0.0/8` is 8.0.0.0/8 to some parsers
 * and 10.0.0.0/8 to others, `10.0.0.1/8` is a /8, a /32 or nothing (kubernetes#94484), `::ffff:10.0.0.1` is of either family:
 * what has several readings has none here.
 *
 * Both families lie on one line of numbers, IPv4 below IPv6, with a gap between them that no interval bridges.
 */
import type { Family } from "../../lib/addresses.ts";
import type { Interval, IntervalSet } from "./intervals.ts";

const BITS: Readonly<Record<Family, number>> = { IPv4: 32, IPv6: 128 };
/** Where the family begins on the line. */
const START: Readonly<Record<Family, bigint>> = { IPv4: 0n, IPv6: 1n << 128n };

const allOf = (family: Family): Interval => ({ first: START[family], last: START[family] + (1n << BigInt(BITS[family])) - 1n });
export const ALL_ADDRESSES: IntervalSet = [allOf("IPv4"), allOf("IPv6")];

/** IPv4-mapped addresses, `::ffff:0:0/96` (RFC 4291, 2.5.5.2). */
const MAPPED: Interval = { first: START.IPv6 + (0xffffn << 32n), last: START.IPv6 + (0x1_0000_0000_0000n - 1n) };
export const MAPPED_ADDRESSES: IntervalSet = [MAPPED];

/**
 *   Exact        one reading; `canonical` is false for spellings of IPv6 that everybody reads alike (RFC 5952 would write them otherwise)
 *   Ambiguous    readers differ
 *   Unparsable   no reader takes it, or only careless ones
 */
export type Parsed<T> = ({ readonly kind: "Exact"; readonly canonical: boolean } & T) | { readonly kind: "Ambiguous" | "Unparsable"; readonly why: string };

/** An address as its place on the line. */
export function parseAddress(text: string): Parsed<{ readonly address: bigint }> {
  const parsed = text.includes(":") ? parseIPv6(text) : parseIPv4(text);
  if (parsed.kind !== "Exact") return parsed;
  if (isMapped(parsed.address)) return { kind: "Ambiguous", why: "is an IPv4-mapped IPv6 address, which some read as IPv4" };
  return { ...parsed, canonical: formatAddress(parsed.address) === text };
}

/** A CIDR as an interval on the line. A bare address is none. */
export function parseCidr(text: string): Parsed<{ readonly range: Interval }> {
  const [address = "", prefix, ...more] = text.split("/");
  if (prefix === undefined || more.length > 0) return { kind: "Unparsable", why: "is not ADDRESS/PREFIX" };
  const base = address.includes(":") ? parseIPv6(address) : parseIPv4(address);
  if (base.kind !== "Exact") return base;
  const bits = BITS[familyAt(base.address)];
  if (!/^\d+$/.test(prefix) || Number(prefix) > bits) return { kind: "Unparsable", why: `has no prefix length from 0 to ${bits}` };
  if (prefix !== String(Number(prefix))) return { kind: "Ambiguous", why: "has a prefix length with leading zeros" };
  return rangeFrom(base.address, bits - Number(prefix), address);
}

function rangeFrom(first: bigint, bits: number, spelled: string): Parsed<{ readonly range: Interval }> {
  const family = familyAt(first);
  if (zerosBehind(first - START[family], BITS[family]) < bits) return { kind: "Ambiguous", why: "has bits set behind its prefix, which readers mask, keep or refuse" };
  const range = { first, last: first + (1n << BigInt(bits)) - 1n };
  if (isMapped(range.first) && isMapped(range.last)) return { kind: "Ambiguous", why: "is a range of IPv4-mapped IPv6 addresses, which some read as IPv4" };
  return { kind: "Exact", range, canonical: formatAddress(first) === spelled };
}

type Base = Parsed<{ readonly address: bigint }>;

const unparsable = (why: string): Base => ({ kind: "Unparsable", why });

const isMapped = (address: bigint): boolean => MAPPED.first <= address && address <= MAPPED.last;

function parseIPv4(text: string): Base {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,4}$/.test(part))) return unparsable("is not four decimal numbers with dots");
  if (parts.some((part) => part.length > 1 && part.startsWith("0"))) return { kind: "Ambiguous", why: "has a number with leading zeros, which is octal to some" };
  if (parts.some((part) => Number(part) > 255)) return unparsable("has a number above 255");
  return { kind: "Exact", canonical: true, address: START.IPv4 + parts.reduce((sum, part) => (sum << 8n) + BigInt(part), 0n) };
}

function parseIPv6(text: string): Base {
  // Only the last group may be written as IPv4 (RFC 4291, 2.2).
  const tail = /(?<=:)[^:]*\.[^:]*$/.exec(text)?.[0];
  if (tail === undefined) return parseGroups(text);
  const embedded = parseIPv4(tail);
  if (embedded.kind !== "Exact") return embedded;
  return parseGroups(`${text.slice(0, -tail.length)}${(embedded.address >> 16n).toString(16)}:${(embedded.address & 0xffffn).toString(16)}`);
}

function parseGroups(text: string): Base {
  const halves = text.split("::").map((half) => (half === "" ? [] : half.split(":")));
  if (halves.length > 2) return unparsable("has '::' twice");
  if (!halves.flat().every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return unparsable("has a group that is not one to four hexadecimal digits");
  const [head = [], tail] = halves;
  const zeros = 8 - halves.flat().length;
  if (tail === undefined ? zeros !== 0 : zeros < 1) return unparsable("has not eight groups");
  const groups = [...head, ...Array.from({ length: zeros }, () => "0"), ...(tail ?? [])];
  return { kind: "Exact", canonical: false, address: START.IPv6 + groups.reduce((sum, group) => (sum << 16n) + BigInt(`0x${group}`), 0n) };
}

/** Family of an address on the line. */
export const familyAt = (address: bigint): Family => (address < START.IPv6 ? "IPv4" : "IPv6");

/** Canonical spelling; IPv6 by RFC 5952, without the dotted form. */
export function formatAddress(address: bigint): string {
  if (familyAt(address) === "IPv6") return formatIPv6(address - START.IPv6);
  const offset = Number(address - START.IPv4);
  return `${offset >>> 24}.${(offset >>> 16) & 0xff}.${(offset >>> 8) & 0xff}.${offset & 0xff}`;
}

/** The longest run of at least two zero groups, the first of equally long ones, becomes `::` (RFC 5952, 4.2). */
function formatIPv6(offset: bigint): string {
  const digits = offset.toString(16).padStart(32, "0");
  const groups: string[] = [];
  let [start, length] = [0, 1];
  for (let i = 0, zeros = 0; i < 8; i++) {
    const group = Number.parseInt(digits.slice(4 * i, 4 * i + 4), 16);
    groups.push(group.toString(16));
    zeros = group === 0 ? zeros + 1 : 0;
    if (zeros > length) [start, length] = [i + 1 - zeros, zeros];
  }
  if (length < 2) return groups.join(":");
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + length).join(":")}`;
}

/** Everything but a few addresses is hundreds of CIDRs of IPv6, and every pod that nothing holds may reach it. */
const printed = new WeakMap<IntervalSet, readonly string[]>();
const blocks = new WeakMap<Interval, readonly string[]>();

/** The fewest CIDRs that are this set, in canonical spelling, IPv4 first. */
export const toCidrs = (set: IntervalSet): readonly string[] => kept(printed, set, () => set.flatMap((interval) => kept(blocks, interval, () => blocksOf(interval))));

function kept<K extends object>(known: WeakMap<K, readonly string[]>, key: K, make: () => readonly string[]): readonly string[] {
  const text = known.get(key) ?? make();
  known.set(key, text);
  return text;
}

/** Splits from the left into the largest aligned blocks: what a prefix can say. */
function blocksOf({ first, last }: Interval): string[] {
  const family = familyAt(first);
  const split: string[] = [];
  for (let at = first; at <= last; ) {
    const bits = Math.min(zerosBehind(at - START[family], BITS[family]), bitLength(last - at + 1n) - 1);
    split.push(`${formatAddress(at)}/${BITS[family] - bits}`);
    at += 1n << BigInt(bits);
  }
  return split;
}

/** How many binary digits a number above zero has. */
function bitLength(value: bigint): number {
  const digits = value.toString(16);
  return 4 * digits.length - Math.clz32(Number.parseInt(digits.slice(0, 1), 16)) + 28;
}

/** How many bits behind its last one are zero. Word by word: numbers as large as addresses are dear. */
function zerosBehind(offset: bigint, all: number): number {
  for (let [rest, zeros] = [offset, 0]; zeros < all; zeros += 32, rest >>= 32n) {
    const word = Number(BigInt.asUintN(32, rest));
    if (word !== 0) return zeros + 31 - Math.clz32(word & -word);
  }
  return all;
}
