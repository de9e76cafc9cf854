/**
 * Proofs on a real API server: what the operator proves of governed namespaces as rules and pods change, what it says of it
 * where, and what it keeps as evidence, which `hoheit verify` re-checks with another code path.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONFIG_MAPS, NETWORK_POLICIES, PODS } from "../../operator/kube/resources.ts";
import { collectionPath } from "../../operator/kube/url.ts";
import type { Condition, ConfigMap, Live } from "../../operator/lib/k8s-types.ts";
import { EVIDENCE } from "../../operator/lib/labels.ts";
import { OPERATOR_NAMESPACE } from "../../operator/lib/names.ts";
import { oldestFirst, rootIn, valueIn } from "../../operator/kinds/sovereignty-policy/proof/evidence-data.ts";
import { sovereigntyPolicy, type SovereigntyPolicy } from "../../operator/kinds/sovereignty-policy/schema.ts";
import { digestOf, rootOf, type Bundle, type Evidence } from "../../operator/sovereignty/evidence/evidence.ts";
import { dumpManifests, hoheit } from "../support/command-line.ts";
import { consistently, eventually, rawCall, uniqueNamespace, type ControlPlane } from "../support/control-plane.ts";
import { leads } from "../support/crash-house.ts";
import { conditionOf, find, furnishedNamespace, put, startHouse, untilReason } from "../support/house.ts";
import { destination, lmd, svp } from "../support/makers.ts";
import { startOperator, type RunningOperator } from "../support/operator.ts";

const KEY = "test.example/proved-as";
let plane: ControlPlane & AsyncDisposable;
let operator: RunningOperator;

beforeAll(async () => {
  plane = await startHouse();
  operator = await startOperator(plane);
  await eventually(() => leads(operator), { timeoutMs: 60_000 });
}, 180_000);

afterAll(async () => {
  await operator[Symbol.asyncDispose]();
  await plane.stop();
});

/** Nothing guards: here it is shown what is said of what got through. */
const policy = (name: string) => svp(name).selects({ [KEY]: name }).spec({ ungoverned: "Report", enforcement: { guard: "Off", clusterNetworkPolicy: "Off" } });
const governed = (as: string): Promise<string> => uniqueNamespace(plane, { prefix: "prv", labels: { [KEY]: as } });
const policyNamed = (name: string): Promise<Live<SovereigntyPolicy> | undefined> => find(plane, sovereigntyPolicy.resource as never, undefined as never, name);
const untilProved = (name: string, reason: string): Promise<Condition> => eventually(async () => {
  const condition = conditionOf(await policyNamed(name), "Proved");
  if (condition?.reason !== reason) throw new Error(`Proved is ${condition?.status} ${condition?.reason}: ${condition?.message}`);
  return condition;
}, { timeoutMs: 30_000 });
const create = (path: string, body: object): Promise<unknown> => rawCall(plane, "POST", path, { body });
const opening = (name: string, to: object[]): object =>
  ({ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name }, spec: { podSelector: { matchLabels: { app: "relay" } }, policyTypes: ["Egress"], egress: [{ to, ports: [{ protocol: "TCP", port: 443 }] }] } });
const configMaps = async (part: "Root" | "Bundle"): Promise<Live<ConfigMap>[]> =>
  (await rawCall<{ items: Live<ConfigMap>[] }>(plane, "GET", `${collectionPath(CONFIG_MAPS, OPERATOR_NAMESPACE)}?labelSelector=${EVIDENCE}%3D${part}`)).items;

/** When the operator read the cluster that it proved last, in seconds since 1970. */
async function provedAt(): Promise<number> {
  const text = await (await fetch(`${await operator.address()}/metrics`)).text();
  return Number(/^hoheit_proof_timestamp_seconds (\S+)$/m.exec(text)?.[1]);
}

/** The newest evidence, put together again. */
async function evidence(): Promise<Evidence> {
  const newest = oldestFirst((await configMaps("Root")).flatMap((live) => rootIn(live) ?? [])).at(-1);
  if (newest === undefined) throw new Error("no evidence is kept");
  const bundles = new Map((await configMaps("Bundle")).map((live) => valueIn(live) as Bundle).map((bundle) => [bundle.sha256, bundle]));
  return { ...newest, bundles: newest.bundles.map(({ sha256 }) => bundles.get(sha256) as Bundle) };
}

