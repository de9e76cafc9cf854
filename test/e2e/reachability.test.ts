/** What a pod of each role reaches, by packets, and what the world saw of it. The result is docs/reachability.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OPERATOR_NAMESPACE } from "../../hack/cluster/install.ts";
import { ROOT } from "../../hack/run.ts";
import { eventually, rawCall, uniqueNamespace } from "../support/control-plane.ts";
import { put } from "../support/house.ts";
import { client } from "../support/makers.ts";
import { attempt, type Attempt, type Target } from "../support/node/attempt.ts";
import { labelNamespace, labelsFor, named, namespaceUnder, policy, removePolicy, untilSealed } from "../support/node/governed.ts";
import { hits, packetsFrom } from "../support/node/hits.ts";
import { engine, furnished, serve, serviceAddresses } from "../support/node/house.ts";
import { OUTSIDE, RESOLVER } from "../support/node/network.ts";
import { node, removeNamespace } from "../support/node/node.ts";
import { addressesOf, attemptsFrom, startPod, type Pod } from "../support/node/pods.ts";
import { ENGINE } from "../support/node/engine/image.ts";
import { document, type Column } from "./reachability/document.ts";
import { targets } from "./reachability/targets.ts";

const FILE = join(ROOT, "docs", "reachability.md");
const ROLES = ["Ungoverned", "Application", "Fetch", "Serving", "Probe", "Operator"] as const;
const POLICY = "reachability";
const WORLD: readonly string[] = [...Object.values(OUTSIDE), RESOLVER.v4, RESOLVER.v6];

let namespace: string;
let pods: Record<(typeof ROLES)[number], Pod>;
let all: Target[];
const columns: Column[] = [];

/** A pod that listens where a model server would, without being one. */
function startListener(namespace: string, name: string): Promise<Pod> {
  const securityContext = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } };
  return startPod({ namespace, name, spec: { containers: [{ name: "listener", image: ENGINE, imagePullPolicy: "Never", command: ["vllm", "serve", "--host=::", "--port=8000"], securityContext }] } });
}

/** A pod with the labels of the probe's, and so under its policies, that stays. */
async function startLikeProbe(namespace: string): Promise<Pod> {
  const { spec } = await rawCall<{ spec: { jobTemplate: { spec: { template: { metadata: { labels: Record<string, string> } } } } } }>(
    node(), "GET", `/apis/batch/v1/namespaces/${namespace}/cronjobs/assistant-probe`);
  const { labels } = spec.jobTemplate.spec.template.metadata;
  expect(labels).toMatchObject({ "hoheit.dev/role": "Probe", "hoheit.dev/deployment": "assistant" });
  return startPod({ namespace, name: "like-probe", labels });
}

async function operatorPod(): Promise<Pod> {
  const { items } = await rawCall<{ items: Pod[] }>(node(), "GET", `/api/v1/namespaces/${OPERATOR_NAMESPACE}/pods?labelSelector=app.kubernetes.io/component=operator`);
  expect(items.length).toBeGreaterThan(0);
  return items[0]!;
}

beforeAll(async () => {
  await put(node(), policy(POLICY).destinations(named(["Application", "Fetch"])).manifest());
  namespace = await furnished();
  const [elsewhere, clients] = await Promise.all([uniqueNamespace(node(), { restricted: true }), namespaceUnder(POLICY)]);
  await labelNamespace(namespace, labelsFor(POLICY));
  await Promise.all([namespace, clients].map((name) => untilSealed(name)));
  const entry = { ...client("chat"), namespace: clients };
  const [[server], [own], [other], neighbour, stranger, ungoverned, application, fetch] = await Promise.all([
    serve(namespace, engine("assistant")), serve(namespace, engine("own").clients(entry)), serve(namespace, engine("other")), startListener(namespace, "neighbour"), startListener(elsewhere, "stranger"),
    startPod({ namespace: elsewhere, name: "ungoverned" }), startPod({ namespace: clients, name: "application", labels: { ...entry.podSelector.matchLabels } }), startPod({ namespace: clients, name: "fetch", labels: { "hoheit.dev/role": "Fetch" } }),
  ]);
  const api = new URL(node().url);
  all = targets({
    apiServer: { address: api.hostname, port: Number(api.port) }, tripwire: await serviceAddresses(OPERATOR_NAMESPACE, "hoheit-tripwire"),
    neighbour: addressesOf(neighbour), stranger: addressesOf(stranger), ownServer: addressesOf(own!), server: addressesOf(other!),
  });
  pods = { Ungoverned: ungoverned, Application: application, Fetch: fetch, Serving: server!, Probe: await startLikeProbe(namespace), Operator: await operatorPod() };
  // Policies are in force some time after a pod runs; the gate waits for that, these attempts must as well.
  const outside = all.filter(({ name }) => name === "the internet");
  for (const pod of [pods.Application, pods.Fetch, pods.Probe, pods.Operator]) {
    await eventually(async () => expect((await attemptsFrom(pod, outside)).map(({ outcome }) => outcome)).not.toContain("Reached"), { timeoutMs: 30_000 });
  }
});

afterAll(async () => {
  await removePolicy(POLICY);
  await removeNamespace(namespace);
});

describe("the world saw what the pod says", () => {
  test.each(ROLES)("%s", async (role) => {
    const pod = pods[role];
    const since = Date.now();
    const before = await packetsFrom(addressesOf(pod));
    const attempts = await attemptsFrom(pod, all);
    columns.push({ role, attempts });
    const reached = attempts.filter(({ outcome, address }) => outcome === "Reached" && WORLD.includes(address));
    const seen = await hits({ since, sources: addressesOf(pod) });
    expect(new Set(seen.map(({ protocol, target, port }) => `${protocol} ${target} ${port}`))).toEqual(new Set(reached.map(({ protocol = "TCP", address, port }) => `${protocol} ${address} ${port}`)));
    if (reached.length === 0) expect(await packetsFrom(addressesOf(pod)), "not one packet of any kind").toEqual(before);
    expect((await hits({ since })).some(({ name }) => name?.startsWith("asked-by-")), "cluster DNS asked on its behalf").toBe(asked(attempts));
  });
});

const asked = (attempts: readonly Attempt[]): boolean => attempts.some(({ ask, outcome }) => ask?.startsWith("asked-by-") === true && outcome === "Reached");

test("what no pod may reach is there all the same: the node reaches it", async () => {
  const governed = all.filter(({ name }) => name.endsWith("of the models' namespace") || name.startsWith("a model server"));
  expect((await Promise.all(governed.map((target) => attempt(target)))).map(({ outcome }) => outcome)).toEqual(governed.map(() => "Reached"));
});

test("the positive control reaches everything but what is in a governed namespace", () => {
  const ungoverned = columns.find(({ role }) => role === "Ungoverned");
  const governed = ["another pod of the models' namespace", "a model server whose client it is", "a model server whose client it is not"].flatMap((name) => [name, name]);
  expect(ungoverned?.attempts.filter(({ outcome }) => outcome !== "Reached").map(({ name }) => name)).toEqual(governed);
});

test("docs/reachability.md says what packets do (--write-docs writes it anew)", () => {
  expect(columns.map(({ role }) => role), "without one of the roles the page would be torn").toEqual(ROLES);
  const table = document(columns);
  console.log(table.split("\n").filter((line) => line.startsWith("|")).join("\n"));
  if (process.env.HOHEIT_WRITE_DOCS === "1") writeFileSync(FILE, table);
  expect(table).toBe(readFileSync(FILE, "utf8"));
});
