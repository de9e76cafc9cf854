/**
 * One look at the seal, from inside a pod: for every family in which packets could leave, the tripwire must answer on its
 * control port and be out of reach on the forbidden one.
 *
 * Behind the tripwire's Service there are several replicas, and one of them may just have died: its forbidden port is out
 * of reach for everybody. So the forbidden port is tried at the very replica that has answered, between two of its answers,
 * and at the Service as well.
 */
import { familyOf, type Family } from "../../lib/addresses.ts";
import type { AttemptOutcome } from "../../runtime/reach/attempt.ts";
import type { TripwireAccess } from "../../runtime/tripwire/network.ts";

/** What a gate sees of the world. */
export interface World extends TripwireAccess {
  /** Addresses of this pod with which packets could leave. */
  own(): readonly string[];
}

/**
 * `Sealed`: nothing got through while the tripwire was up.
 * `Open`: the forbidden port was reached.
 * `NoTripwire`: it did not answer, or was not listening: nothing is known.
 * `Unaddressed`: the pod has a family in which the tripwire has no address.
 * `Offline`: the pod has no address at all.
 * `Failed`: the attempt could not be made.
 */
export type Finding = "Sealed" | "Open" | "NoTripwire" | "Unaddressed" | "Offline" | "Failed";

export interface Round {
  readonly finding: Finding;
  /** The family that the finding is about; absent if it is about all. */
  readonly family?: Family;
  /** How the forbidden port was out of reach, in each family. */
  readonly outcomes: Readonly<Partial<Record<Family, AttemptOutcome>>>;
}

/** The worst first: what one family shows holds for the pod. */
const WORST_FIRST: readonly Finding[] = ["Open", "Unaddressed", "NoTripwire", "Failed"];

export async function lookOnce(tripwire: readonly string[], world: World): Promise<Round> {
  const families = [...new Set(world.own().map(familyOf))].toSorted();
  if (families.length === 0) return { finding: "Offline", outcomes: {} };
  const seen = await Promise.all(families.map(async (family) => ({ family, ...(await lookAt(tripwire.find((address) => familyOf(address) === family), world)) })));
  const outcomes = Object.fromEntries(seen.flatMap(({ family, outcome }) => (outcome === undefined ? [] : [[family, outcome]])));
  const worst = WORST_FIRST.flatMap((finding) => seen.find((one) => one.finding === finding) ?? [])[0];
  return worst === undefined ? { finding: "Sealed", outcomes } : { finding: worst.finding, family: worst.family, outcomes };
}

interface Seen {
  readonly finding: Finding;
  readonly outcome?: AttemptOutcome;
}

async function lookAt(service: string | undefined, world: World): Promise<Seen> {
  if (service === undefined) return { finding: "Unaddressed" };
  const before = await world.ask(service);
  if (before?.listening !== true) return { finding: "NoTripwire" };
  const [atService, atReplica] = await Promise.all([world.touch(service), world.touch(before.address)]);
  const worst = [atService, atReplica].find(({ outcome }) => outcome === "Reached") ?? [atReplica, atService].find(({ outcome }) => outcome === "Failed");
  if (worst !== undefined) return { finding: worst.outcome === "Reached" ? "Open" : "Failed", outcome: worst.outcome };
  const after = await world.ask(before.address);
  const same = after?.listening === true && after.instance === before.instance;
  return { finding: same ? "Sealed" : "NoTripwire", outcome: atReplica.outcome };
}