describe("a governed namespace", () => {
  it("is proved once it is sealed, refuted with a packet by a rule that opens it, and proved again when the rule is gone", async () => {
    await put(plane, policy("flip").manifest());
    const namespace = await governed("flip");
    expect((await untilProved("flip", "AllProved")).message).toMatch(/any pod that could appear in 1 namespace/);
    const path = collectionPath(NETWORK_POLICIES, namespace);
    await create(path, opening("to-the-world", [{ ipBlock: { cidr: "0.0.0.0/0", except: ["10.0.0.0/8"] } }]));
    const refuted = await untilProved("flip", "Refuted");
    expect(refuted.message).toMatch(new RegExp(`^Any Application pod in namespace ${namespace} may send to TCP [0-9.]+:443\\. .*to-the-world`));
    await rawCall(plane, "DELETE", `${path}/to-the-world`);
    await untilProved("flip", "AllProved");
    const events = await rawCall<{ items: { reason: string; regarding: { name: string } }[] }>(plane, "GET", "/apis/events.k8s.io/v1/namespaces/default/events");
    expect(events.items.filter(({ regarding }) => regarding.name === "flip").map(({ reason }) => reason)).toEqual(expect.arrayContaining(["AllProved", "Refuted"]));
  });

  it("may let out what its policy declares", async () => {
    await put(plane, policy("declared").destinations(destination("mirror")).manifest());
    await governed("declared");
    await untilProved("declared", "AllProved");
  });

  it("is not proved while something in it uses the network of its node", async () => {
    const namespace = await governed("host");
    await create(collectionPath(PODS, namespace), { apiVersion: "v1", kind: "Pod", metadata: { name: "agent" }, spec: { hostNetwork: true, containers: [{ name: "c", image: "registry.example/agent:1" }] } });
    await put(plane, policy("host").manifest());
    expect((await untilProved("host", "NotHeld")).message).toContain(`${namespace}/Pod/agent uses its node's network`);
    expect((await policyNamed("host"))?.status?.workloads).toEqual({ proved: 0, refuted: 0, undetermined: 0, ungoverned: 1 });
  });
});

describe("a deployment in a governed namespace", () => {
  it("says of its seal that the rules let it out, as soon as another policy opens it", async () => {
    await put(plane, policy("serve").manifest());
    const namespace = await furnishedNamespace(plane);
    await rawCall(plane, "PATCH", `/api/v1/namespaces/${namespace}`, { body: { metadata: { labels: { [KEY]: "serve" } } }, contentType: "application/merge-patch+json" });
    await put(plane, lmd("a").namespace(namespace).manifest());
    await untilReason(plane, namespace, "a", "Serving");
    const seal = (reason: string): Promise<Condition> => eventually(async () => {
      const condition = conditionOf(await rawCall(plane, "GET", `/apis/hoheit.dev/v1alpha1/namespaces/${namespace}/languagemodeldeployments/a`), "EgressSealed");
      if (condition?.reason !== reason) throw new Error(`EgressSealed is ${condition?.reason}: ${condition?.message}`);
      return condition;
    }, { timeoutMs: 30_000 });
    await seal("NotProbed");
    await untilProved("serve", "AllProved");
    await create(collectionPath(NETWORK_POLICIES, namespace), { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: "open" }, spec: { podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: "2001:db8::/32" } }] }] } });
    expect((await seal("OtherPolicyAllowsEgress")).status).toBe("False");
    await untilProved("serve", "Refuted");
  });
});

