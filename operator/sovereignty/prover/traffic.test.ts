import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { setOf, type IntervalSet } from "../addresses/intervals.ts";
import { ALL_PORTS, portAt, portsOf, protocolAndPort, toRanges } from "./ports.ts";
import { addressesOf, common, covers, minus, plus, toLines, towards, traffic, type Traffic } from "./traffic.ts";

/** Few ports and few addresses: every packet can be looked at. */
const PORTS = Array.from({ length: 8 }, (_, i) => portAt("TCP", i + 1));
const ADDRESSES = Array.from({ length: 8 }, (_, i) => BigInt(i));
const span = fc.tuple(fc.nat(7), fc.nat(7));
const ports = fc.array(span.map(([first, last]) => ({ first: PORTS[first]!, last: PORTS[last]! })), { maxLength: 2 }).map(setOf);
const addresses = fc.array(span.map(([first, last]) => ({ first: BigInt(first), last: BigInt(last) })), { maxLength: 2 }).map(setOf);
const anyTraffic: fc.Arbitrary<Traffic> = fc.array(fc.tuple(ports, addresses).map(([p, a]) => traffic(p, a)), { maxLength: 4 }).map(plus);

const packets = (one: Traffic): string[] => PORTS.flatMap((port) => ADDRESSES.filter((address) => covers(one, port, address)).map((address) => `${port} ${address}`));

describe("traffic, packet by packet", () => {
  test.each([
    ["plus", (a: Traffic, b: Traffic) => plus([a, b]), (a: boolean, b: boolean) => a || b], ["minus", minus, (a: boolean, b: boolean) => a && !b], ["common", common, (a: boolean, b: boolean) => a && b],
  ] as const)("%s", (_name, operation, onPacket) => {
    fc.assert(fc.property(anyTraffic, anyTraffic, (a, b) => {
      const result = operation(a, b);
      expect(packets(result)).toEqual(PORTS.flatMap((port) => ADDRESSES.filter((address) => onPacket(covers(a, port, address), covers(b, port, address))).map((address) => `${port} ${address}`)));
      // One form for one set: no stretch is empty, and none could be joined with the next.
      expect(result.every(({ addresses: some }) => some.length > 0)).toBe(true);
      expect(plus([result, result])).toEqual(result);
      expect(plus(result.flatMap((stretch): Traffic[] => [[stretch]]).toReversed())).toEqual(result);
    }), { numRuns: 1_000 });
  });

  test("towards some addresses, and all its addresses", () => {
    fc.assert(fc.property(anyTraffic, addresses, (one, some: IntervalSet) => {
      expect(packets(towards(one, some))).toEqual(packets(one).filter((packet) => covers(traffic(ALL_PORTS, some), PORTS[0]!, BigInt(packet.split(" ")[1]!))));
      expect(ADDRESSES.filter((address) => PORTS.some((port) => covers(one, port, address)))).toEqual(ADDRESSES.filter((address) => covers(traffic(ALL_PORTS, addressesOf(one)), PORTS[0]!, address)));
    }));
  });

  test("as lines is the same traffic, one line for each set of addresses", () => {
    fc.assert(fc.property(anyTraffic, (one) => {
      const lines = toLines(one);
      expect(new Set(lines.map((line) => line.addresses.join())).size).toBe(lines.length);
      const again = lines.map((line) => ({ ports: portsOf(line.ports), addresses: line.addresses.map((cidr) => cidr.split("/") as [string, string]) }));
      expect(packets(plus(again.map((line) => traffic(line.ports, setOf(line.addresses.map(([base, prefix]) => ({ first: BigInt(base.split(".")[3]!), last: BigInt(base.split(".")[3]!) + (1n << BigInt(32 - Number(prefix))) - 1n }))))))))
        .toEqual(packets(one));
    }));
  });

  test("plus takes more of them than a function takes arguments, as somebody may write policies", () => {
    const one = traffic([{ first: 443n, last: 443n }], [{ first: 1n, last: 2n }]);
    expect(plus(Array.from({ length: 200_000 }, () => one))).toEqual(one);
  });
});

describe("ports", () => {
  test("of different protocols never become one range", () => {
    const everything = portsOf([{ protocol: "TCP", port: 1, endPort: 65_535 }, { protocol: "UDP", port: 1, endPort: 65_535 }, { protocol: "SCTP", port: 1, endPort: 65_535 }]);
    expect(everything).toEqual(ALL_PORTS);
    expect(toRanges(portsOf([{ protocol: "UDP", port: 1 }, { protocol: "TCP", port: 65_535 }, { protocol: "UDP", port: 2, endPort: 3 }]))).toEqual([{ protocol: "TCP", port: 65_535, endPort: 65_535 }, { protocol: "UDP", port: 1, endPort: 3 }]);
    expect([portAt("SCTP", 9)].map(protocolAndPort)).toEqual([{ protocol: "SCTP", port: 9 }]);
    expect(() => protocolAndPort(portAt("SCTP", 65_535) + 1n)).toThrow();
  });
});
