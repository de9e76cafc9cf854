/** Accelerators that the node offers, as a device plugin would; kubelet leaves what it does not know. */
import { rawCall } from "../control-plane.ts";
import { NODE } from "./network.ts";
import { node } from "./node.ts";

/** Sets how many of a resource the node has. */
export async function offer(resource: string, count: number): Promise<void> {
  const devices = { [resource]: String(count) };
  await rawCall(node(), "PATCH", `/api/v1/nodes/${NODE.name}/status`, { contentType: "application/strategic-merge-patch+json", body: { status: { capacity: devices, allocatable: devices } } });
}
