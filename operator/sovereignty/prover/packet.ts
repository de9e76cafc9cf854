/** One packet of a set of traffic, always the same one: the plainest that shows the hole. */
import { familyAt, formatAddress } from "../addresses/cidr.ts";
import { ADDRESS_CLASSES, CLASSES, type AddressClass } from "../addresses/classes.ts";
import { contains, intersection } from "../addresses/intervals.ts";
import type { Packet } from "../verdict.ts";
import { portAt, protocolAndPort } from "./ports.ts";
import { addressesOf, towards, type Traffic } from "./traffic.ts";

export interface ChosenPacket {
  readonly port: bigint;
  readonly address: bigint;
  readonly addressClass: AddressClass;
}

/** An address that anybody knows for what it is before a special one, and HTTPS before the lowest port. */
const CLASS_ORDER = ["Global", ...ADDRESS_CLASSES.filter((name) => name !== "Global")] as const;
const FAVOURITE = portAt("TCP", 443);

/** Undefined where there is no traffic. */
export function choosePacket(traffic: Traffic): ChosenPacket | undefined {
  const all = addressesOf(traffic);
  const addressClass = CLASS_ORDER.find((name) => intersection(all, CLASSES.get(name) ?? []).length > 0);
  if (addressClass === undefined) return undefined;
  const candidates = towards(traffic, CLASSES.get(addressClass) ?? []);
  const stretch = candidates.find(({ ports }) => contains([ports], FAVOURITE)) ?? candidates[0];
  const address = stretch?.addresses[0]?.first;
  if (stretch === undefined || address === undefined) return undefined;
  return { port: contains([stretch.ports], FAVOURITE) ? FAVOURITE : stretch.ports.first, address, addressClass };
}

export const toPacket = ({ port, address }: ChosenPacket, from: string): Packet => ({ from, family: familyAt(address), address: formatAddress(address), ...protocolAndPort(port) });
