/**
 * What evidence says of workloads and of label spaces, tried by packets: a counterexample must get out, and where PROVED
 * stands, none of the packets at the edges of the rules may get anywhere but where the policy says.
 */
import { FAMILIES } from "../../lib/addresses.ts";
import { portsAt, probesAt, type Probe } from "../point/boundary.ts";
import { isClusterSubjectOf } from "../point/cluster-network-policy.ts";
import { decide, decideForSome } from "../point/decide.ts";
import { declaresAddress, declaresPod, roleOf } from "../point/declared.ts";
import { distinct, podsOf } from "../point/label-space.ts";
import { isSubjectOf } from "../point/network-policy.ts";
import { isHeldByPolicies, podEnd } from "../point/party.ts";
import { PROTOCOLS, ROLES, type Policy } from "../policy.ts";
import type { SubjectProof } from "../prover/result.ts";
import type { Snapshot, Workload } from "../snapshot.ts";
import type { Packet } from "../verdict.ts";
import type { Bundle, Evidence } from "./evidence.ts";
import type { Problem } from "./verify.ts";
import { about, placesOf, rulesOf, Worlds } from "./world.ts";

/** One subject, and all that it takes to ask about it. */
interface Case {
  readonly subject: SubjectProof;
  readonly namespace: string;
  readonly policy: Policy;
  readonly world: Snapshot;
  /** Its pods: one for a workload, one of each kind for a label space. */
  readonly pods: readonly Workload[];
}

export class SubjectCheck {
  readonly problems: Problem[] = [];
  readonly tried = { counterexamples: 0, packets: 0 };
  private readonly worlds: Worlds;
  /** Workloads that are not proved themselves: what goes to them may go on. */
  private readonly relays: readonly Workload[];
  /** What was found of pods of the namespace at hand, by what decides about them. */
  private readonly known = new Map<string, Probe | undefined>();

  constructor({ bundles }: Evidence, snapshot: Snapshot) {
    this.worlds = new Worlds(snapshot);
    const proved = new Set(bundles.flatMap(({ proof }) => proof.workloads).filter(({ verdict }) => verdict === "PROVED").map(({ id }) => id));
    this.relays = snapshot.workloads.filter(({ id }) => !proved.has(id));
  }

  bundle({ namespace, proof, policy }: Bundle): void {
    this.known.clear();
    const own = this.worlds.workloadsIn(namespace);
    const world = this.worlds.of([namespace], own);
    this.compare(namespace, proof.workloads.map(({ id }) => id), own.map(({ id }) => id));
    this.compare(namespace, proof.labelSpace.map(({ role }) => role), policy === undefined ? [] : ROLES);
    for (const subject of proof.workloads) {
      const pods = own.filter(({ id }) => id === subject.id);
      if (pods.some((pod) => roleOf(pod) !== subject.role)) this.found(subject, `its labels do not say that its role is ${subject.role}`);
      this.subject(subject, policy && { subject, namespace, policy, world, pods });
    }
    for (const subject of proof.labelSpace) {
      const pods = podsOf(world, { namespace, role: subject.role });
      if (pods === undefined) this.found(subject, "policies tell too many kinds of pods apart to try each");
      else this.subject(subject, policy && { subject, namespace, policy, world, pods: distinct(world, pods) });
    }
  }

  private compare(where: string, claimed: readonly string[], present: readonly string[]): void {
    for (const one of present) if (!claimed.includes(one)) this.problems.push({ where, message: `nothing is said about ${one}` });
    for (const [at, one] of claimed.entries()) if (!present.includes(one) || claimed.indexOf(one) !== at) this.problems.push({ where, message: `${one} is not among the objects, or named twice` });
  }

  private found({ id }: SubjectProof, message: string): void {
    this.problems.push({ where: id, message });
  }

  /** @param one undefined where no policy governs */
  private subject(subject: SubjectProof, one: Case | undefined): void {
    const { verdict } = subject;
    const held = one?.pods.every((pod) => isHeldByPolicies(pod) === true) === true;
    if (held === (verdict === "UNGOVERNED")) this.found(subject, held ? "policies hold it, yet the verdict is UNGOVERNED" : `nothing holds it, yet the verdict is ${verdict}`);
    if (one === undefined || !held) return;
    if (verdict === "REFUTED") this.refuted(one);
    if (verdict === "PROVED") this.proved(one);
    if (verdict === "UNDETERMINED") this.undetermined(one);
  }

  private refuted(one: Case): void {
    const { subject, namespace, world } = one;
    if (subject.counterexample === undefined) return this.found(subject, "it is REFUTED without a counterexample");
    this.tried.counterexamples += 1;
    const { packet, labels } = subject.counterexample;
    const pods = labels === undefined ? one.pods : [{ id: subject.id, namespace, labels, podSpec: {} }];
    if (packet.from !== subject.id || pods.some((pod) => roleOf(pod) !== subject.role)) return this.found(subject, "the counterexample is about another pod");
    if (packet.address === undefined || this.isDeclared(one, packet)) return this.found(subject, `the counterexample ${nameOf(packet)} goes where the policy allows`);
    const { verdict } = decideForSome(world, packet, pods);
    if (verdict !== "Allowed") this.found(subject, `the counterexample ${nameOf(packet)} does not surely get out: ${verdict}`);
  }

