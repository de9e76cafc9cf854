import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ALL_ADDRESSES, familyAt, formatAddress, parseAddress, parseCidr, toCidrs } from "./cidr.ts";
import { difference, setOf, union, type Interval } from "./intervals.ts";

const exact = (cidr: string): Interval => {
  const parsed = parseCidr(cidr);
  if (parsed.kind !== "Exact") throw new Error(`${cidr} ${parsed.why}`);
  return parsed.range;
};
const place = (address: string): bigint => {
  const parsed = parseAddress(address);
  if (parsed.kind !== "Exact") throw new Error(`${address} ${parsed.why}`);
  return parsed.address;
};

const v4 = fc.nat({ max: 0xffff_ffff }).map(BigInt);
const v6Start = 1n << 128n;
const v6 = fc.bigInt({ min: v6Start + (1n << 64n), max: v6Start * 2n - 1n });
const somewhere = fc.oneof(v4, v6);

describe("a CIDR has one reading", () => {
  test.each([
    ["0.0.0.0/0", true], ["10.0.0.0/8", true], ["255.255.255.255/32", true], ["::/0", true], ["2001:db8::/32", true], ["fd00:ec2::254/128", true],
    ["1:0:0:2::/64", true], ["2001:DB8::/32", false], ["2001:0db8::/32", false], ["2001:db8:0:0::/64", false], ["0:0:0:0:0:0:0:0/0", false],
    ["64:ff9b::192.0.2.0/120", false], ["::ffff:0:0/95", undefined],
  ] as const)("%s, canonical: %s", (cidr, canonical) => {
    expect(parseCidr(cidr)).toMatchObject(canonical === undefined ? { kind: "Ambiguous" } : { kind: "Exact", canonical });
  });

  test.each(["010.0.0.0/8", "10.0.0.00/8", "0177.0.0.1/32", "10.0.0.1/8", "2001:db8::1/64", "::ffff:10.0.0.0/104", "::ffff:0:0/96", "::ffff:a00:1/128", "10.0.0.0/08", "::/00"])("%s is ambiguous", (cidr) => {
    expect(parseCidr(cidr)).toMatchObject({ kind: "Ambiguous", why: expect.any(String) });
  });

  test.each([
    "", "/", "/8", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.0/8 ", " 10.0.0.0/8", "10.0.0/8", "10/8", "10.0.0.0.0/8", "256.0.0.0/8",
    "0x0a.0.0.0/8", "1e1.0.0.0/8", "10.0.0.0/0x8", "::/129", ":::/0", "1::2::3/128", "1:2:3:4:5:6:7/128", "1:2:3:4:5:6:7:8:9/128", "1:2:3:4:5:6:7:8::/128", "12345::/16", "g::/16",
    "fe80::1%eth0/64", "::1.2.3/128", "1.2.3.4::/32", "::1.2.3.4:5/128", ":1:2:3:4:5:6:7/128", "1:2:3:4:5:6:7:/128", "[::]/0", "10.0.0.0\u002f\u0668", "١٠.0.0.0/8", "10.0.0.0/8\n",
  ])("%j is unparsable", (cidr) => {
    expect(parseCidr(cidr)).toMatchObject({ kind: "Unparsable", why: expect.any(String) });
  });

  test("with a family, a first and a last address", () => {
    const { first, last } = exact("2001:db8::/32");
    expect([familyAt(first), formatAddress(first), formatAddress(last)]).toEqual(["IPv6", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"]);
    expect(exact("192.168.0.0/16")).toEqual({ first: 0xc0a8_0000n, last: 0xc0a8_ffffn });
  });
});

describe("canonical spelling", () => {
  // The examples of RFC 5952, sections 4.1 to 4.3.
  test.each([
    ["2001:0db8::0001", "2001:db8::1"], ["2001:db8:0:0:0:0:2:1", "2001:db8::2:1"], ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"], ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"], ["2001:DB8::A", "2001:db8::a"], ["0:0:0:0:0:0:0:0", "::"], ["1:0:0:0:0:0:0:0", "1::"], ["0:0:0:0:0:0:0:1", "::1"], ["::1.2.3.4", "::102:304"],
  ])("%s is %s", (text, canonical) => {
    expect(formatAddress(place(text))).toBe(canonical);
    expect(parseAddress(canonical)).toMatchObject({ canonical: true });
  });

  test("is read as what it was made of, and is canonical", () => {
    fc.assert(fc.property(somewhere, (address) => {
      expect(parseAddress(formatAddress(address))).toEqual({ kind: "Exact", canonical: true, address });
    }), { numRuns: 2_000 });
  });

  test("agrees with the address parser of the platform", () => {
    fc.assert(fc.property(v6, (address) => {
      expect(`[${formatAddress(address)}]`).toBe(new URL(`http://[${formatAddress(address)}]/`).hostname);
    }));
  });

  test("an address cannot be IPv4-mapped", () => {
    expect(parseAddress("::ffff:10.0.0.1")).toMatchObject({ kind: "Ambiguous" });
    expect(parseAddress("10.0.0.01")).toMatchObject({ kind: "Ambiguous" });
  });
});

describe("a set as CIDRs", () => {
  const set = fc.array(fc.tuple(somewhere, fc.nat({ max: 5_000 })).map(([first, size]) => {
    const end = familyAt(first) === "IPv4" ? 0xffff_ffffn : v6Start * 2n - 1n;
    return { first, last: first + BigInt(size) > end ? end : first + BigInt(size) };
  }), { maxLength: 4 }).map(setOf);

  test("is that set again", () => {
    fc.assert(fc.property(set, (one) => {
      expect(setOf(toCidrs(one).map(exact))).toEqual(one);
    }));
  });

  test("has no two that would be one, so there are no fewer", () => {
    fc.assert(fc.property(set, (one) => {
      const blocks = toCidrs(one).map(exact);
      const mergeable = blocks.some((block, i) => {
        const next = blocks[i + 1];
        const size = block.last - block.first + 1n;
        return next !== undefined && next.first === block.last + 1n && next.last - next.first + 1n === size && (block.first % (2n * size)) === 0n;
      });
      expect(mergeable).toBe(false);
    }));
  });

  test("both families whole are two, and all but one address are 32 and 128", () => {
    expect(toCidrs(ALL_ADDRESSES)).toEqual(["0.0.0.0/0", "::/0"]);
    expect(toCidrs(difference(ALL_ADDRESSES, [exact("192.0.2.1/32")]))).toHaveLength(33);
    expect(toCidrs(difference(ALL_ADDRESSES, [exact("2001:db8::1/128")]))).toHaveLength(129);
    expect(toCidrs(union([exact("0.0.0.0/1")], [exact("128.0.0.0/1")]))).toEqual(["0.0.0.0/0"]);
  });
});
