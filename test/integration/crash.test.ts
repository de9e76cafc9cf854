/**
 * The operator is killed by SIGKILL at every one of its writes, before the API server got the request and after it was
 * carried out but before the answer: every run ends as one in which nobody was killed, with the same writes carried out.
 * (The method is that of Sieve, OSDI '22, "intermediate states", with the lost answer added.)
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ControlPlane } from "../support/control-plane.ts";
import { IDENTITIES } from "../support/control-plane.ts";
import { CrashCampaign, deviations, type Crash, type Run } from "../support/crash.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { startHouse } from "../support/house.ts";

let plane: ControlPlane;
let proxy: FaultProxy;
let campaign: CrashCampaign;
let reference: Run;

beforeAll(async () => {
  plane = await startHouse({ audit: { users: IDENTITIES.map(({ user }) => user) } });
  proxy = await FaultProxy.start({ url: plane.url, ca: plane.ca });
  campaign = new CrashCampaign(plane, proxy);
  reference = await campaign.run();
}, 180_000);

afterAll(async () => {
  await campaign?.[Symbol.asyncDispose]();
  await proxy?.[Symbol.asyncDispose]();
  await plane?.stop();
});

/** Runs the workload with one crash and tells what was not as it should be, with the place of the crash. */
async function crashed(crash: Crash): Promise<{ hit: boolean; failures: string[] }> {
  const run = await campaign.run(crash, reference);
  const where = `killed ${crash.position} write ${crash.k} (${run.killedAt ?? "there was none"}), ${crash.successor} successor`;
  const failures = deviations(reference, run).map((failure) => `${where}: ${failure}`);
  if (failures.length > 0) await campaign.clear();
  return { hit: run.killedAt !== undefined, failures };
}

/** Kills at the first, second, ... write until a run has no such write any more. */
async function everyPosition(position: Crash["position"]): Promise<{ runs: number; failures: string[] }> {
  const failures: string[] = [];
  for (let k = 1; ; k += 1) {
    const one = await crashed({ k, position, successor: k % 2 === 0 ? "warm" : "cold" });
    failures.push(...one.failures);
    // Each failed run costs a time-out; what is broken shows in the first of them.
    if (!one.hit || failures.length >= 5) return { runs: k - 1, failures };
  }
}

describe("the operator, killed at each of its writes", () => {
  it("is compared with an undisturbed run that makes and removes everything there is to make", async () => {
    expect(reference.complaints).toEqual([]);
    expect(reference.effects).toEqual([
      "delete cronjobs 200", "delete deployments 200", "delete networkpolicies 200", "delete poddisruptionbudgets 200",
      "patch configmaps 201", "patch cronjobs 201", "patch deployments 200", "patch deployments 201", "patch languagemodeldeployments 200", "patch languagemodeldeployments 200",
      "patch networkpolicies 200", "patch networkpolicies 201", "patch poddisruptionbudgets 201", "patch serviceaccounts 201", "patch services 201",
    ]);
    const again = await campaign.run(undefined, reference);
    expect(deviations(reference, again)).toEqual([]);
  }, 60_000);

  it.each(["before", "after"] as const)("ends as if undisturbed when killed %s the API server carried the write out", async (position) => {
    const { runs, failures } = await everyPosition(position);
    expect(failures).toEqual([]);
    expect(runs).toBeGreaterThanOrEqual(reference.effects.length);
    expect(campaign.outcries).toEqual([]);
  }, 240_000);
});
