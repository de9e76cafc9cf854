import { expect, it } from "vitest";
import { svp } from "../../../../test/support/makers.ts";
import type { Sample } from "../../../runtime/metrics.ts";
import { watchPreexisting } from "./metrics.ts";

it("counts over all policies, looked at or not", () => {
  const samples: (() => readonly Sample[])[] = [];
  const found = (objects: number) => svp().status({ preexisting: { surveyTime: "2026-11-25T12:00:00Z", of: "x", objects, first: [], unread: [] } }).live();
  watchPreexisting({ watchGauge: (_about, tell) => void samples.push(tell) }, () => [found(2), found(3), svp().live()]);
  expect(samples.flatMap((tell) => tell())).toEqual([{ labels: {}, value: 5 }]);
});
