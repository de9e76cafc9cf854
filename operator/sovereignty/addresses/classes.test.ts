import { describe, expect, test } from "vitest";
import { ADDRESS_CLASSES, CLASSES } from "./classes.ts";
import { ALL_ADDRESSES, parseAddress } from "./cidr.ts";
import { contains, intersection, union } from "./intervals.ts";

function classesOf(address: string): string[] {
  const parsed = parseAddress(address);
  return parsed.kind === "Exact" ? ADDRESS_CLASSES.filter((name) => contains(CLASSES.get(name) ?? [], parsed.address)) : [parsed.kind];
}

describe("classes of addresses", () => {
  test.each([
    ["169.254.169.254", "Metadata"], ["169.254.170.2", "Metadata"], ["fd00:ec2::254", "Metadata"], ["168.63.129.16", "Metadata"], ["100.100.100.200", "Metadata"],
    ["169.254.169.253", "Metadata"], ["169.254.20.10", "LinkLocal"], ["fe80::1", "LinkLocal"], ["127.0.0.1", "Loopback"], ["::1", "Loopback"], ["0.0.0.0", "Unspecified"], ["::", "Unspecified"],
    ["10.1.2.3", "Private"], ["172.31.255.255", "Private"], ["192.168.0.1", "Private"], ["172.32.0.0", "Global"], ["100.64.0.1", "SharedCGNAT"], ["100.128.0.0", "Global"],
    ["fd12::1", "UniqueLocal"], ["fd00:ec2::253", "UniqueLocal"], ["224.0.0.1", "Multicast"], ["ff02::1", "Multicast"], ["255.255.255.255", "Broadcast"], ["240.0.0.1", "Reserved"],
    ["198.51.100.7", "Documentation"], ["2001:db8::1", "Documentation"], ["3fff::1", "Documentation"], ["198.18.0.1", "Benchmarking"], ["2001:2::1", "Benchmarking"],
    ["64:ff9b::808:808", "Translated"], ["2002::1", "Translated"], ["2001::1", "Translated"], ["2001:10::1", "Reserved"], ["fec0::1", "Reserved"], ["::2", "Reserved"],
    ["8.8.8.8", "Global"], ["2001:4860:4860::8888", "Global"], ["2a00::1", "Global"], ["::fffe:1:1", "Reserved"],
  ])("%s is %s, and nothing else", (address, name) => {
    expect(classesOf(address)).toEqual([name]);
  });

  test("share no address and leave none out", () => {
    const sets = [...CLASSES.values()];
    expect(union(...sets)).toEqual(ALL_ADDRESSES);
    for (const [i, one] of sets.entries()) for (const other of sets.slice(i + 1)) expect(intersection(one, other)).toEqual([]);
    expect(CLASSES.get("Mapped")).toHaveLength(1);
  });
});
