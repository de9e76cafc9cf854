/**
 * The prover, which reckons with sets, against the point evaluator, which takes one packet at a time: over every packet of a
 * toy universe (test/support/toy-universe.ts) they must say the same.
 */
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { ADDRESSES, PORTS, spoiledSnapshot, toySnapshot, v1Policy } from "../../../test/support/toy-universe.ts";
import { networkPolicy } from "../../../test/support/snapshots.ts";
import { familyOf } from "../../lib/addresses.ts";
import { PROTOCOLS, ROLES, type Policy } from "../policy.ts";
import { prove } from "../prover/prove.ts";
import type { AddressTraffic, SubjectProof } from "../prover/result.ts";
import type { Snapshot, Workload } from "../snapshot.ts";
import type { Packet } from "../verdict.ts";
import { contains, parseAddress, type Network } from "./address.ts";
import { decide, decideForSome, type Answer } from "./decide.ts";
import { declaresAddress, roleOf } from "./declared.ts";
import { distinct, podsOf } from "./label-space.ts";
import { addressEnd } from "./party.ts";

/** Policy sets for each test: about half a minute of one core. */
const RUNS = 60;
/** On a machine that has much else to do. */
const LIMIT_MS = 600_000;

const PROBES = ADDRESSES.flatMap((address) => PORTS.flatMap((port) => PROTOCOLS.map((protocol) => ({ address, family: familyOf(address), port, protocol }))));
const inCluster = (snapshot: Snapshot, { address = "" }: Partial<Packet>): boolean => {
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new Error(address);
  const { mayBePod, mayBeNode } = addressEnd(snapshot, parsed);
  return mayBePod || mayBeNode;
};

/** Packets that were compared, by what the point evaluator said. */
const compared = { Allowed: 0, Denied: 0, Unclear: 0 };

/** @param check what holds of a subject of a governed namespace and its pods */
function forEverySubject(snapshot: Snapshot, check: (subject: Subject) => void): void {
  for (const { namespace, workloads, labelSpace } of prove(snapshot).namespaces) {
    const policy = snapshot.governed.get(namespace);
    for (const proof of workloads) {
      if (policy === undefined) expect(proof.verdict).toBe("UNGOVERNED");
      else check({ snapshot, policy, proof, pods: snapshot.workloads.filter(({ id }) => id === proof.id) });
    }
    // Two roles of six: all others are held alike, and time is short.
    for (const proof of labelSpace.filter(({ role }) => role === "Application" || role === TRIED_ROLES[snapshot.networkPolicies.length])) check({ snapshot, policy: policy!, proof, pods: distinct(snapshot, podsOf(snapshot, { namespace, role: proof.role })!) });
  }
}

const TRIED_ROLES = ROLES.filter((role) => role !== "Application");

interface Subject {
  readonly snapshot: Snapshot;
  readonly policy: Policy;
  readonly proof: SubjectProof;
  readonly pods: readonly Workload[];
}

describe("prover and point evaluator", () => {
  test("agree about every packet to an address, and about every verdict", () => {
    fc.assert(fc.property(toySnapshot, (snapshot) => forEverySubject(snapshot, (subject) => {
      const { id, verdict } = subject.proof;
      // Of pods with any labels the prover takes together what no single one may do; it says so (Combination).
      const isSpace = id.endsWith("/*");
      const all = compare(subject, ({ answer, reached, isInCluster }) => {
        // Within the cluster it may be Unclear for a selector that may take a pod there, which the prover reckons with elsewhere.
        if (answer === "Unclear" && isInCluster) return true;
        return isSpace ? reached || answer === "Denied" : reached === (answer !== "Denied");
      });
      const isPlain = !isSpace && all.every(({ answer }) => answer !== "Unclear");
      if (isPlain) expect(verdict === "REFUTED").toBe(all.some(({ answer, isInCluster, isDeclared }) => answer === "Allowed" && !isInCluster && !isDeclared));
    })), { numRuns: RUNS });
  }, LIMIT_MS);

  test("never take for shut what the other does not, where policies are spoiled", () => {
    fc.assert(fc.property(spoiledSnapshot, (snapshot) => forEverySubject(snapshot, (subject) => {
      compare(subject, (one) => one.reached || !mayGetOut(one));
    })), { numRuns: RUNS });
  }, LIMIT_MS);
});

