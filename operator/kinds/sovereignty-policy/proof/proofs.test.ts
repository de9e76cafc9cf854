import { beforeEach, describe, expect, it } from "vitest";
import { fakeClock } from "../../../../test/support/fake-clock.ts";
import { GOVERNED, svp } from "../../../../test/support/makers.ts";
import type { Live } from "../../../lib/k8s-types.ts";
import type { Context } from "../../../runtime/kind.ts";
import type { Evidence } from "../../../sovereignty/evidence/evidence.ts";
import { dataSetOf } from "../../../sovereignty/datasets/compact.ts";
import type { NamespaceProof } from "../../../sovereignty/prover/result.ts";
import type { Snapshot } from "../../../sovereignty/snapshot.ts";
import type { Flip, Verdict } from "../../../sovereignty/verdict.ts";
import { NAMESPACES } from "../../../kube/resources.ts";
import { sovereigntyPolicy } from "../schema.ts";
import type { EvidenceStore, KeptEvidence } from "./evidence-store.ts";
import { ProofKeeper, type Proved } from "./keeper.ts";
import { proofsOf, type Proofs } from "./proofs.ts";

const NOTHING_SHOWN = { guard: [], probes: [], dataSets: [], today: "2026-11-25" };
const SNAPSHOT = {
  namespaces: [], workloads: [], networkPolicies: [], clusterNetworkPolicies: [], services: [], endpointSlices: [], governed: new Map(), cluster: { pods: [], services: [], nodes: [] },
  operatorNamespace: "hoheit-system", unreadable: [], unknownPolicyKinds: [],
} as unknown as Snapshot;

let verdict: Verdict;
let version: number;
let labels: Record<string, string>;
let policies: Live[];
let written: { evidence: Evidence; most: number }[];
let told: (readonly Flip[])[];
let failing: boolean;
/** What writing waits for. */
let writing: Promise<void>;
const clock = fakeClock();

/** A cluster with one namespace, about which is proved what `verdict` says. */
function house(): { readonly proofs: Proofs; readonly lookup: Pick<Context, "cache"> } {
  const namespace = (): NamespaceProof => ({ namespace: "a", policy: "p", verdict, workloads: [], labelSpace: [], findings: [] });
  const keeper = new ProofKeeper({ clock, read: () => Promise.resolve(SNAPSHOT), prove: (snapshot) => Promise.resolve({ snapshot, proof: { verdict, namespaces: [namespace()], assumptions: [], residuals: [] } }) });
  const store = {
    last: () => Promise.resolve(written.length === 0 ? undefined : ({ root: written.at(-1)?.evidence.root } as KeptEvidence)),
    keep: async (evidence: Evidence, content: string, most: number) => {
      await writing;
      if (failing) throw new Error("forbidden");
      written.push({ evidence, most });
      return { root: evidence.root, asOf: evidence.facts.asOf, content };
    },
  } as unknown as EvidenceStore;
  const listOf = (of: unknown): readonly Live[] => (of === sovereigntyPolicy.resource ? policies : of === NAMESPACES ? [{ metadata: { name: "a", labels, resourceVersion: String(version) } } as unknown as Live] : []);
  const lookup = { cache: (of: unknown) => ({ list: () => listOf(of), get: (key: string) => listOf(of).find(({ metadata: { name } }) => name === key) }) } as unknown as Pick<Context, "cache">;
  return { lookup, proofs: proofsOf({ keeper, store, monotonic: () => clock.monotonic(), onFlips: (flips) => told.push(flips) }) };
}

beforeEach(() => {
  [verdict, version, labels, policies, written, told, failing, writing] = ["PROVED", 1, GOVERNED, [svp("p").live()], [], [], false, Promise.resolve()];
});

it("proves nothing where there is no policy", async () => {
  policies = [];
  const { proofs, lookup } = house();
  expect(await proofs.ask(lookup)).toBeUndefined();
  expect(proofs.namespace("a", lookup)).toBeUndefined();
});

it("keeps one evidence of a proof, whoever asks for it, each naming the one before, and tells once what flipped", async () => {
  const { proofs, lookup } = house();
  const first = (await proofs.ask(lookup))?.proved;
  if (first === undefined) throw new Error("nothing is proved");
  const [one, same] = await Promise.all([proofs.keep(first, NOTHING_SHOWN, 50), proofs.keep(first, NOTHING_SHOWN, 50)]);
  expect([one.flips, same]).toEqual([[], one]);
  expect(proofs.namespace("a", lookup)?.verdict).toBe("PROVED");
  [verdict, version] = ["REFUTED", 2];
  clock.advance(10_000);
  const second = (await proofs.ask(lookup))?.proved;
  if (second === undefined) throw new Error("nothing is proved");
  const flips = [{ time: expect.any(String) as string, namespace: "a", from: "PROVED", to: "REFUTED" }];
  expect((await proofs.keep(second, NOTHING_SHOWN, 7)).flips).toEqual(flips);
  expect(told).toEqual([[], flips]);
  expect(written.map(({ evidence: { facts }, most }) => [facts.previous, most])).toEqual([[undefined, 50], [written[0]?.evidence.root, 7]]);
});

