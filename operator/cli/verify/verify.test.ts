import { generateKeyPairSync } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from "vitest";
import { LIBRARY } from "../../../test/support/library-manifests.ts";
import { dataOf } from "../../kinds/sovereignty-policy/proof/evidence-data.ts";
import { canonicalJson } from "../../lib/hash.ts";
import { rootListOf, type Evidence } from "../../sovereignty/evidence/evidence.ts";
import { readEvidence } from "../evidence-folder.ts";
import { proveCommand } from "../prove/prove.ts";
import { toYaml } from "../yaml.ts";
import { verifyCommand, type VerifyOptions } from "./verify.ts";

const INPUT = join(LIBRARY, "input");
const { privateKey, publicKey } = generateKeyPairSync("ed25519");
let place: string;
let made: string;
let path: string;
let key: string;

beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), "hoheit-verify-"));
  key = join(place, "key.pem");
  writeFileSync(key, privateKey.export({ type: "pkcs8", format: "pem" }));
  writeFileSync(`${key}.pub`, publicKey.export({ type: "spki", format: "pem" }));
  made = join(place, "made");
  const surroundings = { cluster: { pods: [], services: ["10.96.0.0/12"], nodes: [] }, nameServers: ["169.254.20.10"], operatorNamespace: "hoheit-system" };
  const source = { manifests: [INPUT], defaultNamespace: "default", access: {}, surroundings };
  await proveCommand({ source, output: "text", focus: {}, explain: false, connections: false, dataSets: [], evidence: made, sign: key }, { out: () => undefined, err: () => undefined, now: () => Date.parse("2026-11-25T10:00:00Z") });
});
afterAll(() => rmSync(place, { recursive: true }));
beforeEach(() => {
  path = mkdtempSync(join(place, "evidence-"));
  cpSync(made, path, { recursive: true });
});

async function verify(over: Partial<VerifyOptions> & { readonly keyFile?: string; readonly root?: string } = {}): Promise<{ code: number; out: string }> {
  let out = "";
  const { keyFile, root, ...options } = over;
  const code = await verifyCommand({ evidence: { path, keyFile, root }, manifests: [INPUT], defaultNamespace: "default", output: "text", ...options }, (text) => { out += text; });
  return { code, out };
}

function edit(file: string, change: (text: string) => string): void {
  writeFileSync(join(path, file), change(readFileSync(join(path, file), "utf8")));
}
const rootOf = (): string => (JSON.parse(readFileSync(join(path, "root.json"), "utf8")) as { root: string }).root;