describe("the point evaluator", () => {
  const answers = (snapshot: Snapshot): Answer["verdict"][] => snapshot.workloads.flatMap(({ id }) => PROBES.map((probe) => decide(snapshot, { ...probe, from: id }).verdict));

  test("never takes away what gets out when an isolated pod gets one more NetworkPolicy, and opens the world to one that loses its last", () => {
    fc.assert(fc.property(toySnapshot, v1Policy, (snapshot, added) => {
      const isolating = networkPolicy("town/isolating", { podSelector: {}, policyTypes: ["Egress"] });
      const held = { ...snapshot, networkPolicies: [...snapshot.networkPolicies, isolating], workloads: snapshot.workloads.filter(({ namespace }) => namespace === "town") };
      const more = answers({ ...held, networkPolicies: [...held.networkPolicies, added] });
      for (const [at, verdict] of answers(held).entries()) if (verdict === "Allowed") expect(more[at]).toBe("Allowed");
      expect(new Set(answers({ ...held, networkPolicies: [], clusterNetworkPolicies: [] }))).toEqual(new Set(["Allowed"]));
    }), { numRuns: 20 });
  }, LIMIT_MS);

  test("does not care in which order anything stands", () => {
    fc.assert(fc.property(toySnapshot, (snapshot) => {
      const reversed = { ...snapshot, networkPolicies: snapshot.networkPolicies.toReversed(), clusterNetworkPolicies: snapshot.clusterNetworkPolicies.toReversed(), namespaces: snapshot.namespaces.toReversed() };
      expect(answers(reversed)).toEqual(answers(snapshot));
    }), { numRuns: 10 });
  }, LIMIT_MS);
});

/** What both say about one packet. */
interface Compared {
  readonly packet: Packet;
  readonly answer: Answer["verdict"];
  /** Whether it is in the prover's set of what the subject may reach. */
  readonly reached: boolean;
  readonly isInCluster: boolean;
  readonly isDeclared: boolean;
}

/** Tries every packet; `agrees` says whether what the prover says fits what the point evaluator says. */
function compare({ snapshot, policy, proof, pods }: Subject, agrees: (one: Compared) => boolean): readonly Compared[] {
  const reaches = membership(proof);
  const all = PROBES.map((probe): Compared => {
    const packet = { ...probe, from: proof.id };
    return {
      packet, answer: decideForSome(snapshot, packet, pods).verdict, reached: reaches(packet), isInCluster: inCluster(snapshot, packet), isDeclared: declaresAddress(snapshot, policy, proof.role, packet),
    };
  });
  for (const one of all) {
    compared[one.answer] += 1;
    if (!agrees(one)) throw new Error(`${proof.id}: ${JSON.stringify(one)}`);
    if (proof.verdict === "PROVED" && !one.isDeclared && mayGetOut(one)) throw new Error(`${proof.id} is PROVED: ${JSON.stringify(one)}`);
  }
  if (proof.verdict === "REFUTED") refuted(snapshot, proof, pods);
  return all;
}

const mayGetOut = ({ answer, reached, isInCluster }: Compared): boolean => reached || answer === "Allowed" || (answer === "Unclear" && !isInCluster);

function refuted(snapshot: Snapshot, { id, role, counterexample }: SubjectProof, pods: readonly Workload[]): void {
  const { packet, labels } = counterexample!;
  const [namespace = ""] = id.split("/");
  const asked = labels === undefined ? pods : [{ id, namespace, labels, podSpec: {} }];
  expect(asked.map(roleOf)).toEqual(asked.map(() => role));
  expect(decideForSome(snapshot, packet, asked).verdict).toBe("Allowed");
  expect(declaresAddress(snapshot, snapshot.governed.get(namespace)!, role, packet)).toBe(false);
  expect(inCluster(snapshot, packet)).toBe(false);
}

/** Whether a packet is in what the prover says a subject may reach. */
function membership({ allowed }: SubjectProof): (packet: Packet) => boolean {
  const lines: readonly AddressTraffic[] = allowed === undefined ? [] : [...allowed.destinations, ...allowed.outside].flatMap(({ traffic }) => traffic).concat(allowed.dns, allowed.cluster);
  const parsed = lines.map(({ addresses, ports }) => ({ ports, networks: addresses.map(networkOf) }));
  return ({ address = "", protocol, port }) => {
    const point = parseAddress(address)!;
    return parsed.some(({ ports, networks }) => ports.some((range) => range.protocol === protocol && range.port <= port && port <= range.endPort) && networks.some((network) => contains(network, point)));
  };
}

/** The prover writes IPv4-mapped networks, too: as a part of IPv6 that nobody may read otherwise. */
function networkOf(cidr: string): Network {
  const [address = "", prefix] = cidr.split("/");
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new Error(`the prover wrote ${cidr}`);
  return { address: parsed, prefix: Number(prefix) };
}

afterAll(() => {
  const total = Object.values(compared).reduce((sum, count) => sum + count, 0);
  expect(total).toBeGreaterThanOrEqual(100_000);
  for (const count of Object.values(compared)) expect(count).toBeGreaterThan(total / 100);
});
