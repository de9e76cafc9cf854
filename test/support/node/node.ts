/** The running cluster as tests see it: plain data from global set-up, and signals to its parts. */
import { inject } from "vitest";
import { rawCall } from "../control-plane.ts";
import type { SharedNode } from "./global-setup.ts";

/** As `sharedPlane()` for the helpers of test/support/control-plane.ts: `rawCall(node(), ...)`, `uniqueNamespace(node())`. */
export function node(): SharedNode {
  return inject("node");
}

/** Stops a part of the node in its tracks; it goes on when the returned guard is disposed: `using stopped = freeze("kubelet")`. */
export function freeze(part: keyof SharedNode["pids"]): Disposable {
  const pid = node().pids[part];
  process.kill(pid, "SIGSTOP");
  return { [Symbol.dispose]: () => { process.kill(pid, "SIGCONT"); } };
}

/** Deletes a namespace and does not wait for its end: its pods would take time and accelerators from the tests that follow. */
export async function removeNamespace(namespace: string): Promise<void> {
  await rawCall(node(), "DELETE", `/api/v1/namespaces/${namespace}`);
}
