/**
 * What the prover says, against packets: 200 sets of generated policies, in batches of ten namespaces, and each connection
 * that pods try against the point evaluator, the list of connections and the proof of the very objects that the API server
 * has. Where they differ, one of them is wrong, or kube-router understands the API otherwise.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { snapshotOfCluster } from "../../operator/cli/snapshot/cluster.ts";
import { prove } from "../../operator/sovereignty/prover/prove.ts";
import type { SubjectProof } from "../../operator/sovereignty/prover/result.ts";
import type { Snapshot } from "../../operator/sovereignty/snapshot.ts";
import { client } from "../support/control-plane.ts";
import type { Agent } from "../support/node/agents.ts";
import { NAMED_PORT } from "../support/node/governed.ts";
import { packetsFrom, type WireCount } from "../support/node/hits.ts";
import { NODE, OUTSIDE, PODS, SERVICES } from "../support/node/network.ts";
import { node } from "../support/node/node.ts";
import { addressesOf } from "../support/node/pods.ts";
import { buildPlaces, NAMESPACES, type Places } from "./prover/places.ts";
import { policySet } from "./prover/policies.ts";
import { idOf, judge, trialsOf, tryAll, type Said, type Trial } from "./prover/trials.ts";

const SEED = 20_261_125;
const SETS = 200;
/** For packets that a busy machine lost; what is still otherwise after that is a finding. */
const TRIES = 4;

let places: Places;
const cluster = client("admin", node());
beforeAll(async () => { places = await buildPlaces(); });
afterAll(async () => {
  cluster.transport.close();
  await places[Symbol.asyncDispose]();
});

const readCluster = (): Promise<Snapshot> => snapshotOfCluster(cluster, {
  cluster: { pods: [PODS.v4, PODS.v6], services: [SERVICES.v4, SERVICES.v6], nodes: [`${NODE.v4}/32`, `${NODE.v6}/128`] }, nameServers: [SERVICES.dns], operatorNamespace: "hoheit-system", today: "2026-11-25",
});

const seen = { Allowed: 0, Denied: 0, Unclear: 0, triedAgain: 0, proved: 0, refuted: 0, shown: 0 };

/** What got through was said to be allowed and is listed; what did not was neither, unless it was unclear. */
function disagrees({ verdict, isListed, isCertain }: Said, passed: boolean): boolean {
  return passed ? verdict === "Denied" || !isListed : verdict === "Allowed" || (isCertain && verdict === "Denied");
}

/** Packets that did something else than is said of them, each in a sentence. */
async function compare(snapshot: Snapshot): Promise<string[]> {
  const said = judge(snapshot, trialsOf(places.agents));
  for (const { verdict } of said.values()) seen[verdict] += 1;
  let left = [...said.keys()];
  let results: ReadonlyMap<Trial, boolean> = new Map();
  for (let tried = 0; tried < TRIES && left.length > 0; tried++) {
    if (tried > 0) seen.triedAgain += left.length;
    results = await tryAll(left);
    left = left.filter((trial) => disagrees(said.get(trial)!, results.get(trial)!));
  }
  return left.map((trial) => `${JSON.stringify(trial.packet)} to ${trial.address} ${results.get(trial) === true ? "got" : "did not get"} through; said: ${JSON.stringify(said.get(trial))}`);
}

/** What the world has seen of all pods: how many packets, by source and by where they went. */
type Counts = ReadonlyMap<string, number>;
const keyOf = ({ target, protocol, port }: Pick<WireCount, "target" | "protocol" | "port">): string => `${protocol} ${target} ${port}`;
const countAll = async (): Promise<Counts> => new Map((await packetsFrom(places.agents.flatMap(({ pod }) => addressesOf(pod)))).map((count) => [`${count.source} ${keyOf(count)}`, count.packets]));

/** Where packets of a pod went between two counts. */
function newOf({ pod }: Agent, before: Counts, now: Counts): string[] {
  const grown = [...now].filter(([key, packets]) => packets > (before.get(key) ?? 0)).map(([key]) => key);
  return addressesOf(pod).flatMap((source) => grown.filter((key) => key.startsWith(`${source} `)).map((key) => key.slice(source.length + 1)));
}

const NAMED = [OUTSIDE.v4, OUTSIDE.v6].flatMap((target) => (["TCP", "UDP"] as const).map((protocol) => keyOf({ target, protocol, port: NAMED_PORT })));

