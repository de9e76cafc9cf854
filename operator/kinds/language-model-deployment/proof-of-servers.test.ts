import { expect, it } from "vitest";
import type { NamespaceProof, SubjectProof } from "../../sovereignty/prover/result.ts";
import type { Role } from "../../sovereignty/policy.ts";
import type { Verdict } from "../../sovereignty/verdict.ts";
import { proofOfServers } from "./proof-of-servers.ts";

const subject = (id: string, verdict: Verdict, role: Role = "Serving"): SubjectProof => ({ id, role, verdict, isolatedBy: [], missing: [] });
const ANY = [subject("n/*", "REFUTED", "Fetch"), subject("n/*", "UNDETERMINED")];
const worst = (...workloads: SubjectProof[]): string => {
  const proof: NamespaceProof = { namespace: "n", verdict: "PROVED", workloads, labelSpace: ANY, findings: [] };
  const { id, verdict } = proofOfServers(proof, { namespace: "n", deployment: "a", pods: ["a-1", "a-2"] }) ?? {};
  return `${id} ${verdict}`;
};
const [deployment, other] = [subject("n/Deployment/a", "PROVED"), subject("n/Deployment/b", "REFUTED")];

it("is that of the Deployment, whatever others may do", () => {
  expect(worst(other, deployment, subject("n/Pod/b-1", "REFUTED"))).toBe("n/Deployment/a PROVED");
});

it("is that of a pod which is not as the Deployment says", () => {
  expect(worst(deployment, subject("n/Pod/a-2", "UNGOVERNED"))).toBe("n/Pod/a-2 UNGOVERNED");
  expect(worst(deployment, subject("n/Pod/a-1", "UNGOVERNED"), subject("n/Pod/a-2", "REFUTED"))).toBe("n/Pod/a-2 REFUTED");
});

it("is that of any model server while there is no Deployment", () => {
  expect(worst(other)).toBe("n/* UNDETERMINED");
  expect(worst(subject("n/Pod/a-1", "PROVED"))).toBe("n/* UNDETERMINED");
});

it("is none where nothing is proved of the namespace", () => {
  expect(proofOfServers(undefined, { namespace: "n", deployment: "a", pods: [] })).toBeUndefined();
});