describe("hoheit verify", () => {
  it("finds that evidence fits its manifests, with what no manifest says, and says that this is all it shows", async () => {
    const { code, out } = await verify();
    expect(code).toBe(1);
    expect(out.replace(rootOf(), "ROOT").replace(/\d+ objects/, "N objects").replace(/\d+ packets/, "N packets")).toBe([
      "Evidence of 2026-11-25T10:00:00.000Z, root ROOT", "Tried: 2 namespaces, N objects, 7 counterexamples, N packets",
      "This shows that the evidence fits these manifests, and no more: not that the cluster held them, nor that its network enforced them.", "It fits these manifests, and says REFUTED.", "",
    ].join("\n"));
  });

  it("ends with the verdict that it finds right, for programs, too", async () => {
    const { code, out } = await verify({ output: "json" });
    expect([code, JSON.parse(out)]).toEqual([1, expect.objectContaining({ problems: [], verdict: "REFUTED", root: rootOf() })]);
  });

  it("finds other manifests", async () => {
    const manifests = [join(place, "other")];
    cpSync(INPUT, manifests[0]!, { recursive: true });
    const file = join(manifests[0]!, "library.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace("cidr: 0.0.0.0/0", "cidr: 1.0.0.0/8").replace("except: [10.0.0.0/8, 192.0.2.0/24]", "except: []"));
    const { code, out } = await verify({ manifests });
    expect(code).toBe(4);
    expect(out).toContain("library: networking.k8s.io/v1 NetworkPolicy library/search is not what the evidence rests on\n");
    expect(out).toMatch(/It does not fit these manifests: 1 problem\.\n$/);
  });

  test.each<[string, string, (text: string) => string]>([
    ["a verdict", "namespaces/library.json", (text) => text.replace("REFUTED", "PROVED")], ["a hash", "root.json", (text) => text.replace(/sha256:./, "sha256:x")], ["the spelling", "root.json", (text) => text.replace("{", "{ ")],
    ["a word that is none", "namespaces/library.json", (text) => text.replace("REFUTED", "REFUSED")], ["a whole file", "namespaces/library.json", () => "{}\n"],
  ])("finds %s that somebody edited", async (_, file, change) => {
    edit(file, change);
    expect((await verify()).code).toBe(4);
    expect(JSON.parse((await verify({ output: "json" })).out)).toMatchObject({ problems: [{}] });
  });

  it("finds a file that is missing, and one that does not belong there", async () => {
    writeFileSync(join(path, "namespaces", "other.json"), "{}\n");
    expect(await verify()).toEqual({ code: 4, out: `${path}: namespaces/other.json: root.json names no such namespace\nIt is not as hoheit has written it.\n` });
    for (const file of ["other", "archive"]) rmSync(join(path, "namespaces", `${file}.json`));
    expect((await verify()).out).toContain("namespaces/archive.json: there is no such file");
  });
});

describe("who made it", () => {
  const refused = (message: string) => ({ code: 4, out: `${path}: ${message}\nIt is not as hoheit has written it.\n` });

  it("says a signature", async () => {
    expect((await verify({ keyFile: `${key}.pub` })).out).toContain("The root is signed with this key.\n");
    edit("root.dsse.json", (text) => text.replace(/"sig":"...../, '"sig":"AAAAA'));
    expect(await verify({ keyFile: `${key}.pub` })).toEqual(refused("root.dsse.json: the signature is not that of its content: it was edited"));
    edit("root.dsse.json", () => "nonsense");
    expect((await verify({ keyFile: `${key}.pub` })).out).toContain("it is no DSSE envelope");
  });

  it("does not say one over something else, nor one that is not there", async () => {
    edit("root.json", (text) => text.replace("2026-11-25T10:00:00.000Z", "2026-11-26T10:00:00.000Z"));
    expect(await verify({ keyFile: `${key}.pub` })).toEqual(refused("root.dsse.json: what was signed is another root than root.json"));
    rmSync(join(path, "root.dsse.json"));
    expect(await verify({ keyFile: `${key}.pub` })).toEqual(refused("root.dsse.json: there is no such file: it is not signed"));
  });

  it("cannot be asked with a key that is none", async () => {
    await expect(verify({ keyFile: join(INPUT, "policy.yaml") })).rejects.toThrow(/^--key .*policy\.yaml: it is no public key in PEM$/);
    await expect(verify({ keyFile: join(path, "gone.pem") })).rejects.toThrow("ENOENT");
  });

  it("says a root that somebody kept", async () => {
    expect((await verify({ root: rootOf() })).code).toBe(1);
    expect(await verify({ root: "sha256:0" })).toEqual(refused(`its root is ${rootOf()}, not sha256:0`));
  });
});

describe("evidence that the operator keeps", () => {
  /** As kubectl prints all ConfigMaps of the operator's namespace. */
  async function configMaps(...roots: readonly object[]): Promise<string> {
    const { bundles, ...rest } = (await readEvidence({ path })) as Evidence;
    const values = [...roots, rootListOf({ ...rest, bundles }), ...bundles];
    const items = values.map((value, at) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: `c${at}` }, ...dataOf("c", value) }));
    const file = join(path, "evidence.yaml");
    writeFileSync(file, toYaml({ apiVersion: "v1", kind: "List", items: [...items, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "other" }, data: { x: "y" } }] }));
    return file;
  }

  it("is put together from its ConfigMaps: the newest, or the one that is asked for", async () => {
    const older = { ...rootListOf((await readEvidence({ path })) as Evidence), root: "sha256:older", facts: { asOf: "2026-11-24T10:00:00.000Z" } };
    const file = await configMaps(older);
    expect((await verify({ evidence: { path: file } })).out).toContain("It fits these manifests, and says REFUTED.");
    expect((await verify({ evidence: { path: file, root: "sha256:older" } })).code).toBe(4);
    await expect(verify({ evidence: { path: file, root: "sha256:none" } })).rejects.toThrow("there is no evidence sha256:none in it");
    await expect(verify({ evidence: { path: file, keyFile: key } })).rejects.toThrow("--key: only a folder has root.dsse.json");
  });

  it("lacks no bundle", async () => {
    const file = await configMaps();
    const text = readFileSync(file, "utf8");
    expect(text).toContain(canonicalJson({ namespace: "library" }).slice(1, -1));
    writeFileSync(file, text.split("  - apiVersion").filter((part) => !part.includes('"labelSpace":[{')).join("  - apiVersion"));
    expect((await verify({ evidence: { path: file } })).out).toContain("is not the one that the root names");
  });

  test("is in no other file", async () => {
    await expect(verify({ evidence: { path: join(INPUT, "policy.yaml") } })).rejects.toThrow("there is no evidence in a ConfigMap in it");
    await expect(verify({ evidence: { path: join(path, "none") } })).rejects.toThrow("ENOENT");
  });
});