describe("data sets", () => {
  it("are read where the policy says they are; what they say of a destination is in the condition and in the evidence", async () => {
    const compact = (name: string, country: string): string => `hoheit-data-set 1 ${name} 2026-11-20 all\n${country} 41.0.0.0/22\n`;
    const putDataSet = (name: string, text: string): Promise<unknown> => create(collectionPath(CONFIG_MAPS, OPERATOR_NAMESPACE), { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { "data-set.txt": text } });
    await putDataSet("countries-one", compact("one", "US"));
    const dataSets = ["one", "two"].map((name) => ({ name, configMapRef: { name: `countries-${name}` } }));
    await put(plane, policy("located").destinations(destination("mirror", { cidrs: ["41.0.0.0/24"] })).spec({ dataSets }).manifest());
    const namespace = await governed("located");
    const ready = (pattern: RegExp): Promise<unknown> => eventually(async () => expect(conditionOf(await policyNamed("located"), "Ready")?.message).toMatch(pattern), { timeoutMs: 25_000 });
    await ready(/spec\.dataSets\[two\]: ConfigMap hoheit-system\/countries-two is not there; make it with hoheit data-set\..*only one can be believed/);
    await putDataSet("countries-two", compact("two", "US"));
    await eventually(async () => {
      const found = await evidence();
      expect(found.facts.dataSets.map(({ name }) => name)).toEqual(["one", "two"]);
      expect(found.bundles.find((bundle) => bundle?.namespace === namespace)?.places).toEqual([{ destination: "mirror", inside: [], outside: ["41.0.0.0/24"], undetermined: [], special: [] }]);
    }, { timeoutMs: 25_000 });
    await ready(/spec\.destinations\[mirror\]\.cidrs: 41\.0\.0\.0\/24: the data sets agree that this is outside/);
  });
});

describe("evidence", () => {
  it("is kept with every object that it rests on, hangs together, and names the one before it", async () => {
    await put(plane, policy("kept").manifest());
    const namespace = await governed("kept");
    await untilProved("kept", "AllProved");
    const kept = await eventually(async () => {
      const found = await evidence();
      const status = (await policyNamed("kept"))?.status?.evidence;
      if (status?.root !== found.root || !found.bundles.some((bundle) => bundle?.namespace === namespace)) throw new Error(`the status names ${status?.root}, the newest is ${found.root}`);
      return found;
    }, { timeoutMs: 30_000 });
    const { root, ...content } = kept;
    expect(rootOf(content)).toBe(root);
    for (const bundle of kept.bundles) expect(digestOf(bundle)).toBe(bundle.sha256);
    const inputs = kept.bundles.find((bundle) => bundle.namespace === namespace)?.inputs.map(({ object }) => object);
    expect(inputs).toEqual(expect.arrayContaining([`${namespace}/hoheit-default-deny`]));
    expect(kept.facts.unreadable).toEqual([]);
    expect(kept.facts.previous).toMatch(/^sha256:/);
  });

  it("is re-checked by hoheit verify from what kubectl prints, by the root that the policy names", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hoheit-proof-"));
    const [configMaps, manifests] = [join(folder, "evidence.json"), join(folder, "manifests")];
    try {
      // Others come and go all the time: what is printed has to be of the moment of a proof.
      await eventually(async () => {
        const root = (await policyNamed("kept"))?.status?.evidence?.root ?? "none";
        await dumpManifests(plane, manifests);
        writeFileSync(configMaps, JSON.stringify(await rawCall(plane, "GET", collectionPath(CONFIG_MAPS, OPERATOR_NAMESPACE))));
        expect(await hoheit(folder, "verify", configMaps, "--manifests", manifests, "--root", root)).toMatchObject({ err: "", out: expect.stringMatching(/\nIt fits these manifests, and says [A-Z]+\.\n$/) });
      }, { timeoutMs: 50_000, everyMs: 2_000 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is not kept again when only a version of an object changed", async () => {
    const namespace = await governed("kept");
    await eventually(async () => expect((await evidence()).bundles.some((bundle) => bundle?.namespace === namespace && bundle.proof.verdict === "PROVED")).toBe(true), { timeoutMs: 30_000 });
    const { root } = await evidence();
    const [proved, roots] = await Promise.all([provedAt(), configMaps("Root")]);
    await rawCall(plane, "PATCH", `/api/v1/namespaces/${namespace}`, { body: { metadata: { annotations: { "test.example/note": "nobody reads this" } } }, contentType: "application/merge-patch+json" });
    // Proved anew because of something that no rule depends on.
    await put(plane, policy("kept").spec({ evidence: { keep: 51 } }).manifest());
    await eventually(async () => expect(await provedAt()).toBeGreaterThan(proved), { timeoutMs: 30_000 });
    await consistently(async () => expect((await configMaps("Root")).length).toBe(roots.length), { forMs: 2_000 });
    expect((await evidence()).root).toBe(root);
  });
});
