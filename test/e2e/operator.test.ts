/** The operator as the pod that the chart makes: who it is on the node, that it hands over when it goes, and its upgrade by helm. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { OPERATOR_NAMESPACE } from "../../hack/cluster/install.ts";
import { CHART, CRDS_CHART, helm } from "../support/helm.ts";
import { eventually, rawCall } from "../support/control-plane.ts";
import { node } from "../support/node/node.ts";
import { processesOf, type Pod } from "../support/node/pods.ts";

interface Operator extends Pod {
  readonly spec: { readonly containers: readonly { readonly env: readonly { name: string; value?: string }[] }[] };
  readonly metadata: Pod["metadata"] & { readonly deletionTimestamp?: string };
  readonly status: Pod["status"] & { readonly conditions: readonly { type: string; status: string }[]; readonly containerStatuses: readonly { restartCount: number }[] };
}

const SELECTOR = "app.kubernetes.io/name=hoheit,app.kubernetes.io/component=operator";
const PODS = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/pods`;
const operators = async (): Promise<Operator[]> => (await rawCall<{ items: Operator[] }>(node(), "GET", `${PODS}?labelSelector=${SELECTOR}`)).items;
const isReady = ({ status, metadata }: Operator): boolean => metadata.deletionTimestamp === undefined && status.conditions.some(({ type, status: its }) => type === "Ready" && its === "True");

const bothReady = (): Promise<Operator[]> => eventually(async () => {
  const all = await operators();
  expect(all.filter(isReady)).toHaveLength(2);
  expect(all).toHaveLength(2);
  return all;
}, { timeoutMs: 60_000, everyMs: 200 });

const leader = async (): Promise<string> =>
  (await rawCall<{ spec: { holderIdentity?: string } }>(node(), "GET", `/apis/coordination.k8s.io/v1/namespaces/${OPERATOR_NAMESPACE}/leases/hoheit-operator`)).spec.holderIdentity ?? "";

test("it is nobody's root: no capability, no new privilege, nothing to write to", async () => {
  const [pod] = await bothReady();
  const processes = processesOf(pod!).map((pid) => ({ pid, command: readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0") })).filter(({ command }) => command[0]?.endsWith("/node"));
  expect(processes).toHaveLength(1);
  const { pid } = processes[0]!;
  const status = Object.fromEntries(readFileSync(`/proc/${pid}/status`, "utf8").split("\n").map((line) => line.split(":\t")));
  expect(status).toMatchObject({ Uid: "65532\t65532\t65532\t65532", CapEff: "0000000000000000", CapBnd: "0000000000000000", NoNewPrivs: "1", Seccomp: "2" });
  const root = readFileSync(`/proc/${pid}/mounts`, "utf8").split("\n").find((line) => line.split(" ")[1] === "/");
  expect(root?.split(" ")[3]?.split(",")).toContain("ro");
});

test("a leader whose pod is deleted hands over before its lease runs out", async () => {
  await bothReady();
  const before = await eventually(async () => await leader() || false);
  const pod = (await operators()).find(({ metadata: { name } }) => before.startsWith(name));
  const started = Date.now();
  await rawCall(node(), "DELETE", `${PODS}/${pod!.metadata.name}`);
  await eventually(async () => expect((await leader()).replace(before, "")).not.toBe(""), { everyMs: 100 });
  // The lease runs for 15 s; who is killed, or ignores SIGTERM as first process of its container, keeps it for that long.
  expect(Date.now() - started).toBeLessThan(10_000);
  await bothReady();
});

test("helm upgrade replaces it without leaving the gates without a tripwire", async () => {
  const old = new Set((await bothReady()).map(({ metadata: { uid } }) => uid));
  const where = ["-n", OPERATOR_NAMESPACE];
  await helm(["upgrade", "hoheit-crds", CRDS_CHART, ...where], node().kubeconfig);
  await helm(["upgrade", "hoheit", CHART, ...where, "--reset-then-reuse-values", "--set=logLevel=debug"], node().kubeconfig);
  let fewest = Infinity;
  await eventually(async () => {
    const all = await operators();
    fewest = Math.min(fewest, all.filter(isReady).length);
    expect(all.filter(({ metadata: { uid } }) => old.has(uid))).toEqual([]);
  }, { timeoutMs: 60_000 });
  expect(fewest).toBeGreaterThanOrEqual(2);
  const [pod] = await bothReady();
  expect(pod?.spec.containers[0]?.env).toContainEqual({ name: "HOHEIT_LOG_LEVEL", value: "debug" });
  expect(pod?.status.containerStatuses[0]?.restartCount).toBe(0);
});
