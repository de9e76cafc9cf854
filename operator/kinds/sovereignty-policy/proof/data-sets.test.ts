import { beforeEach, expect, it } from "vitest";
import { fakeClock } from "../../../../test/support/fake-clock.ts";
import { svp } from "../../../../test/support/makers.ts";
import type { KubeApi } from "../../../kube/api.ts";
import { ApiError } from "../../../kube/errors.ts";
import { CONFIG_MAPS } from "../../../kube/resources.ts";
import { dataSetOf, toCompact } from "../../../sovereignty/datasets/compact.ts";
import { dataSetsIn, readAgainMs, type DataSets } from "./data-sets.ts";

const SET = dataSetOf({ name: "rir", date: "2026-11-20", entries: [] });
const policy = svp().spec({ dataSets: [{ name: "first", configMapRef: { name: "delegated" } }] }).live();

let clock: ReturnType<typeof fakeClock>;
let asked: number;
let answer: () => object | undefined;
let sets: DataSets;

beforeEach(() => {
  [clock, asked, answer] = [fakeClock(), 0, () => ({ metadata: { namespace: "hoheit-system", name: "delegated" }, data: { "data-set.txt": toCompact(SET) } })];
  const get = async (of: unknown, ref: unknown): Promise<object | undefined> => {
    expect([of, ref]).toEqual([CONFIG_MAPS, { namespace: "hoheit-system", name: "delegated" }]);
    asked += 1;
    return answer();
  };
  sets = dataSetsIn({ api: { get } as Pick<KubeApi, "get">, clock, namespace: "hoheit-system" });
});

it("reads each once for all who name it, and again after five minutes", async () => {
  const readings = await sets.of(policy);
  expect(readings).toEqual([{ name: "first", reading: { set: SET } }]);
  expect(readAgainMs(readings)).toBe(Infinity);
  await Promise.all([sets.of(policy), sets.of(policy)]);
  clock.advance(299_999);
  await sets.of(policy);
  expect(asked).toBe(1);
  clock.advance(1);
  await sets.of(policy);
  expect(asked).toBe(2);
});

it.each([
  [() => undefined, /^ConfigMap hoheit-system\/delegated is not there; make it with hoheit data-set$/],
  [() => ({ metadata: { namespace: "hoheit-system", name: "delegated" }, data: {} }), /has neither data-set\.txt nor/],
  [() => { throw new ApiError("get configmaps", { code: 403, reason: "Forbidden", message: "no rights" }); }, /no rights/],
])("says what is wrong with one, and looks again soon", async (wrong, message) => {
  answer = wrong;
  const readings = await sets.of(policy);
  expect(readings[0]?.reading).toEqual({ problem: expect.stringMatching(message) as string });
  expect(readAgainMs(readings)).toBe(10_000);
  clock.advance(9_999);
  await sets.of(policy);
  expect(asked).toBe(1);
  clock.advance(1);
  await sets.of(policy);
  expect(asked).toBe(2);
});

it("fails while there is no answer, and asks anew", async () => {
  answer = () => { throw new ApiError("get configmaps", { code: 500, reason: "InternalError", message: "later" }); };
  await expect(sets.of(policy)).rejects.toThrow("later");
  answer = () => undefined;
  expect(await sets.of(policy)).toMatchObject([{ reading: { problem: expect.any(String) as string } }]);
});