/** What is proved after something has moved. */
async function provedAs(now: Verdict, { proofs, lookup }: ReturnType<typeof house>): Promise<Proved> {
  [verdict, version] = [now, version + 1];
  clock.advance(10_000);
  const answer = await proofs.ask(lookup);
  if (answer === undefined) throw new Error("nothing is proved");
  return answer.proved;
}

it("writes one evidence after the other, in the order of the proofs", async () => {
  const { proofs, lookup } = house();
  const first = await provedAs("PROVED", { proofs, lookup });
  const gate = Promise.withResolvers<void>();
  writing = gate.promise;
  const one = proofs.keep(first, NOTHING_SHOWN, 50);
  const other = proofs.keep(await provedAs("REFUTED", { proofs, lookup }), NOTHING_SHOWN, 50);
  gate.resolve();
  await Promise.all([one, other]);
  expect(written.map(({ evidence: { facts } }) => [facts.verdict, facts.previous])).toEqual([["PROVED", undefined], ["REFUTED", written[0]?.evidence.root]]);
});

it("keeps nothing older than what is kept, whatever the wall clock says", async () => {
  const { proofs, lookup } = house();
  const first = await provedAs("PROVED", { proofs, lookup });
  clock.stepWallClock(-3_600_000);
  const newest = await proofs.keep(await provedAs("REFUTED", { proofs, lookup }), NOTHING_SHOWN, 50);
  expect(await proofs.keep(first, NOTHING_SHOWN, 50)).toBe(newest);
  expect(written.map(({ evidence: { facts } }) => facts.verdict)).toEqual(["REFUTED"]);
});

it("keeps another evidence of the same proof when there are other data sets", async () => {
  const { proofs, lookup } = house();
  const proved = (await proofs.ask(lookup))?.proved;
  if (proved === undefined) throw new Error("nothing is proved");
  await proofs.keep(proved, NOTHING_SHOWN, 50);
  const set = dataSetOf({ name: "rir", date: "2026-11-20", entries: [] });
  for (let times = 0; times < 2; times += 1) await proofs.keep(proved, { ...NOTHING_SHOWN, dataSets: [set] }, 50);
  expect(written.map(({ evidence: { facts } }) => facts.dataSets.map(({ name }) => name))).toEqual([[], ["rir"]]);
  expect(told).toEqual([[], []]);
});

it("tries again to keep what could not be kept, and tells nothing before", async () => {
  const { proofs, lookup } = house();
  const proved = (await proofs.ask(lookup))?.proved;
  if (proved === undefined) throw new Error("nothing is proved");
  failing = true;
  await expect(proofs.keep(proved, NOTHING_SHOWN, 50)).rejects.toThrow("forbidden");
  expect(told).toEqual([]);
  failing = false;
  expect((await proofs.keep(proved, NOTHING_SHOWN, 50)).evidence.root).toBe(written[0]?.evidence.root);
});

it("settles when something is proved, once", async () => {
  const { proofs, lookup } = house();
  await proofs.settled(lookup);
  expect(proofs.last()?.proof.verdict).toBe("PROVED");
});

describe("what was proved of a namespace", () => {
  const changed = (over: object): Live => ({ ...svp("p").live(), metadata: { ...svp("p").live().metadata, ...over } });

  it.each<[string, () => void]>([
    ["no policy holds it any more", () => (labels = {})],
    ["there is no policy any more", () => (policies = [])],
    ["the policy that holds it has changed", () => (policies = [changed({ generation: 2 })])],
    ["another policy holds it, too", () => policies.push(svp("q").live())],
    ["nobody has had it proved again for a long time", () => clock.advance(900_000)],
  ])("is not known any more when %s", async (_what, move) => {
    const { proofs, lookup } = house();
    await proofs.settled(lookup);
    expect(proofs.namespace("a", lookup)?.verdict).toBe("PROVED");
    move();
    expect(proofs.namespace("a", lookup)).toBeUndefined();
  });

  it("is settled anew when the policies have changed, or when it is old, and not otherwise", async () => {
    const { proofs, lookup } = house();
    await proofs.settled(lookup);
    verdict = "REFUTED";
    clock.advance(299_999);
    await proofs.settled(lookup);
    expect(proofs.namespace("a", lookup)?.verdict).toBe("PROVED");
    policies = [changed({ generation: 2 })];
    await proofs.settled(lookup);
    expect(proofs.namespace("a", lookup)?.verdict).toBe("REFUTED");
    verdict = "PROVED";
    clock.advance(900_000);
    await proofs.settled(lookup);
    expect(proofs.namespace("a", lookup)?.verdict).toBe("PROVED");
  });
});