  private proved(one: Case): void {
    const { subject, namespace } = one;
    const { unknownPolicyKinds, unreadable } = this.worlds.snapshot;
    const unseen = [...unknownPolicyKinds, ...unreadable.filter((what) => !what.includes(" in namespace ") || what.includes(` in namespace ${namespace}:`))];
    if (unseen.length > 0) this.found(subject, `it cannot be PROVED while nobody sees ${unseen.join(", ")}`);
    const escape = this.escape(one, true);
    if (escape !== undefined) this.found(subject, `it is not PROVED: the rules do not surely stop ${nameOf(escape)}`);
    const relay = this.relay(one);
    if (relay !== undefined) this.found(subject, `it is not PROVED: it may talk to ${nameOf(relay)}, which is not proved itself`);
  }

  /** Where a rule is unclear, or several rules together hold a label space, the prover may be less sure than one packet is. */
  private undetermined(one: Case): void {
    if (one.subject.id.endsWith("/*") || one.subject.missing.some(({ kind }) => kind === "Unclear")) return;
    const escape = this.escape(one, false);
    if (escape !== undefined) this.found(one.subject, `it is REFUTED, not UNDETERMINED: ${nameOf(escape)} gets out`);
  }

  /** A packet to an address that the policy does not declare, which gets out or, with `orMay`, is not surely stopped. */
  private escape(one: Case, orMay: boolean): Packet | undefined {
    for (const pod of one.pods) {
      const found = this.escapeOf(pod, one, orMay);
      if (found !== undefined) return { ...found, from: one.subject.id };
    }
    return undefined;
  }

  /** Pods that the same policies select, and that may go to the same places, go the same ways: one of them is asked. */
  private escapeOf(pod: Workload, one: Case, orMay: boolean): Probe | undefined {
    const { subject: { role }, policy } = one;
    const world = about(one.world, [pod]);
    const end = podEnd(world, pod, "IPv4");
    const permitted = [role === "Application", ...policy.destinations.map(({ roles }) => roles.includes(role))];
    const key = JSON.stringify([orMay, permitted, world.networkPolicies.map((raw) => [raw.metadata.name, isSubjectOf(raw, end)]), world.clusterNetworkPolicies.map((raw) => isClusterSubjectOf(raw, end))]);
    if (!this.known.has(key)) this.known.set(key, this.tryAll(pod, { ...one, world }, orMay));
    return this.known.get(key);
  }

  private tryAll(pod: Workload, one: Case, orMay: boolean): Probe | undefined {
    for (const probe of probesAt(rulesOf(one.world), placesOf(one.world, one.policy))) {
      const packet = { ...probe, from: one.subject.id };
      this.tried.packets += 1;
      const { verdict } = decideForSome(one.world, packet, [pod]);
      if (verdict === "Denied" || this.isDeclared(one, packet)) continue;
      const isInCluster = this.worlds.isInCluster(probe.address);
      // An address within the cluster may always be some pod that a selector takes; those are asked by their labels (`relay`).
      if (verdict === "Allowed" ? orMay || !isInCluster : orMay && !isInCluster) return probe;
    }
    return undefined;
  }

  private isDeclared({ subject, policy, world }: Case, packet: Packet): boolean {
    return declaresAddress(world, policy, subject.role, packet);
  }

  /** A packet to a workload that could pass it on. For label spaces only addresses are tried. */
  private relay({ subject, namespace, policy, world }: Case): Packet | undefined {
    if (subject.id.endsWith("/*")) return undefined;
    const own = world.workloads.filter(({ id }) => id === subject.id);
    const rules = rulesOf(about(world, own));
    for (const to of this.relays) {
      const both = about(this.worlds.of([namespace, to.namespace], [...own, to]), [...own, to]);
      const found = to.id === subject.id ? undefined : packetsTo(subject, to, rules).find((packet) => {
        if (declaresPod(both, policy, subject.role, { packet, to })) return false;
        this.tried.packets += 1;
        return decide(both, packet).verdict === "Allowed";
      });
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** At the ports that the receiver or a rule of the sender names. */
function packetsTo({ id }: SubjectProof, to: Workload, rules: readonly unknown[]): Packet[] {
  const ports = portsAt([to.podSpec["containers"], ...rules]);
  return FAMILIES.flatMap((family) => ports.flatMap((port) => PROTOCOLS.map((protocol) => ({ from: id, to: to.id, family, protocol, port }))));
}

/** `8.8.8.8:443/TCP`. */
function nameOf({ address, to, port, protocol }: Packet): string {
  const host = address?.includes(":") === true ? `[${address}]` : (address ?? to ?? "");
  return `${host}:${port}/${protocol}`;
}
