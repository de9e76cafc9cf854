import { expect, test } from "vitest";
import { nameServers } from "./resolv-conf.ts";

test("name servers of a resolv.conf are its addresses, three at most", () => {
  expect(nameServers("search a.svc.cluster.local\nnameserver 10.96.0.10\n  nameserver\tfd00:96::a # two\n#nameserver 192.0.2.1\nnameserver dns.example\noptions ndots:5\n")).toEqual(["10.96.0.10", "fd00:96::a"]);
  expect(nameServers(["1", "2", "3", "4"].map((last) => `nameserver 192.0.2.${last}`).join("\n"))).toHaveLength(3);
  expect(nameServers("")).toEqual([]);
});
