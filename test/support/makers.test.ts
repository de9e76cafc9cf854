import { expect, test } from "vitest";
import { activity, approval, DIGEST, lm, lmd, OTHER_DIGEST } from "./makers.ts";

test("every maker makes an object that its schema accepts", () => {
  const kinds = [lmd("x"), lm(), approval(), activity()].map((maker) => maker.live().kind);
  expect(kinds).toEqual(["LanguageModelDeployment", "LanguageModel", "ModelApproval", "ProcessingActivity"]);
});

test("a step returns a new maker and leaves the old one alone", () => {
  const one = lmd("x").gpus(1);
  const two = one.gpus(2).replicas(3);
  expect([one.object().spec.accelerators.count, one.object().spec.replicas]).toEqual([1, 1]);
  expect([two.object().spec.accelerators.count, two.object().spec.replicas]).toEqual([2, 3]);
});

test("manifest is what a person writes, object has the defaults", () => {
  expect(lmd("x").manifest().spec.replicas).toBeUndefined();
  expect(lmd("x").object().spec.replicas).toBe(1);
});

test("model and approval agree on the bytes until a test says otherwise", () => {
  expect(approval().object().spec.manifestDigest).toBe(DIGEST);
  expect(lm().digest(OTHER_DIGEST).object().spec.integrity.manifestDigest).toBe(OTHER_DIGEST);
});

test("an object that the schema refuses cannot be made by accident", () => {
  expect(() => lmd("x").gpus(0).live()).toThrow("count");
});
