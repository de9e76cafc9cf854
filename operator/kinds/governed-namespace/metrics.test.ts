import { expect, it } from "vitest";
import type { Sample } from "../../runtime/metrics.ts";
import { watchNamespaces } from "./metrics.ts";
import type { NamespaceState } from "./state.ts";

it("counts namespaces by state, and says none of a state as well", () => {
  const samples: (() => readonly Sample[])[] = [];
  const all: NamespaceState[] = [];
  watchNamespaces({ watchGauge: (_about, tell) => void samples.push(tell) }, () => all);
  const counts = () => samples.flatMap((tell) => tell()).map(({ labels: { state }, value }) => `${state} ${value}`);
  const state = (reason: NamespaceState["reason"]): NamespaceState => ({ namespace: "n", policies: [], reason, message: "" });
  expect(counts()).toEqual(["Sealed 0", "Exempt 0", "PolicyUnreadable 0", "ForeignObject 0", "NotApplied 0", "NotMarked 0"]);
  all.push(state("Sealed"), state("Sealed"), state("NotApplied"));
  expect(counts()).toEqual(["Sealed 2", "Exempt 0", "PolicyUnreadable 0", "ForeignObject 0", "NotApplied 1", "NotMarked 0"]);
});
