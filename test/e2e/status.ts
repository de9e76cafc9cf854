/** What a user reads in the status of a deployment while something is wrong. */
import { eventually } from "../support/control-plane.ts";
import { conditionOf, deploymentNamed } from "../support/house.ts";
import { node } from "../support/node/node.ts";

/** For all that a kubelet and a node controller do before the operator can know. */
const PATIENCE_MS = 90_000;

/** Waits until a deployment is not Ready for this reason, and `status.waitingFor` has these words. */
export async function untilWaiting(namespace: string, name: string, reason: string, words: RegExp): Promise<void> {
  await eventually(async () => {
    const live = await deploymentNamed(node(), namespace, name);
    const ready = conditionOf(live, "Ready");
    const { waitingFor = "" } = live?.status ?? {};
    if (ready?.status !== "False" || ready.reason !== reason || !words.test(waitingFor)) throw new Error(`${name} is ${ready?.reason}: ${ready?.message}; it waits for: ${waitingFor}; expected ${reason} with ${words}`);
  }, { timeoutMs: PATIENCE_MS });
}

/** Waits until EgressSealed has this status and reason, and its message these words. */
export async function untilSealIs(namespace: string, name: string, [status, reason]: readonly [string, string], words: RegExp): Promise<void> {
  await eventually(async () => {
    const sealed = conditionOf(await deploymentNamed(node(), namespace, name), "EgressSealed");
    if (sealed?.status !== status || sealed.reason !== reason || !words.test(sealed.message)) throw new Error(`EgressSealed of ${name} is ${sealed?.status}, ${sealed?.reason}: ${sealed?.message}; expected ${status}, ${reason} with ${words}`);
  }, { timeoutMs: PATIENCE_MS });
}
