import { describe, expect, test } from "vitest";
import { toCidrs } from "../../sovereignty/addresses/cidr.ts";
import { CLASSES } from "../../sovereignty/addresses/classes.ts";
import { isCanonicalCidr, isNarrow, isOutside, NO_DESTINATION } from "./cidr.ts";

describe("a range of addresses", () => {
  test.each(["10.0.0.0/8", "198.51.100.7/32", "2001:db8::/32", "2001:db8::1/128", "::/0", "0.0.0.0/0"])("%s is canonical", (text) => {
    expect(isCanonicalCidr(text)).toBe(true);
  });

  test.each(["", "10.0.0.0", "10.0.0.0/08", "010.0.0.0/8", "10.0.0.1/8", "2001:DB8::/32", "2001:db8:0::/48", "::ffff:10.0.0.0/104", "fe80::1%eth0/128"])("%s is not", (text) => {
    expect(isCanonicalCidr(text)).toBe(false);
  });

  test.each([["8.0.0.0/7", false], ["8.0.0.0/8", true], ["2000::/15", false], ["2001::/16", true], ["nonsense", false]] as const)("%s is narrow: %s", (text, narrow) => {
    expect(isNarrow(text)).toBe(narrow);
  });

  test.each(["Metadata", "Loopback", "LinkLocal", "Unspecified", "Multicast", "Broadcast", "Mapped", "Translated"] as const)("is no destination if it is %s, or has such an address in it", (name) => {
    const cidrs = toCidrs(CLASSES.get(name) ?? []);
    expect(cidrs.length).toBeGreaterThan(0);
    expect(cidrs.filter(isOutside)).toEqual([]);
  });

  test.each(["169.0.0.0/8", "192.0.0.0/2", "::/0", "f000::/4", "010.0.0.0/8"])("%s is no destination: a special range is in it, or nobody knows", (text) => {
    expect(isOutside(text)).toBe(false);
  });

  test.each(["10.0.0.0/8", "192.168.0.0/16", "100.64.0.0/16", "198.51.100.7/32", "8.8.8.8/32", "fd12:3456::/32", "2001:db8::/32", "2a00::/16"])("%s may be one", (text) => {
    expect(isOutside(text)).toBe(true);
  });

  test("is looked for in a list that is canonical itself", () => expect(NO_DESTINATION.filter((cidr) => !isCanonicalCidr(cidr))).toEqual([]));
});
