/** How a pass over a deployment asks what is proved, and what wakes it when that is something else. */
import { beforeEach, expect, it } from "vitest";
import { FakeCluster } from "../../../test/support/fake-cluster.ts";
import { GOVERNED, OPERATOR, svp } from "../../../test/support/makers.ts";
import { NAMESPACES, PODS } from "../../kube/resources.ts";
import type { Condition } from "../../lib/k8s-types.ts";
import { servingLabels } from "../../lib/labels.ts";
import type { NamespaceProof, SubjectProof } from "../../sovereignty/prover/result.ts";
import { furnish } from "../../../test/support/fake-house.ts";
import { NO_PROOFS } from "../sovereignty-policy/proof/proofs.ts";
import { sovereigntyPolicy } from "../sovereignty-policy/schema.ts";
import { languageModelDeploymentController } from "./controller.ts";
import { languageModelDeployment } from "./schema.ts";

const ref = { namespace: "assistant", name: "a" };
const subject = (id: string): SubjectProof => ({ id, role: "Serving", verdict: "PROVED", isolatedBy: [], missing: [] });
const refuted = (id: string): SubjectProof => ({
  ...subject(id), verdict: "REFUTED",
  counterexample: { packet: { from: id, family: "IPv4", address: "8.8.8.8", protocol: "TCP", port: 443 }, allowedBy: [], addressClass: "Global", repair: "Delete NetworkPolicy assistant/open." },
});

let workloads: readonly SubjectProof[];
let settled: number;
const controller = languageModelDeploymentController({
  metricsScraper: undefined, operator: OPERATOR,
  proofs: {
    ...NO_PROOFS,
    settled: async () => void (settled += 1),
    namespace: (namespace): NamespaceProof => ({ namespace, policy: "land", verdict: "PROVED", workloads: settled > 0 ? workloads : [], labelSpace: [], findings: [] }),
  },
});

async function sealed(): Promise<Condition | undefined> {
  const cluster = furnish(new FakeCluster(controller));
  cluster.put(PODS, { apiVersion: "v1", kind: "Pod", metadata: { namespace: "assistant", name: "a-1", labels: servingLabels("a") } });
  await controller.reconcile(ref, cluster.context);
  const { status } = cluster.live(languageModelDeployment.resource, ref) as unknown as { status?: { conditions?: readonly Condition[] } };
  return status?.conditions?.find(({ type }) => type === "EgressSealed");
}

beforeEach(() => {
  settled = 0;
});

it("waits until something is proved, and says what of the pods as they run", async () => {
  workloads = [subject("assistant/Deployment/a"), refuted("assistant/Pod/a-1")];
  expect(await sealed()).toMatchObject({ status: "False", reason: "ProofRefuted", message: expect.stringContaining("TCP 8.8.8.8:443") as unknown });
  expect(settled).toBe(1);
  workloads = [subject("assistant/Deployment/a"), refuted("assistant/Pod/other")];
  expect(await sealed()).toMatchObject({ reason: "NotProbed" });
});

it("looks again soon while nothing is proved of its governed namespace: the proof that comes may change nothing else", async () => {
  const isProved = { ...NO_PROOFS, namespace: (namespace: string): NamespaceProof => ({ namespace, policy: "land", verdict: "PROVED", workloads: [], labelSpace: [subject("assistant/*")], findings: [] }) };
  for (const [proofs, soon] of [[NO_PROOFS, true], [isProved, false]] as const) {
    const one = languageModelDeploymentController({ metricsScraper: undefined, operator: OPERATOR, proofs });
    const cluster = furnish(new FakeCluster(one));
    cluster.put(sovereigntyPolicy.resource, svp().live());
    cluster.put(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name: "assistant", labels: GOVERNED } });
    const outcome = await one.reconcile(ref, cluster.context);
    const nextMs = outcome.kind === "waiting" ? outcome.delayMs : outcome.recheckAfterMs;
    expect(nextMs !== undefined && nextMs <= 10_000).toBe(soon);
  }
});

it("is woken by other evidence on a policy, and not by its other marks", () => {
  const { matters } = controller.reads.find(({ cache }) => cache.resource.plural === "sovereigntypolicies") ?? {};
  const of = (status: Record<string, unknown>): unknown => matters?.(svp().status(status).live());
  expect(of({ namespaces: 7 })).toEqual(of({ namespaces: 8 }));
  expect(of({ evidence: { root: "sha256:1" } })).not.toEqual(of({ evidence: { root: "sha256:2" } }));
});
