import type { networkInterfaces } from "node:os";
import { describe, expect, it } from "vitest";
import { globalAddresses, withoutMapping } from "./addresses.ts";

const of = (...all: [address: string, internal?: boolean][]): ReturnType<typeof networkInterfaces> =>
  ({ eth0: all.map(([address, internal = false]) => ({ address, internal })) }) as unknown as ReturnType<typeof networkInterfaces>;

describe("globalAddresses", () => {
  it("leaves out what never leaves: loopback, and a link's own IPv6 addresses", () => {
    expect(globalAddresses(of(["127.0.0.1", true], ["::1", true], ["fe80::1"], ["FEBF::1"]))).toEqual([]);
    expect(globalAddresses({ eth0: undefined })).toEqual([]);
  });

  it("counts private addresses of both families", () => {
    expect(globalAddresses(of(["10.244.0.9"], ["fd00:244::9"], ["fec0::1"]))).toEqual(["10.244.0.9", "fd00:244::9", "fec0::1"]);
  });

  it("counts an IPv4 address that is called link-local: networks for IPv6 translate it, and it gets out", () => {
    expect(globalAddresses(of(["2001:db8::9"], ["169.254.172.3"]))).toEqual(["2001:db8::9", "169.254.172.3"]);
  });
});

describe("withoutMapping", () => {
  it("takes the mapping off an IPv4 address and nothing else", () => {
    expect(["::ffff:10.0.0.1", "::FFFF:10.0.0.1", "10.0.0.1", "::ffff:0:1", "fd00::1"].map(withoutMapping)).toEqual(["10.0.0.1", "10.0.0.1", "10.0.0.1", "::ffff:0:1", "fd00::1"]);
  });
});
