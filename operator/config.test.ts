import { describe, expect, it } from "vitest";
import { addressesIn, ConfigError, loadConfig, loadProbeConfig, settingHelp } from "./config.ts";

const IMAGE = { HOHEIT_IMAGE: "registry.example/hoheit@sha256:0f" };

const problems = (flags: Record<string, unknown>, environment: Record<string, string> = {}): string => {
  try {
    loadConfig(flags, { ...IMAGE, ...environment });
    return "";
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
};

describe("loadConfig", () => {
  it("has a working default for everything but its image", () => {
    expect(loadConfig({}, IMAGE)).toMatchObject({
      namespace: "hoheit-system", workers: 10, logLevel: "info", listen: { host: "::", port: 8080 },
      listenControl: { host: "::", port: 8446 }, listenTripwire: { host: "::", port: 8447 },
      lease: { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000, pollMs: 1_000 }, inCluster: undefined,
    });
  });

  it("has no port for the report unless it is told", () => {
    expect(loadConfig({}, IMAGE).listenReport).toBeUndefined();
    expect(loadConfig({ listenReport: ":8082" }, IMAGE).listenReport).toEqual({ host: "::", port: 8082 });
  });

  it("takes variables, and flags before them", () => {
    const environment = { ...IMAGE, HOHEIT_WORKERS: "4", HOHEIT_LOG_LEVEL: "debug" };
    expect(loadConfig({ workers: "8" }, environment)).toMatchObject({ workers: 8, logLevel: "debug" });
  });

  it("takes an empty variable for one that is not set", () => {
    expect(loadConfig({}, { ...IMAGE, HOHEIT_WORKERS: "" }).workers).toBe(10);
  });

  it.each([
    [":9090", { host: "::", port: 9090 }],
    ["127.0.0.1:0", { host: "127.0.0.1", port: 0 }],
    ["[::1]:8080", { host: "::1", port: 8080 }],
  ])("reads the address %s", (listen, expected) => {
    expect(loadConfig({ listen }, IMAGE).listen).toEqual(expected);
  });

  it.each([
    [{ workers: "many" }, "--workers (HOHEIT_WORKERS)"],
    [{ workers: "0" }, "--workers"],
    [{ listen: "8080" }, "--listen (HOHEIT_LISTEN): takes host:port"],
    [{ listen: ":99999" }, "--listen"],
    [{ listenReport: "8082" }, "--listen-report (HOHEIT_LISTEN_REPORT): takes host:port"],
    [{ image: "https://registry.example/hoheit latest" }, "--image (HOHEIT_IMAGE): is no image reference"],
    [{ logLevel: "loud" }, "--log-level"],
    [{ probeSchedule: "0 3 * * MON" }, "--probe-schedule (HOHEIT_PROBE_SCHEDULE): takes MINUTE HOUR * * *"],
    [{ probeTargets: '[{"name":"a","address":"proxy.example","port":1}]' }, "--probe-targets (HOHEIT_PROBE_TARGETS): 0.address: is no IP address"],
    [{ clusterDns: "10.96.0.10,dns" }, "--cluster-dns (HOHEIT_CLUSTER_DNS): is no IP address"],
    [{ probeDnsName: "a..b" }, "--probe-dns-name"],
    [{ leaseSeconds: "soon" }, "--lease-seconds (HOHEIT_LEASE_SECONDS): takes a number of seconds"],
    [{ renewSeconds: "20" }, "retrySeconds * 1.2 < renewSeconds < leaseSeconds must hold"],
    [{ retrySeconds: "9" }, "retrySeconds * 1.2 < renewSeconds < leaseSeconds must hold"],
    [{ metricsScraper: "prometheus" }, "--metrics-scraper (HOHEIT_METRICS_SCRAPER): is not JSON"],
    [{ metricsScraper: '{"namespace":"monitoring","podSelector":{}}' }, "podSelector: names at least one label"],
  ])("refuses %j and names the setting", (flags, words) => {
    expect(problems(flags)).toContain(words);
  });

  it("does not start without the image that gates run from", () => {
    expect(problems({}, { HOHEIT_IMAGE: "" })).toContain("--image (HOHEIT_IMAGE): names the image of Hoheit");
  });

  it("names every setting that is wrong, not only the first", () => {
    expect(problems({ workers: "x", logLevel: "y" }).split("\n")).toHaveLength(2);
  });

  it("knows the API server's address from what Kubernetes tells every pod", () => {
    expect(loadConfig({}, { ...IMAGE, KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "443" }).inCluster).toEqual({ host: "10.96.0.1", port: "443" });
  });

  it("explains every setting", () => {
    for (const { flag, variable, help } of settingHelp) {
      expect(flag).toMatch(/^--[a-z-]+$/);
      expect(variable).toMatch(/^HOHEIT_[A-Z_]+$/);
      expect(help).not.toBe("");
    }
  });
});

describe("settings of probes", () => {
  it("are read as the builder of the CronJob takes them", () => {
    const { probeSchedule, probeTargets, clusterDns, probeDnsName } = loadConfig({ probeTargets: '[{"name":"proxy","address":"2001:db8::8","port":3128}]', clusterDns: "10.96.0.10,fd00:96::a" }, IMAGE);
    expect(probeSchedule.minutes).toEqual([0, 15, 30, 45]);
    expect(probeTargets).toEqual([{ name: "proxy", address: "2001:db8::8", port: 3128, protocol: "TCP" }]);
    expect(clusterDns).toEqual(["10.96.0.10", "fd00:96::a"]);
    expect(probeDnsName).toBe("example.com");
  });

  it("of a probe are the plan, and what Kubernetes tells every pod", () => {
    const plan = { of: "0123456789abcdef", tripwire: ["10.96.0.5"], dns: [], dnsName: "example.com", own: [] };
    const flags = { plan: JSON.stringify(plan), terminationLog: "/tmp/x" };
    expect(loadProbeConfig(flags, { KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "443" })).toEqual({ plan, terminationLog: "/tmp/x", apiServer: { host: "10.96.0.1", port: "443" } });
    expect(() => loadProbeConfig({ ...flags, plan: "{}" }, {})).toThrow("--plan: of:");
  });
});

describe("a list of addresses", () => {
  it("is cut at its commas, and names what is no address", () => {
    expect(addressesIn("10.96.0.5,fd00:96::5")).toEqual(["10.96.0.5", "fd00:96::5"]);
    expect(() => addressesIn("10.96.0.5,tripwire.svc")).toThrow('--tripwire: "tripwire.svc" is no address');
    expect(() => addressesIn("")).toThrow('--tripwire: "" is no address');
  });
});
