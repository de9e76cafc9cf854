import { describe, expect, it } from "vitest";
import type { NamespaceProof, SubjectProof } from "../../../sovereignty/prover/result.ts";
import { countsOf, provedCondition as conditionFrom } from "./proved.ts";

const subject = (id: string, over: Partial<SubjectProof> = {}): SubjectProof => ({ id, role: "Application", verdict: "PROVED", isolatedBy: [], missing: [], ...over });
const proofOf = (namespace: string, ...workloads: SubjectProof[]): NamespaceProof =>
  ({ namespace, policy: "land", verdict: "PROVED", workloads, labelSpace: [subject(`${namespace}/*`)], findings: [] });
const refuted = (id: string): SubjectProof => subject(id, {
  verdict: "REFUTED", counterexample: { packet: { from: id, family: "IPv4", address: "8.8.8.8", protocol: "TCP", port: 443 }, allowedBy: [], addressClass: "Global", repair: "Delete NetworkPolicy chat/open." },
});
const unclear = (id: string): SubjectProof => subject(id, { verdict: "UNDETERMINED", missing: [{ kind: "Unclear", message: "NetworkPolicy chat/odd is unclear." }] });
const loose = (id: string): SubjectProof => subject(id, { verdict: "UNGOVERNED", missing: [{ kind: "HostNetwork", message: `${id} uses its node's network.` }] });

const provedCondition = (proofs: readonly NamespaceProof[], failure?: string) => conditionFrom({ governed: proofs.map(({ namespace }) => namespace), proofs, failure });

describe("the condition Proved", () => {
  it("is True when everything is proved, and says of how much", () => {
    expect(provedCondition([proofOf("chat", subject("chat/Deployment/ui")), proofOf("models")])).toEqual({
      type: "Proved", status: "True", reason: "AllProved", message: "No rule lets anything out but to where the policies allow: 1 workload and any pod that could appear in 2 namespaces.",
    });
  });

  it("is False with the packet and the repair when anything is refuted, whatever else is unclear", () => {
    const { status, reason, message } = provedCondition([proofOf("chat", unclear("chat/Pod/a"), loose("chat/Pod/b"), refuted("chat/Pod/c"), refuted("chat/Pod/d"))]);
    expect({ status, reason, message }).toEqual({ status: "False", reason: "Refuted", message: "chat/Pod/c may send to TCP 8.8.8.8:443. Delete NetworkPolicy chat/open. So it is with 1 more; hoheit prove names them." });
  });

  it("is never True of what is not proved, whatever is known of it", () => {
    const bare = (verdict: SubjectProof["verdict"]): SubjectProof => subject("chat/Pod/a", { verdict });
    for (const verdict of ["REFUTED", "UNGOVERNED", "UNDETERMINED"] as const) expect(provedCondition([proofOf("chat", bare(verdict))]).status).not.toBe("True");
  });

  it("speaks of pods that are not there yet", () => {
    const proof = { ...proofOf("chat"), labelSpace: [{ ...refuted("chat/*"), role: "Fetch" as const }] };
    expect(provedCondition([proof]).message).toMatch(/^Any Fetch pod in namespace chat may send to/);
    const both = { ...proof, labelSpace: [...proof.labelSpace, refuted("chat/*")] };
    expect(provedCondition([both]).message).toMatch(/^Any Application pod in namespace chat may send to/);
    expect(provedCondition([both, proofOf("other", refuted("other/Pod/c"))]).message).toMatch(/^other\/Pod\/c may send to/);
  });

  it("is False when something runs that no rule holds, and Unknown when something is unclear", () => {
    expect(provedCondition([proofOf("chat", unclear("chat/Pod/a"), loose("chat/Pod/b"))])).toMatchObject({ status: "False", reason: "NotHeld", message: "chat/Pod/b uses its node's network." });
    expect(provedCondition([proofOf("chat", unclear("chat/Pod/a"))])).toMatchObject({ status: "Unknown", reason: "Undetermined", message: "Of chat/Pod/a it is not proved where it may send: NetworkPolicy chat/odd is unclear." });
  });

  it("is Unknown where nothing is governed, or nothing was proved", () => {
    expect(provedCondition([])).toMatchObject({ status: "Unknown", reason: "NothingGoverned" });
    expect(conditionFrom({ governed: ["chat"], proofs: undefined, failure: undefined })).toMatchObject({ status: "Unknown", reason: "NotProved" });
    expect(conditionFrom({ governed: ["chat"], proofs: undefined, failure: "The cluster cannot be read: no answer." })).toMatchObject({ reason: "NotProved", message: "The cluster cannot be read: no answer." });
    expect(conditionFrom({ governed: ["chat", "new"], proofs: [proofOf("chat")], failure: undefined })).toMatchObject({ status: "Unknown", reason: "NotProved", message: "Nothing has been proved yet of namespace new." });
  });

  it("is not True without evidence, and False all the same", () => {
    expect(provedCondition([proofOf("chat")], "Evidence of it cannot be kept: forbidden.")).toMatchObject({ status: "Unknown", reason: "EvidenceNotKept", message: expect.stringMatching(/Evidence of it cannot be kept: forbidden\.$/) as string });
    expect(provedCondition([proofOf("chat", refuted("chat/Pod/c"))], "Evidence of it cannot be kept: forbidden.")).toMatchObject({ status: "False", reason: "Refuted" });
  });
});

it("counts workloads, not what could appear", () => {
  expect(countsOf([proofOf("a", subject("a/Pod/a"), refuted("a/Pod/b")), proofOf("b", unclear("b/Pod/a"), loose("b/Pod/b"))])).toEqual({ proved: 1, refuted: 1, undetermined: 1, ungoverned: 1 });
});
