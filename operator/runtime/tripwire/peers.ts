/**
 * Whether other replicas can be reached on their forbidden port. Each finds itself there without leaving its pod, so none
 * would notice a policy in the operator's namespace that lets in the control port only, and every gate would take that
 * policy for its own seal. What one replica finds out about another, it says of both: they have the same labels.
 */
import type { Attempt } from "../reach/attempt.ts";
import type { TripwireAccess } from "./network.ts";

/** How other replicas are met. */
export interface Peers extends TripwireAccess {
  /** Addresses of the Service behind which they are; empty while it is not known. */
  service(): readonly string[];
}

/**
 * Undefined if nothing was found to be hidden: also when there is no other replica, or none answers. Between its two
 * answers the other was alive, so a connection that fails was stopped on its way.
 */
export async function hiddenBehind(service: string, instance: string, { ask, touch }: TripwireAccess): Promise<string | undefined> {
  const before = await ask(service);
  if (before === undefined || before.instance === instance || !before.alive) return undefined;
  if (tellsNothing(await touch(before.address))) return undefined;
  // One packet that got lost would stop every start for half a minute.
  const again = await touch(before.address);
  if (tellsNothing(again)) return undefined;
  const after = await ask(before.address);
  if (after?.instance !== before.instance || !after.alive) return undefined;
  const { outcome, errno } = again;
  return `the forbidden port of another replica is out of reach from this one (${outcome}${errno === undefined ? "" : ` ${errno}`}): let everybody in to both ports of the operator's pods, as the chart's NetworkPolicy does`;
}

const tellsNothing = ({ outcome }: Attempt): boolean => outcome === "Reached" || outcome === "Failed";
