/**
 * `hoheit prove` and `hoheit verify` as people run them: programs of their own, on a real API server with a kubeconfig, and
 * then without one on what kubectl would print of it.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dumpManifests, hoheit as run } from "../support/command-line.ts";
import { rawCall, startControlPlane, uniqueNamespace, installHoheit, type ControlPlane } from "../support/control-plane.ts";
import { put } from "../support/house.ts";
import { destination, svp } from "../support/makers.ts";

const GOVERNED = { "test.example/governed-by": "prove" };
let plane: ControlPlane & AsyncDisposable;
let namespace: string;
let folder: string;

/** Nobody reconciles here: what is in the cluster is what is proved. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hoheit-prove-"));
  plane = await startControlPlane();
  await installHoheit(plane);
  await put(plane, svp("prove").selects(GOVERNED).destinations(destination("mirror", { roles: ["Application"] })).manifest());
  namespace = await uniqueNamespace(plane, { prefix: "prove", labels: GOVERNED });
  const path = `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`;
  const policy = (name: string, spec: object): Promise<unknown> => rawCall(plane, "POST", path, { body: { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name }, spec } });
  await policy("deny", { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
  await policy("mirror", { podSelector: { matchLabels: { app: "tight" } }, policyTypes: ["Egress"], egress: [{ to: [{ ipBlock: { cidr: "198.51.100.7/32" } }], ports: [{ port: 443 }] }] });
  await policy("leak", { podSelector: { matchLabels: { app: "leaky" } }, policyTypes: ["Egress"], egress: [{ to: [{ ipBlock: { cidr: "0.0.0.0/0", except: ["10.0.0.0/8"] } }], ports: [{ port: 443 }] }] });
  for (const app of ["tight", "leaky"]) await deployment(app);
}, 120_000);

afterAll(async () => {
  await plane.stop();
  rmSync(folder, { recursive: true });
});

function deployment(app: string): Promise<unknown> {
  const labels = { app };
  const spec = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: "c", image: "registry.example/c:1" }] } } };
  return rawCall(plane, "POST", `/apis/apps/v1/namespaces/${namespace}/deployments`, { body: { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: app }, spec } });
}

const hoheit = (...args: string[]) => run(folder, ...args);
const prove = (...args: string[]) => hoheit("prove", "--kubeconfig", plane.kubeconfig(), ...args);

describe("hoheit prove", () => {
  it("proves one workload of a cluster and refutes another, with the packet, the rule and the repair", async () => {
    const { code, out, err } = await prove("--namespace", namespace);
    expect({ code, err }).toEqual({ code: 1, err: "" });
    expect(out).toContain(`PROVED        ${namespace}/Deployment/tight\n`);
    expect(out).toMatch(new RegExp([
      `^REFUTED       ${namespace}/Deployment/leaky$`, " {14}packet      TCP [0-9.]+:443", ` {14}allowed by  NetworkPolicy ${namespace}/leak spec.egress\\[0\\].to\\[0\\]`, ` {14}repair      Remove spec.egress\\[0\\] of NetworkPolicy ${namespace}/leak\\.$`,
    ].join("\n"), "m"));
    expect(out).toMatch(/\nREFUTED: of 2 workloads 1 REFUTED, 1 PROVED; [^\n]*\n$/);
  });

  it("ends with 0 for what is proved, and answers for one packet", async () => {
    expect((await prove("-w", `${namespace}/deployment/tight`)).code).toBe(0);
    expect(await prove("--packet", `${namespace}/leaky`, "203.0.113.9:443/TCP")).toMatchObject({ code: 1, out: expect.stringMatching(/^Allowed .*no policy allows it\n/) });
    expect(await prove("--packet", `${namespace}/tight`, "203.0.113.9:443/TCP")).toMatchObject({ code: 0, out: expect.stringMatching(/^Denied /) });
  });

  it("names what may not be read", async () => {
    const { code, out } = await hoheit("prove", "--kubeconfig", plane.kubeconfig("user"));
    expect([code, out]).toEqual([1, expect.stringMatching(/^note {10}could not be read: Namespace: Forbidden\n[^]*could not be read: SovereigntyPolicy: Forbidden\n/)]);
  });

  it("ends with 3 where there is nothing to prove, and says what to mend", async () => {
    expect(await prove("--namespace", "none-of-this-name")).toMatchObject({ code: 3, out: "", err: "hoheit: --namespace none-of-this-name: nothing governs a namespace of this name, and nothing runs in it\n" });
    expect(await prove("--packet", "a")).toMatchObject({ code: 3, err: expect.stringContaining("--packet takes FROM TO:PORT/PROTOCOL") });
    expect(await prove("--nonsense")).toMatchObject({ code: 3, err: expect.stringContaining("unknown option '--nonsense'") });
    expect(await hoheit("prove")).toMatchObject({ code: 3, err: expect.stringMatching(/^hoheit: cannot read the cluster: .*; --manifests reads files instead\n$/) });
  });
});

describe("evidence of a cluster", () => {
  it("fits what kubectl prints of it, and nothing else", async () => {
    const [evidence, manifests] = [join(folder, "evidence"), join(folder, "manifests")];
    await dumpManifests(plane, manifests);
    expect((await prove("--evidence", evidence)).code).toBe(1);
    const fits = await hoheit("verify", evidence, "--manifests", manifests);
    expect(fits).toMatchObject({ code: 1, err: "", out: expect.stringMatching(/\nIt fits these manifests, and says REFUTED\.\n$/) });
    const bundle = join(evidence, "namespaces", `${namespace}.json`);
    writeFileSync(bundle, readFileSync(bundle, "utf8").replace('"verdict":"REFUTED"', '"verdict":"PROVED"'));
    expect(await hoheit("verify", evidence, "--manifests", manifests)).toMatchObject({ code: 4, out: expect.stringContaining(`${namespace}: its content is not what its hash is of: the bundle was edited\n`) });
    expect((await hoheit("verify", evidence)).code).toBe(3);
  });
});
