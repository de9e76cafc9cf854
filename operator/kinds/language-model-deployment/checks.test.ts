import { describe, expect, it } from "vitest";
import { activity, approval, client, DIGEST, lm, lmd, TRIPWIRE } from "../../../test/support/makers.ts";
import { violationsOf, type CheckInput } from "./checks.ts";

const readyModel = lm().status({ observedGeneration: 1, conditions: [{ type: "Ready", status: "True", reason: "ClaimBound", message: "", lastTransitionTime: "2026-01-01T00:00:00Z", observedGeneration: 1 }] }).live();
const input = (over: Partial<CheckInput> = {}): CheckInput => ({
  deployment: lmd("a").live(), model: readyModel, digest: DIGEST, runningDigest: undefined, approvals: [approval().live()],
  tripwire: TRIPWIRE, governing: undefined, denials: [], activities: new Set([activity().live().metadata.name]), now: Date.parse("2026-11-22T00:00:00Z"), ...over,
});
const reasons = (state: CheckInput): string[] => violationsOf(state).map(({ reason }) => reason);

describe("the checks of a deployment", () => {
  it("find nothing when everything is there", () => {
    expect(violationsOf(input())).toEqual([]);
  });

  it("come in the order in which a person would mend things", () => {
    const all = input({
      deployment: lmd("a").args("--trust-remote-code").env({ VLLM_SERVER_DEV_MODE: "1" }).clients(client("x", "nowhere")).live(), approvals: [],
      denials: [{ reason: "Denied", field: "originCountry", country: "FR", policies: ["land"] }], model: lm().live(), tripwire: undefined, governing: { ungoverned: "Refuse", outside: new Set(["assistant"]) },
    });
    expect(reasons(all)).toEqual(["RefusedArgument", "RefusedArgument", "ActivityNotFound", "OriginDenied", "NotApproved", "NotGoverned", "ModelNotReady", "NoTripwire"]);
  });

  it("name field and remedy", () => {
    const [refused] = violationsOf(input({ deployment: lmd("a").args("--max-num-seqs=4", "--disable-log-requests").live() }));
    expect(refused).toMatchObject({ path: "spec.engine.args[1]", stalled: true, message: expect.stringMatching(/^spec\.engine\.args\[1\]: .+ .+/) });
    const [missing] = violationsOf(input({ model: undefined, digest: undefined }));
    expect(missing).toMatchObject({ reason: "ModelNotFound", path: "spec.modelRef.name", stalled: false });
  });

  it("refuse an engine version that Hoheit does not know, and name those that it knows", () => {
    const [unknown] = violationsOf(input({ deployment: lmd("a").engine({ version: "0.1" }).live() }));
    expect(unknown).toMatchObject({ path: "spec.engine.version", message: expect.stringContaining("0.32") });
  });

  it("do not trust a verdict about an older spec of the model", () => {
    const stale = { ...readyModel, metadata: { ...readyModel.metadata, generation: 2 } };
    expect(reasons(input({ model: stale }))).toEqual(["ModelNotReady"]);
  });
});
