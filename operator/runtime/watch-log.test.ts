import { describe, expect, it } from "vitest";
import { ApiError } from "../kube/errors.ts";
import type { Restart } from "../kube/reflector.ts";
import { watchLog } from "./watch-log.ts";

const missing = (resource: string): Restart => ({ resource, reason: "refused", delayMs: 1, error: new ApiError(`watch ${resource}`, { code: 404, reason: "NotFound", message: "the server could not find the requested resource" }) });

function listen() {
  const said: string[] = [];
  return { said, tell: watchLog({ warn: (fields) => void said.push((fields as { resource: string }).resource) }) };
}

describe("the log of watches", () => {
  it("names the resource that cannot be watched, once", () => {
    const { said, tell } = listen();
    for (const resource of ["a", "a", "b", "a"]) tell(missing(resource));
    expect(said).toEqual(["a", "b"]);
  });

  it("says it again after the watch had worked, and when it fails otherwise", () => {
    const { said, tell } = listen();
    tell(missing("a"));
    tell({ resource: "a", reason: "end", delayMs: 0 });
    tell(missing("a"));
    tell({ resource: "a", reason: "broken", delayMs: 1, error: new Error("reset") });
    expect(said).toEqual(["a", "a", "a"]);
  });

  it("is silent about ends that belong to a watch", () => {
    const { said, tell } = listen();
    for (const reason of ["end", "gone", "silence", "throttled"] as const) tell({ resource: "a", reason, delayMs: 0 });
    expect(said).toEqual([]);
  });
});