/** The packet that is said to get out is sent, and must be seen outside. There is no SCTP here. */
async function show(agent: Agent, { id, counterexample }: SubjectProof): Promise<string[]> {
  const { address, protocol, port } = counterexample?.packet ?? {};
  if (address === undefined || port === undefined || protocol === undefined || protocol === "SCTP") return [];
  seen.shown += 1;
  const before = await countAll();
  for (let tried = 0; tried < TRIES; tried++) {
    await agent.attempt([{ name: "", address, port, protocol }]);
    if (newOf(agent, before, await countAll()).includes(keyOf({ target: address, protocol, port }))) return [];
  }
  return [`${id}: ${protocol} ${address} ${port} is said to get out, and the world has not seen it`];
}

/** Whether what is proved got nowhere but where it may, and what is refuted gets out. */
async function compareProofs(snapshot: Snapshot, before: Counts): Promise<string[]> {
  const now = await countAll();
  const proofs = new Map(prove(snapshot).namespaces.flatMap(({ workloads }) => workloads).map((proof) => [proof.id, proof]));
  const findings: string[] = [];
  for (const agent of places.agents) {
    const proof = proofs.get(idOf(agent));
    if (proof?.verdict === "PROVED") {
      seen.proved += 1;
      const out = newOf(agent, before, now).filter((key) => !NAMED.includes(key));
      findings.push(...out.map((key) => `${proof.id} is proved, and the world has seen ${key} of it`));
    } else if (proof?.verdict === "REFUTED") {
      seen.refuted += 1;
      findings.push(...await show(agent, proof));
    }
  }
  return findings;
}

const generated = ({ networkPolicies }: Snapshot): string =>
  JSON.stringify(networkPolicies.filter(({ metadata }) => metadata.name.startsWith("generated-")).map(({ metadata: { namespace, name }, spec }) => ({ [`${namespace}/${name}`]: spec })));

test(`under ${SETS} generated sets of policies packets do what prover, point evaluator and list of connections say (seed ${SEED})`, async () => {
  const sets = fc.sample(policySet, { seed: SEED, numRuns: SETS });
  for (let at = 0; at < SETS; at += NAMESPACES) {
    await places.replace(sets.slice(at, at + NAMESPACES));
    const snapshot = await readCluster();
    const before = await countAll();
    const findings = [...await compare(snapshot), ...await compareProofs(snapshot, before)];
    expect(findings, `sets from ${at}: ${generated(snapshot)}`).toEqual([]);
  }
  console.log(`Seed ${SEED}: ${JSON.stringify(seen)}`);
  expect(Math.min(seen.Allowed, seen.Denied), "packets of each kind").toBeGreaterThan(1000);
  expect(Math.min(seen.proved, seen.refuted, seen.shown), "proofs of each kind").toBeGreaterThan(20);
}, 400_000);

describe("kube-router lets more through than the API says (a proof takes it for granted that rules are enforced)", () => {
  /** Policies of the last namespace, which nobody governs; what is said of packets from its first pod to its second, and what became of them. */
  async function between(...specs: object[]): Promise<{ said: Set<string>; passed: Set<boolean> }> {
    await places.replace([...Array.from({ length: NAMESPACES - 1 }, () => []), specs]);
    const [one, two] = places.agents.slice(-2) as [Agent, Agent];
    const said = judge(await readCluster(), trialsOf([one, two]).filter(({ packet }) => packet.from === idOf(one) && packet.to === idOf(two)));
    return { said: new Set([...said.values()].map(({ verdict }) => verdict)), passed: new Set((await tryAll([...said.keys()])).values()) };
  }
  const open = { said: new Set(["Denied"]), passed: new Set([true]) };
  const closed = { said: new Set(["Denied"]), passed: new Set([false]) };

  test("where none of the pods of a peer has the port that is named: every port", async () => {
    const to = (port: object): object => ({ podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [{ podSelector: {} }], ports: [port] }] });
    expect(await between(to({ port: "nobody" }))).toEqual(open);
    expect(await between(to({ port: 1 }))).toEqual(closed);
  });

  test("where one policy for both directions selects both ends: what it lets in counts as let out", async () => {
    const lettingIn = (policyTypes: readonly string[]): object => ({ podSelector: {}, policyTypes, ingress: [{}] });
    const lettingNothingOut = { podSelector: {}, policyTypes: ["Egress"] };
    expect(await between(lettingIn(["Ingress", "Egress"]))).toEqual(open);
    expect(await between(lettingIn(["Ingress"]), lettingNothingOut)).toEqual(closed);
  });
});
