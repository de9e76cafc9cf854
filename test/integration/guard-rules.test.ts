/** Each rule of the admission guard, with what it lets through and what it refuses, on a real API server as a tenant who is admin of the namespace. */
import { afterAll, beforeAll, describe, it } from "vitest";
import { attemptCreation, expectAllowed, expectRefusal, startGuarded, type GuardedPlane } from "../support/guard.ts";
import { GUARD_CASES } from "../support/guard-cases.ts";

let guarded: GuardedPlane;
beforeAll(async () => { guarded = await startGuarded(); }, 180_000);
afterAll(() => guarded[Symbol.asyncDispose]());

const concerns = [...new Set(GUARD_CASES.map(({ concern }) => concern))];

describe.each(concerns)("%s", (concern) => {
  const cases = GUARD_CASES.filter((one) => one.concern === concern);
  it.each(cases.filter(({ refused }) => refused === undefined))("lets through $title", async ({ resource, object }) => {
    const { plane, namespace } = guarded;
    expectAllowed(await attemptCreation(plane, resource, { ...object, metadata: { ...object.metadata, namespace } }));
  });

  it.each(cases.filter(({ refused }) => refused !== undefined))("refuses $title", async ({ resource, object, refused }) => {
    const { plane, namespace } = guarded;
    const message = await attemptCreation(plane, resource, { ...object, metadata: { ...object.metadata, namespace } });
    expectRefusal(message, refused);
    expectRefusal(message, new RegExp(`'${concern}\\.hoheit\\.dev' with binding`));
  });
});
