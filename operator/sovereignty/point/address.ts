/**
 * Addresses and CIDRs as bytes, compared bit by bit. Strict: what two readers could take for two networks is a doubt
 * (leading zeros, host bits, IPv4 in IPv6; network-policy.md sections 0 and 1b say which reader takes what for what).
 */
import type { Family } from "../../lib/addresses.ts";
import { doubt, type Doubt } from "./match.ts";

/** 4 bytes or 16. */
export interface Address {
  readonly family: Family;
  readonly bytes: readonly number[];
}

export interface Network {
  readonly address: Address;
  /** Bits that count. */
  readonly prefix: number;
}

const bitsOf = (family: Family): number => (family === "IPv4" ? 32 : 128);

/** Undefined for what is no address. Takes every spelling of RFC 4291 2.2, but no zone. */
export function parseAddress(text: string): Address | undefined {
  const [family, bytes] = text.includes(":") ? (["IPv6", bytesOf6(text)] as const) : (["IPv4", bytesOf4(text)] as const);
  return bytes === undefined ? undefined : { family, bytes };
}

function bytesOf4(text: string): number[] | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

function bytesOf6(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [front, back] = halves.map((half, at) => groupsOf(half, at === halves.length - 1));
  if (front === undefined || (halves.length === 2 && back === undefined)) return undefined;
  if (back === undefined) return front.length === 16 ? front : undefined;
  const missing = 16 - front.length - back.length;
  // `::` stands for at least one group.
  return missing < 2 ? undefined : [...front, ...Array<number>(missing).fill(0), ...back];
}

/** Bytes of `1:a:ff`, of which the last part of an address may be `10.0.0.1`. */
function groupsOf(text: string, isLast: boolean): number[] | undefined {
  if (text === "") return [];
  const groups = text.split(":").map((group, at, every) => {
    if (group.includes(".")) return isLast && at === every.length - 1 ? bytesOf4(group) : undefined;
    const value = Number.parseInt(group, 16);
    return /^[0-9a-fA-F]{1,4}$/.test(group) ? [value >> 8, value & 0xff] : undefined;
  });
  return groups.includes(undefined) ? undefined : groups.flatMap((group) => group ?? []);
}

/** A CIDR that every reader reads alike, or what is wrong with it. */
export function parseNetwork(text: unknown, path: string): Network | Doubt {
  const named = `${path} ${JSON.stringify(text)}`;
  if (typeof text !== "string") return doubt(`${named} is no CIDR`);
  const slash = text.indexOf("/");
  const address = slash < 0 ? undefined : parseAddress(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (address === undefined || !/^(0|[1-9]\d{0,2})$/.test(length) || Number(length) > bitsOf(address.family)) return doubt(`${named} is no CIDR`);
  const prefix = Number(length);
  if (isMapped(address) && prefix >= 96) return doubt(`${named} is an IPv4 network in IPv6 spelling: some take it for IPv4, some for nothing`);
  if (address.bytes.some((byte, at) => (byte & ~maskAt(prefix, at) & 0xff) !== 0)) return doubt(`${named} has bits set behind its prefix: some ignore them, some read one address`);
  return { address, prefix };
}

const isMapped = ({ bytes }: Address): boolean => bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;

/** The bits of byte `at` that belong to a prefix. */
const maskAt = (prefix: number, at: number): number => (0xff00 >> Math.min(8, Math.max(0, prefix - 8 * at))) & 0xff;

export function contains({ address, prefix }: Network, { family, bytes }: Address): boolean {
  return family === address.family && bytes.every((byte, at) => ((byte ^ (address.bytes[at] ?? 0)) & maskAt(prefix, at)) === 0);
}

/** Whether `outer` holds all of `inner`. */
export const covers = (outer: Network, inner: Network): boolean => outer.prefix <= inner.prefix && contains(outer, inner.address);

/** Two networks overlap only where one holds the other. */
export const overlap = (a: Network, b: Network): boolean => covers(a, b) || covers(b, a);

/** Every address of a family. */
export const universe = (family: Family): Network => ({ address: { family, bytes: Array<number>(bitsOf(family) / 8).fill(0) }, prefix: 0 });
