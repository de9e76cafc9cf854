/** Pods that do not start or do not stay: what the status says of it, and that all is well again when the cause is gone. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ENGINE } from "../../support/node/engine/image.ts";
import { put } from "../../support/house.ts";
import { engine, furnished, serve, untilReady } from "../../support/node/house.ts";
import { node, removeNamespace } from "../../support/node/node.ts";
import { offer } from "../../support/node/devices.ts";
import { tell, restartsOf } from "../server.ts";
import { untilWaiting } from "../status.ts";

/** Accelerators of which nobody else takes any. */
const SCARCE = "scarce.example/gpu";

let namespace: string;
beforeAll(async () => { namespace = await furnished(); });
afterAll(() => removeNamespace(namespace));

const apply = (deployment: ReturnType<typeof engine>): Promise<unknown> => put(node(), deployment.namespace(namespace).manifest());

// Most of it is waiting for the kubelet, so that they wait together.
describe.concurrent("status says", () => {
  test("what the scheduler says when all accelerators are taken, and what the largest node has when it could never fit", async () => {
    await offer(SCARCE, 2);
    await serve(namespace, engine("first").gpus(2, SCARCE));
    await apply(engine("second").gpus(1, SCARCE));
    await untilWaiting(namespace, "second", "Unschedulable", /^pod second-[-a-z0-9]+: 0\/1 nodes are available: 1 Insufficient scarce\.example\/gpu\./);
    await apply(engine("third").gpus(4, SCARCE));
    await untilWaiting(namespace, "third", "NoNodeFits", /Insufficient scarce\.example\/gpu.* It asks for 4 scarce\.example\/gpu; the largest node has 2\.$/);
    await offer(SCARCE, 3);
    await untilReady(namespace, "second");
    await untilWaiting(namespace, "third", "NoNodeFits", /the largest node has 3\.$/);
  });

  test("which image cannot be had, and what to change", async () => {
    await apply(engine("pulling", "localhost/engine:missing"));
    await untilWaiting(namespace, "pulling", "ImagePullFailed", /^pod pulling-[-a-z0-9]+: container vllm: ErrImagePull: .*; look at spec\.engine\.image \(localhost\/engine:missing\)/);
    await apply(engine("pulling", ENGINE));
    await untilReady(namespace, "pulling");
  });

  test("that a server was killed because it took more memory than it may have", async () => {
    const [pod] = await serve(namespace, engine("hungry").spec({ resources: { memory: "256Mi" } }));
    await tell(pod!, "POST", "/eat");
    await untilWaiting(namespace, "hungry", "OutOfMemory", /container vllm was killed \(OOMKilled\) .*spec\.resources\.memory/);
    await untilReady(namespace, "hungry");
    expect(await restartsOf(pod!)).toBe(1);
  });

  test("that a server that was Ready has crashed, and with which code", async () => {
    const [pod] = await serve(namespace, engine("fragile"));
    await tell(pod!, "POST", "/crash");
    await untilWaiting(namespace, "fragile", "Crashing", /container vllm exited with code 1 and is restarted; kubectl logs/);
    await untilReady(namespace, "fragile");
    expect(await restartsOf(pod!)).toBe(1);
  });
});
