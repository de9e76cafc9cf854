import { cpSync, globSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, test } from "vitest";
import { LIBRARY } from "../../../test/support/library-manifests.ts";
import { ConfigError } from "../../config.ts";
import { fromYaml, toYaml } from "../yaml.ts";
import { packetQuestion, type ProveOptions } from "./options.ts";
import { proveCommand } from "./prove.ts";

const NOW = Date.parse("2026-11-25T10:00:00Z");
const INPUT = join(LIBRARY, "input");

const folders: string[] = [];
function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "hoheit-prove-"));
  folders.push(made);
  return made;
}
afterEach(() => folders.splice(0).forEach((path) => rmSync(path, { recursive: true })));

/** Manifests beside those of the library, in a folder of their own. */
function withMore(...objects: readonly object[]): string {
  const path = folder();
  cpSync(INPUT, path, { recursive: true });
  writeFileSync(join(path, "more.yaml"), objects.map(toYaml).join("---\n"));
  return path;
}

async function run(over: Partial<ProveOptions> & { readonly manifests?: readonly string[] } = {}): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const { manifests = [INPUT], ...options } = over;
  const surroundings = { cluster: { pods: [], services: [], nodes: [] }, nameServers: [], operatorNamespace: "hoheit-system" };
  const code = await proveCommand({
    source: { manifests, defaultNamespace: "default", access: {}, surroundings }, output: "text", focus: {}, explain: false, connections: false, dataSets: [], ...options,
  }, { out: (text) => { out += text; }, err: (text) => { err += text; }, now: () => NOW });
  return { code, out, err };
}

const netpol = (name: string, egress: readonly object[], podSelector: object = { matchLabels: { app: "search" } }): object =>
  ({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name, namespace: "library" }, spec: { podSelector, policyTypes: ["Egress"], egress } });
const golden = (name: string): string => join(LIBRARY, "expected", name);

