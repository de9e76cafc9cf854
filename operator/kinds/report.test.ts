import { describe, expect, it } from "vitest";
import { FakeCluster } from "../../test/support/fake-cluster.ts";
import { lmd } from "../../test/support/makers.ts";
import type { EventNote } from "../runtime/events.ts";
import { languageModelDeployments } from "./caches.ts";
import { languageModelDeployment } from "./language-model-deployment/schema.ts";
import { report, type Summary } from "./report.ts";

const { resource } = languageModelDeployment;
const ref = { namespace: "assistant", name: "a" };

/** Reports one status of a condition after the other, and returns the events that came of it. */
async function eventsOf(...statuses: readonly ("True" | "False" | "Unknown")[]): Promise<string[]> {
  const cluster = new FakeCluster({ name: "x", owns: languageModelDeployments, reads: [], rules: [], conditions: [], reconcile: () => Promise.resolve({ kind: "done" }) });
  cluster.put(resource, lmd("a").live());
  const notes: EventNote[] = [];
  const context = { ...cluster.context, events: { record: (_about: unknown, note: EventNote) => void notes.push(note) } };
  for (const status of statuses) {
    const live = cluster.live(resource, ref);
    if (live === undefined) throw new Error("it is gone");
    const ready = { type: "Ready", status: "True" as const, reason: "Serving", message: "" };
    const summary: Summary = { conditions: [ready, { type: "EgressSealed", status, reason: `Is${status}`, message: status }], stalled: false, severity: "Normal", announced: ["EgressSealed"], fields: {} };
    await report({ resource, live }, summary, context);
  }
  return notes.filter(({ reason }) => reason !== "Serving").map(({ type, reason, action }) => `${type} ${reason} ${action}`);
}

describe("a condition that is announced", () => {
  it("is an event whenever it flips, and none while it stays", async () => {
    expect(await eventsOf("Unknown", "True", "True", "False", "False", "Unknown", "True")).toEqual(["Normal IsTrue Probe", "Warning IsFalse Probe", "Warning IsUnknown Probe", "Normal IsTrue Probe"]);
  });

  it("is news at once when it is not Unknown, and none when it is", async () => {
    expect(await eventsOf("False")).toEqual(["Warning IsFalse Probe"]);
    expect(await eventsOf("Unknown")).toEqual([]);
  });
});
