/**
 * Does this one packet get through? The second code path beside the prover: it shares no code with it, only the shapes of
 * what is asked and answered, so that what one misunderstands the other does not repeat. It knows no sets: it takes one
 * packet and asks every rule, in the order that the API's documentation says.
 *
 *   egress of the sender      Admin tier, NetworkPolicies, Baseline tier, else everything
 *   ingress of the receiver   the same, where the receiver is a pod
 *
 * What cannot be read is Unclear, never Denied. Not asked here: what could not be read at all (`snapshot.unreadable`) and
 * kinds of policy that nobody here understands.
 */
import type { Snapshot, Workload } from "../snapshot.ts";
import type { Packet, RuleReference } from "../verdict.ts";
import { parseAddress } from "./address.ts";
import { judgeTier } from "./cluster-network-policy.ts";
import { MOST_KINDS, podsOf } from "./label-space.ts";
import { isDoubt } from "./shape.ts";
import { isSelected, judgeNetworkPolicies } from "./network-policy.ts";
import { addressEnd, podEnd, type End } from "./party.ts";
import type { Outcome, View } from "./view.ts";

export interface Answer {
  readonly verdict: "Allowed" | "Denied" | "Unclear";
  /** What decided: rules that let it through, or policies that hold the pod and do not. Empty where nothing holds it. */
  readonly rules: readonly RuleReference[];
  /** For Unclear: what it hangs on. */
  readonly doubts: readonly string[];
}

const unclear = (...doubts: readonly string[]): Answer => ({ verdict: "Unclear", rules: [], doubts });

/** Whether a packet leaves the pods of a workload and, where it goes to another workload, arrives there. From `namespace/*`: whether it may from any pod. */
export function decide(snapshot: Snapshot, packet: Packet): Answer {
  const { from, to } = packet;
  if (from.endsWith("/*")) return decideForSome(snapshot, packet, podsOf(snapshot, { namespace: from.slice(0, -2), receiver: to?.split("/", 1)[0] }));
  const workload = snapshot.workloads.find(({ id }) => id === from);
  return workload === undefined ? unclear(`there is no workload ${from}`) : decideFor(snapshot, packet, workload);
}

/** Allowed if it is for one of these pods, Denied if for none. `undefined`: too many to ask. */
export function decideForSome(snapshot: Snapshot, packet: Packet, pods: readonly Workload[] | undefined): Answer {
  if (pods === undefined) return unclear(`policies tell more than ${MOST_KINDS} kinds of pods of ${packet.from} apart`);
  let kept = unclear(`${packet.from} has no pods`);
  for (const [at, pod] of pods.entries()) {
    const answer = decideFor(snapshot, packet, pod);
    if (answer.verdict === "Allowed") return answer;
    if (at === 0 || answer.verdict === "Unclear") kept = answer;
  }
  return kept;
}

function decideFor(snapshot: Snapshot, packet: Packet, workload: Workload): Answer {
  const from = podEnd(snapshot, workload, packet.family);
  const to = receiver(snapshot, packet);
  if (typeof to === "string") return unclear(to);
  const target = { end: to, protocol: packet.protocol, port: packet.port };
  const leaves = judgeOneEnd(snapshot, { direction: "egress", pod: from, peer: to, target });
  if (to.kind === "address" || leaves.verdict === "Denied") return leaves;
  const arrives = judgeOneEnd(snapshot, { direction: "ingress", pod: to, peer: from, target });
  if (arrives.verdict === "Denied") return arrives;
  const verdict = leaves.verdict === "Unclear" || arrives.verdict === "Unclear" ? "Unclear" : "Allowed";
  return { verdict, rules: [...leaves.rules, ...arrives.rules], doubts: [...leaves.doubts, ...arrives.doubts] };
}

function receiver(snapshot: Snapshot, { to, address, family }: Packet): End | string {
  if (to !== undefined) {
    const found = snapshot.workloads.find(({ id }) => id === to);
    return found === undefined ? `there is no workload ${to}` : podEnd(snapshot, found, family);
  }
  const parsed = address === undefined ? undefined : parseAddress(address);
  return parsed?.family === family ? addressEnd(snapshot, parsed) : `${address ?? "nothing"} is no ${family} address`;
}

/** The tiers at one end. */
function judgeOneEnd(snapshot: Snapshot, view: View): Answer {
  const { hostNetwork } = view.pod;
  if (isDoubt(hostNetwork)) return unclear(hostNetwork.doubt);
  if (hostNetwork) return { verdict: "Allowed", rules: [], doubts: [] };
  const asked: Outcome[] = [];
  for (const tier of [admin, networkPolicies, baseline]) {
    asked.push(tier(snapshot, view));
    if (asked.at(-1)?.actions.has("Next") === false) break;
  }
  return answerOf(asked);
}

const admin = ({ clusterNetworkPolicies }: Snapshot, view: View): Outcome => judgeTier(clusterNetworkPolicies, "Admin", view);
const networkPolicies = (snapshot: Snapshot, view: View): Outcome => judgeNetworkPolicies(snapshot.networkPolicies, view);

/** "NetworkPolicy always makes a final decision for selected pods": by a policy of any direction, or of this one? Seen both ways. */
function baseline(snapshot: Snapshot, view: View): Outcome {
  const outcome = judgeTier(snapshot.clusterNetworkPolicies, "Baseline", view);
  if (!outcome.actions.has("Deny") || !isSelected(snapshot.networkPolicies, view.pod)) return outcome;
  const why = "whether the Baseline tier holds for a pod that only a NetworkPolicy of the other direction selects is up to the implementation";
  return { ...outcome, actions: new Set([...outcome.actions, "Next"]), doubts: [...outcome.doubts, why] };
}

/** What no tier decides is allowed. */
function answerOf(asked: readonly Outcome[]): Answer {
  const allows = asked.some(({ actions }) => actions.has("Accept")) || asked.at(-1)?.actions.has("Next") === true;
  const denies = asked.some(({ actions }) => actions.has("Deny"));
  const rules = asked.flatMap((one) => one.rules);
  if (allows && denies) return { verdict: "Unclear", rules, doubts: asked.flatMap((one) => one.doubts) };
  return { verdict: allows ? "Allowed" : "Denied", rules, doubts: [] };
}