describe("hoheit prove says of a folder of manifests", () => {
  it("what is proved, and what gets out by which rule, with the smallest repair", async () => {
    const { code, out } = await run();
    expect(code).toBe(1);
    await expect(out).toMatchFileSnapshot(golden("proof.txt"));
  });

  it("why, if it is asked to", async () => {
    await expect((await run({ explain: true })).out).toMatchFileSnapshot(golden("explained.txt"));
  });

  it("the same for programs", async () => {
    const { code, out } = await run({ output: "json" });
    expect(code).toBe(1);
    const { verdict, namespaces, added } = JSON.parse(out) as { verdict: string; namespaces: { workloads: { id: string; verdict: string }[] }[]; added: string[] };
    expect([verdict, added]).toEqual(["REFUTED", expect.arrayContaining(["NetworkPolicy library/hoheit-application", "NetworkPolicy library/hoheit-default-deny"])]);
    expect(namespaces.flatMap(({ workloads }) => workloads.map(({ id, verdict: one }) => `${id} ${one}`))).toEqual(["archive/Deployment/scanner UNGOVERNED", "library/Deployment/catalogue PROVED", "library/Deployment/search REFUTED"]);
  });

  it("every connection, as sets", async () => {
    const { code, out } = await run({ connections: true });
    expect(code).toBe(0);
    await expect(out).toMatchFileSnapshot(golden("connections.txt"));
    const lines = JSON.parse((await run({ connections: true, output: "json", focus: { workload: "library/deployment/catalogue" } })).out) as unknown[];
    expect(lines).toEqual([
      { from: { workloads: ["library/Deployment/catalogue"] }, to: { addresses: ["198.51.100.7/32", "2001:db8:1::7/128"] }, ports: [{ protocol: "TCP", port: 443, endPort: 443 }] },
      { from: { workloads: ["library/Deployment/search"] }, to: { workloads: ["library/Deployment/catalogue"] }, ports: [{ protocol: "TCP", port: 8080, endPort: 8080 }] },
    ]);
  });

  it("the same bytes, in whatever files it stands and in whatever order", async () => {
    const other = folder();
    const objects = globSync("*.yaml", { cwd: INPUT }).toSorted().flatMap((file) => fromYaml(readFileSync(join(INPUT, file), "utf8"), file));
    const evidence = [folder(), folder()].map((path) => join(path, "evidence"));
    writeFileSync(join(other, "z.json"), JSON.stringify({ apiVersion: "v1", kind: "List", items: objects.toReversed() }));
    const [one, two] = [await run({ output: "json", evidence: evidence[0] }), await run({ manifests: [other], output: "json", evidence: evidence[1] })];
    expect(two.out).toBe(one.out);
    const filesOf = (path = ""): string[] => globSync("**/*.json", { cwd: path }).toSorted().map((file) => `${file}\n${readFileSync(join(path, file), "utf8")}`);
    expect(filesOf(evidence[1])).toEqual(filesOf(evidence[0]));
    expect(filesOf(evidence[0])).toHaveLength(3);
  });

  it("what the operator would make of them, unless they are what a cluster had", async () => {
    const deny = "hoheit-default-deny";
    const read = withMore({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x", namespace: "library", uid: "1" } });
    expect([(await run({ explain: true })).out.includes(deny), (await run({ explain: true, manifests: [read] })).out.includes(deny)]).toEqual([true, false]);
  });
});

describe("hoheit prove ends with", () => {
  test("0 when everything is proved", async () => {
    const path = folder();
    cpSync(INPUT, path, { recursive: true });
    const file = join(path, "library.yaml");
    // The repair that it proposes.
    writeFileSync(file, readFileSync(file, "utf8").replace(/ {4}- to:\n {8}- ipBlock:[^]*?port: 443}\n/, ""));
    const { code, out } = await run({ manifests: [path] });
    expect({ code, last: out.trimEnd().split("\n").at(-1) }).toEqual({ code: 0, last: "PROVED: of 2 workloads 2 PROVED; of 6 kinds of future pods 6 PROVED; 1 namespace UNGOVERNED." });
  });

  test("1 for a workload that is refuted and 0 for one that is proved, where one is asked for", async () => {
    expect((await run({ focus: { namespace: "library", workload: "deployment/search" } })).code).toBe(1);
    const { code, out } = await run({ focus: { workload: "library/Deployment/catalogue" } });
    expect([code, out]).toEqual([0, expect.not.stringContaining("search")]);
    expect((await run({ focus: { namespace: "archive" } })).code).toBe(1);
  });

  test("2 when something is not understood, and says what", async () => {
    const { code, out } = await run({ manifests: [withMore(netpol("odd", [{ to: [{ ipBlock: { cidr: "010.0.0.0/8" } }] }], { matchLabels: { app: "catalogue" } }))], focus: { workload: "library/Deployment/catalogue" } });
    expect(code).toBe(2);
    expect(out).toMatch(/^UNDETERMINED {2}library\/Deployment\/catalogue\n {14}spec\.egress\[0\]\.to\[0\]\.ipBlock\.cidr of NetworkPolicy library\/odd is "010\.0\.0\.0\/8": .*$/m);
  });

  test("2 when a kind of policy is there that nobody here knows", async () => {
    const { code, out } = await run({ manifests: [withMore({ apiVersion: "cilium.io/v2", kind: "CiliumNetworkPolicy", metadata: { name: "x", namespace: "library" } })], focus: { workload: "library/Deployment/catalogue" } });
    expect([code, out]).toEqual([2, expect.stringContaining("There are objects of kind CiliumNetworkPolicy (cilium.io/v2), which this version of Hoheit does not understand")]);
  });

  test.each<[string, Parameters<typeof run>[0], string | RegExp]>([
    ["a namespace that is not there", { focus: { namespace: "nope" } }, "--namespace nope: nothing governs a namespace of this name, and nothing runs in it"],
    ["a workload that is not there", { focus: { workload: "Pod/search" } }, "--workload Pod/search: there is none of this name"],
    ["a folder without manifests", { manifests: [LIBRARY.replace("library", "library/expected/none")] }, /ENOENT/],
    ["data sets that are too few", { dataSets: [join(INPUT, "policy.yaml")] }, "does not begin with hoheit-data-set 1"],
  ])("an error that the caller can mend, for %s", async (_, options, message) => {
    const error: unknown = await run(options).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toMatch(message);
  });

  test("an error for manifests of which one cannot be read, with its place", async () => {
    const broken = withMore({ apiVersion: "hoheit.dev/v1alpha1", kind: "SovereigntyPolicy", metadata: { name: "land" }, spec: { namespaceSelector: {} } });
    await expect(run({ manifests: [broken] })).rejects.toThrow(/more\.yaml: SovereigntyPolicy land: spec\.namespaceSelector\.matchLabels: /);
    const twice = withMore(netpol("search", []));
    await expect(run({ manifests: [twice] })).rejects.toThrow("NetworkPolicy library/search: is there twice");
    const noManifest = folder();
    writeFileSync(join(noManifest, "kustomization.yaml"), "resources: [a.yaml]\n");
    await expect(run({ manifests: [noManifest] })).rejects.toThrow("is no manifest");
  });
});

describe("data sets", () => {
  /** Two that are cut to what is asked here, of some day. */
  function sets(rir: string, geo: string, date = "2026-11-20"): string[] {
    const path = folder();
    return [["rir", rir], ["geo", geo]].map(([name = "", lines = ""]) => {
      const file = join(path, `${name}.txt`);
      writeFileSync(file, `hoheit-data-set 1 ${name} ${date} all\n${lines}\n`);
      return file;
    });
  }

  it("say where a packet goes that gets out", async () => {
    expect((await run({ dataSets: sets("AU 1.0.0.0/24", "US 1.0.0.0/8") })).out).toContain("packet      TCP 1.0.0.0:443 (rir: AU, geo: US)\n");
    expect((await run({ dataSets: sets("AU 1.0.0.0/24", "US 9.0.0.0/8") })).out).toContain("(rir: AU, geo: unknown)\n");
  });

  it("say of a declared destination that it is elsewhere, or that they do not agree, and are old", async () => {
    const path = folder();
    cpSync(INPUT, path, { recursive: true });
    const file = join(path, "policy.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace('[198.51.100.7/32, "2001:db8:1::7/128"]', "[41.0.0.0/24, 41.1.0.0/24, 41.2.0.0/24]"));
    const dataSets = sets("DE 41.0.0.0/24 41.2.0.0/24\nUS 41.1.0.0/24", "DE 41.0.0.0/24\nUS 41.1.0.0/24 41.2.0.0/24", "2026-01-01");
    const { out } = await run({ manifests: [path], dataSets });
    expect(out.split("\n").filter((line) => line.startsWith("note "))).toEqual([
      "note          data set rir is of 2026-01-01, more than 6 months ago: bring a newer one", "note          data set geo is of 2026-01-01, more than 6 months ago: bring a newer one",
      "note          library: destination warnings: 41.1.0.0/24: outside of the profile, say all data sets", "note          library: destination warnings: 41.2.0.0/24: where, data sets do not agree",
    ]);
    const evidence = join(path, "evidence");
    await run({ manifests: [INPUT], dataSets, evidence });
    expect(readFileSync(join(evidence, "root.json"), "utf8")).toMatch(/"dataSets":\[{"date":"2026-01-01","name":"geo","sha256":"sha256:[0-9a-f]{64}"},{/);
  });

  it("are at least two, each of its own name", async () => {
    const [rir = "", geo = ""] = sets("AU 1.0.0.0/24", "US 1.0.0.0/8");
    await expect(run({ dataSets: [rir] })).rejects.toThrow("--data-set: name at least two");
    await expect(run({ dataSets: [rir, geo, rir] })).rejects.toThrow("--data-set: rir is there twice");
  });
});

describe("what nobody here understands or could read", () => {
  const cilium = { apiVersion: "cilium.io/v2", kind: "CiliumNetworkPolicy", metadata: { name: "x", namespace: "library" }, spec: {} };

  it("makes the answer about a packet unclear, whatever the rules say that were read", async () => {
    for (const to of ["8.8.8.8:443", "198.51.100.7:443"]) {
      const { code, out } = await run({ manifests: [withMore(cilium)], packet: packetQuestion(["library/catalogue", to]) });
      expect(code).toBe(2);
      expect(out).toMatch(/^Unclear .*\n[^]*there is CiliumNetworkPolicy \(cilium\.io\/v2\), which nobody here understands\n$/);
    }
  });

  it("is told beside the list of connections, which may be wrong then", async () => {
    const { code, out, err } = await run({ manifests: [withMore(cilium)], connections: true, output: "json" });
    expect(code).toBe(2);
    expect(err).toBe("hoheit: the list may be wrong: there is CiliumNetworkPolicy (cilium.io/v2), which nobody here understands\n");
    expect(JSON.parse(out)).toBeInstanceOf(Array);
    expect((await run({ connections: true })).err).toBe("");
  });
});

describe("a packet", () => {
  const ask = (...texts: string[]) => run({ packet: packetQuestion(texts) });

  test.each<[string, string, number, RegExp]>([
    ["library/search", "203.0.113.9:443/TCP", 1, /^Allowed .* -> TCP 203\.0\.113\.9:443: no policy allows it\n +by NetworkPolicy library\/search spec\.egress\[0\]\n$/],
    ["library/Deployment/catalogue", "[2001:db8:1::7]:443", 0, /^Allowed .* -> TCP \[2001:db8:1::7\]:443: a destination of the policy\n/],
    ["library/catalogue", "203.0.113.9:443/tcp", 0, /^Denied .*203\.0\.113\.9:443\n +held by NetworkPolicy library\/hoheit-default-deny\n/],
    ["library/search", "library/catalogue:8080", 0, /^Allowed .* -> TCP library\/Deployment\/catalogue:8080: governed itself\n +by NetworkPolicy library\/search spec\.egress\[1\]\n +by NetworkPolicy library\/catalogue spec\.ingress\[0\]\n$/],
    ["library/catalogue", "library/search:80", 0, /^Denied /],
    ["archive/scanner", "203.0.113.9:1/SCTP", 1, /^Allowed .*no policy allows it\n +no policy isolates it\n$/],
    ["library/*", "203.0.113.9:443/UDP", 0, /^Denied /],
    ["library/*", "203.0.113.9:443", 1, /^Allowed {7}library\/\* -> TCP/],
  ])("from %s to %s", async (from, to, code, text) => {
    const answered = await ask(from, to);
    expect(answered.out).toMatch(text);
    expect(answered.code).toBe(code);
  });

  test("that nobody can decide is neither", async () => {
    const manifests = [withMore(netpol("odd", [{ to: [{ ipBlock: { cidr: "010.0.0.0/8" } }] }], { matchLabels: { app: "catalogue" } }))];
    const { code, out } = await run({ manifests, packet: packetQuestion(["library/catalogue", "8.8.8.8:443"]), output: "json" });
    expect([code, JSON.parse(out)]).toEqual([2, [expect.objectContaining({ verdict: "Unclear", doubts: [expect.stringContaining("010.0.0.0/8")] })]]);
  });

  test("of a name that several workloads have, or none", async () => {
    const twin = withMore({ apiVersion: "apps/v1", kind: "StatefulSet", metadata: { name: "search", namespace: "library" }, spec: { template: { metadata: { labels: { app: "twin" } }, spec: { containers: [{ name: "c" }] } } } });
    await expect(run({ manifests: [twin], packet: packetQuestion(["library/search", "8.8.8.8:443"]) })).rejects.toThrow("library/search may be library/Deployment/search or library/StatefulSet/search: name the kind, too");
    await expect(ask("library/nobody", "8.8.8.8:443")).rejects.toThrow("--packet: library/nobody is no address, and there is no workload of this name");
  });

  test.each([["a"], ["a", "b", "c"], ["a", "8.8.8.8"], ["a", "8.8.8.8:0"], ["a", "8.8.8.8:70000"], ["a", "8.8.8.8:443/ICMP"], ["a", "[8.8.8.8:443"]])("is not asked about by %s %s %s", (...texts) => {
    expect(() => packetQuestion(texts.filter((text) => text !== undefined))).toThrow("--packet takes FROM TO:PORT/PROTOCOL");
  });
});

describe("evidence", () => {
  it("is written as it ever was", async () => {
    const path = join(folder(), "evidence");
    const { out } = await run({ evidence: path });
    expect(out).toMatch(/^Evidence in .*, root sha256:[0-9a-f]{64}$/m);
    for (const file of ["root.json", "namespaces/archive.json", "namespaces/library.json"]) {
      // The version of the program is in it.
      await expect(readFileSync(join(path, file), "utf8").replace(/"version":"\d+\.\d+\.\d+[^"]*"/, '"version":"VERSION"').replace(/"root":"sha256:[0-9a-f]{64}"/, '"root":"ROOT"')).toMatchFileSnapshot(golden(`evidence/${file}`));
    }
  });

  it("replaces none", async () => {
    const path = folder();
    await run({ evidence: path });
    await expect(run({ evidence: path })).rejects.toThrow("there is evidence in it already");
    renameSync(join(path, "root.json"), join(path, "old.json"));
    expect((await run({ evidence: path })).code).toBe(1);
  });

  it("is the caller's to mend where it cannot be written", async () => {
    const file = join(folder(), "file");
    writeFileSync(file, "");
    const failure = await run({ evidence: join(file, "below") }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    expect((failure as Error).message).toMatch(/^--evidence .*\/file\/below: ENOTDIR/);
  });

  it("is of everything, whatever part is asked for", async () => {
    const [whole, part] = [folder(), folder()];
    await run({ evidence: whole });
    await run({ evidence: part, focus: { workload: "library/Deployment/catalogue" } });
    expect(readFileSync(join(part, "root.json"), "utf8")).toBe(readFileSync(join(whole, "root.json"), "utf8"));
  });
});
