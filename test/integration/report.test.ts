/**
 * The report on a real API server: what is proved, and what is refuted with a packet, as people and programs read it from
 * the operator's own port, on the replica that leads and on one that does not.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DEPLOYMENTS, NETWORK_POLICIES } from "../../operator/kube/resources.ts";
import { collectionPath } from "../../operator/kube/url.ts";
import { sovereigntyPolicy } from "../../operator/kinds/sovereignty-policy/schema.ts";
import type { SubjectProof } from "../../operator/sovereignty/prover/result.ts";
import { accessibilityProblems } from "../support/accessibility.ts";
import { eventually, rawCall, uniqueNamespace, type ControlPlane } from "../support/control-plane.ts";
import { leads } from "../support/crash-house.ts";
import { find, put, startHouse } from "../support/house.ts";
import { parseHtml, textOf } from "../support/html.ts";
import { destination, svp } from "../support/makers.ts";
import { startOperator, type RunningOperator } from "../support/operator.ts";

const KEY = "test.example/reported-as";
const OPENING = "spec.egress[0].to[0]";
let plane: ControlPlane & AsyncDisposable;
let leader: RunningOperator;
let standby: RunningOperator;
let closed = "";
let open = "";

beforeAll(async () => {
  plane = await startHouse();
  await put(plane, svp("reported").selects({ [KEY]: "yes" }).destinations(destination("mirror")).spec({ ungoverned: "Report", enforcement: { guard: "Off", clusterNetworkPolicy: "Off" } }).manifest());
  closed = await uniqueNamespace(plane, { prefix: "closed", labels: { [KEY]: "yes" } });
  open = await uniqueNamespace(plane, { prefix: "open", labels: { [KEY]: "yes" } });
  for (const namespace of [closed, open]) await create(collectionPath(DEPLOYMENTS, namespace), chat);
  await create(collectionPath(NETWORK_POLICIES, open), {
    apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata: { name: "updates" },
    spec: { podSelector: { matchLabels: { app: "chat" } }, policyTypes: ["Egress"], egress: [{ to: [{ ipBlock: { cidr: "203.0.113.0/24" } }], ports: [{ protocol: "TCP", port: 443 }] }] },
  });
  leader = await startOperator(plane, { flags: ["--listen-report", "127.0.0.1:0"] });
  await eventually(() => leads(leader), { timeoutMs: 60_000 });
  standby = await startOperator(plane, { flags: ["--listen-report", "127.0.0.1:0"] });
}, 180_000);

afterAll(async () => {
  for (const operator of [leader, standby]) await operator?.[Symbol.asyncDispose]();
  await plane.stop();
});

const chat = {
  apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "chat" },
  spec: { replicas: 0, selector: { matchLabels: { app: "chat" } }, template: { metadata: { labels: { app: "chat" } }, spec: { containers: [{ name: "chat", image: "registry.example/chat:1" }] } } },
};
const create = (path: string, body: object): Promise<unknown> => rawCall(plane, "POST", path, { body });

/** Where the report is: another port than that of health and metrics. */
const urlOf = ({ log }: RunningOperator): Promise<string> => eventually(() => {
  const port = log.find(({ reportPort }) => typeof reportPort === "number")?.["reportPort"] as number | undefined;
  return port === undefined ? false : `http://127.0.0.1:${port}`;
});
const page = async (operator: RunningOperator, path: string): Promise<string> => (await fetch((await urlOf(operator)) + path, { headers: { accept: "text/html" } })).text();
const readable = (html: string): string => textOf(parseHtml(html));

interface Overview {
  readonly verdict: string;
  readonly root: string;
  readonly namespaces: readonly { readonly namespace: string; readonly verdict: string }[];
}

async function json<T>(operator: RunningOperator, path: string): Promise<T> {
  const response = await fetch((await urlOf(operator)) + path);
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return await response.json() as T;
}

const verdictOf = async (operator: RunningOperator, namespace: string): Promise<string | undefined> => (await json<Overview>(operator, "/en/index.json")).namespaces.find((one) => one.namespace === namespace)?.verdict;
const until = (operator: RunningOperator, namespace: string, verdict: string): Promise<void> => eventually(async () => expect(await verdictOf(operator, namespace)).toBe(verdict), { timeoutMs: 60_000 });

describe("the report", () => {
  it("shows the workload that is proved, and the one that is refuted with packet, rule and repair", async () => {
    await until(leader, closed, "PROVED");
    await until(leader, open, "REFUTED");
    const found = await json<{ workloads: readonly SubjectProof[] }>(leader, `/en/namespaces/${open}.json`);
    expect(found.workloads[0]).toMatchObject({
      id: `${open}/Deployment/chat`, verdict: "REFUTED",
      counterexample: { packet: { family: "IPv4", address: "203.0.113.0", protocol: "TCP", port: 443 }, allowedBy: [{ kind: "NetworkPolicy", object: `${open}/updates`, path: OPENING }] },
    });
    const html = await page(leader, `/de/namespaces/${open}`);
    expect(accessibilityProblems(parseHtml(html))).toEqual([]);
    expect(readable(html)).toContain(`Von ${open}/Deployment/chat Nach 203.0.113.0 (Adressen für Dokumentation) Über IPv4, TCP 443 Durchgelassen von NetworkPolicy ${open}/updates ${OPENING} Kleinste Abhilfe Remove spec.egress[0] of NetworkPolicy ${open}/updates.`);
    expect(readable(await page(leader, `/en/namespaces/${closed}`))).toMatch(/Deployment\/chat Proved Role Application Isolated by NetworkPolicy/);
  });

  it("names who stands behind the destinations that a policy declares, and the evidence that is kept", async () => {
    expect(readable(await page(leader, `/de/namespaces/${closed}`))).toMatch(/mirror weights Deutschland IT-Verbund, Deutschland/);
    await eventually(async () => {
      const policy = await find(plane, sovereigntyPolicy.resource as never, undefined as never, "reported") as { status?: { evidence?: { root: string } } } | undefined;
      const { root } = await json<Overview>(leader, "/en/index.json");
      expect(policy?.status?.evidence?.root).toBe(root);
      expect(await page(leader, "/de/")).toContain(root);
    }, { timeoutMs: 60_000 });
  });

  it("is the same on a replica that does not lead", async () => {
    await until(standby, open, "REFUTED");
    expect(readable(await page(standby, "/en/"))).toContain(`${open}: Deployment/chat Refuted may reach 203.0.113.0 over IPv4, TCP 443`);
  });

  it("tells what changed when the rule is gone", async () => {
    await rawCall(plane, "DELETE", `${collectionPath(NETWORK_POLICIES, open)}/updates`);
    await until(leader, open, "PROVED");
    await eventually(async () => expect(readable(await page(leader, "/en/changes"))).toMatch(new RegExp(`${open} Deployment/chat Refuted Proved`)), { timeoutMs: 60_000 });
    expect(readable(await page(leader, "/de/"))).toContain("Keine erlaubte Verbindung in Drittländer laut Regelwerk, Stand");
  });
});
