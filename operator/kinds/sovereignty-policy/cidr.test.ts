import { BlockList } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isCanonicalCidr, isNarrow, isOutside, NO_DESTINATION } from "./cidr.ts";

const octet = fc.nat(255);
const v4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join("."));
const v6 = fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 }).map((groups) => new URL(`http://[${groups.map((group) => group.toString(16)).join(":")}]`).hostname.slice(1, -1));

/** One list for each family: node:net takes an IPv4 address for its IPv4-mapped one. */
function special(family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const range of NO_DESTINATION.filter((one) => one.includes(":") === (family === "ipv6"))) list.addSubnet(range.split("/")[0] ?? "", Number(range.split("/")[1]), family);
  return list;
}

describe("a range of addresses", () => {
  test.each(["10.0.0.0/8", "198.51.100.7/32", "2001:db8::/32", "2001:db8::1/128", "::/0", "0.0.0.0/0"])("%s is canonical", (text) => {
    expect(isCanonicalCidr(text)).toBe(true);
  });

  test.each([
    "", "/", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/8/8", " 10.0.0.0/8", "10.0.0.0/8 ", "010.0.0.0/8", "10.0/8", "10.0.0.1/8", "0x0a.0.0.0/8",
    "2001:DB8::/32", "2001:db8::/129", "2001:db8::1/64", "2001:0db8::/32", "2001:db8:0::/48", "::ffff:10.0.0.0/104", "::ffff:a00:0/104", "fe80::1%eth0/128",
  ])("%s is not", (text) => {
    expect(isCanonicalCidr(text)).toBe(false);
  });

  test("of one address is canonical, whatever the address", () => {
    fc.assert(fc.property(v4, (address) => isCanonicalCidr(`${address}/32`)));
    fc.assert(fc.property(v6, (address) => isCanonicalCidr(`${address}/128`) || address.startsWith("::ffff:")));
  });

  test("is outside if no address in it is special, as node:net sees it", () => {
    fc.assert(fc.property(v4, (address) => isOutside(`${address}/32`) === !special("ipv4").check(address, "ipv4")));
    fc.assert(fc.property(v6, (address) => isOutside(`${address}/128`) === !special("ipv6").check(address, "ipv6")));
  });

  test.each(["169.0.0.0/8", "192.0.0.0/2", "::/0", "f000::/4"])("%s is not outside: a special range is in it", (text) => {
    expect(isOutside(text)).toBe(false);
  });

  test.each([["8.0.0.0/7", false], ["8.0.0.0/8", true], ["2000::/15", false], ["2001::/16", true], ["nonsense", false]] as const)("%s is narrow: %s", (text, narrow) => {
    expect(isNarrow(text)).toBe(narrow);
  });
});
