/**
 * `hoheit prove`: what the rules of a cluster, or of a folder of manifests, let out, and whether a policy allows it.
 *
 *   snapshot ─▶ prove ─▶ evidence ─▶ text or JSON ─▶ 0 proved, 1 refuted, 2 undetermined, 3 usage
 *          ├─▶ --packet       one packet, by the point evaluator
 *          └─▶ --connections  every allowed connection, as sets
 */
import { dayOf } from "../../kinds/sovereignty-policy/policy.ts";
import { placesIn } from "../../sovereignty/datasets/places.ts";
import { buildEvidence } from "../../sovereignty/evidence/evidence.ts";
import { connections } from "../../sovereignty/prover/connections.ts";
import { prove } from "../../sovereignty/prover/prove.ts";
import type { Proof } from "../../sovereignty/prover/result.ts";
import type { Snapshot } from "../../sovereignty/snapshot.ts";
import { writeEvidence } from "../evidence-folder.ts";
import { snapshotFrom, type Sourced } from "../snapshot/source.ts";
import { connectionsOf, connectionsText } from "./connections.ts";
import { notesOn, readDataSets, whereaboutsBy } from "./data-sets.ts";
import { explainerOf } from "./explain.ts";
import { exitCodeOf, focused } from "./focus.ts";
import type { ProveOptions } from "./options.ts";
import { answer, answersText, exitCodeOf as exitCodeOfPacket, unseenIn } from "./packet.ts";
import { proofText, residualLines } from "./text.ts";

/** The world outside, for tests to replace. */
export interface ProveIo {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Milliseconds since 1970: adequacy decisions begin and end, evidence says of when it is. */
  readonly now: () => number;
}

/** Exit code, as for the verdict. */
const UNDETERMINED = 2;

/** @throws ConfigError for what the caller has to mend (exit code 3) */
export async function proveCommand(options: ProveOptions, io: ProveIo): Promise<number> {
  const { source, packet, output, focus } = options;
  const now = io.now();
  const sourced = await snapshotFrom({ ...source, surroundings: { ...source.surroundings, today: dayOf(now) } });
  const print = (value: unknown, text: () => string): void => io.out(output === "json" ? `${JSON.stringify(value, null, 2)}\n` : text());
  if (packet !== undefined) {
    const answers = answer(sourced.snapshot, packet);
    print(answers, () => answersText(answers));
    return exitCodeOfPacket(answers);
  }
  if (options.connections) {
    const found = connectionsOf(connections(sourced.snapshot), focus);
    print(found, () => connectionsText(found));
    const unseen = unseenIn(sourced.snapshot);
    for (const what of unseen) io.err(`hoheit: the list may be wrong: ${what}\n`);
    return unseen.length === 0 ? 0 : UNDETERMINED;
  }
  return proveAll(sourced, options, { now, print });
}

interface Printing {
  readonly now: number;
  readonly print: (value: unknown, text: () => string) => void;
}

function proveAll({ snapshot, added }: Sourced, options: ProveOptions, { now, print }: Printing): number {
  const dataSets = readDataSets(options.dataSets);
  const places = placesIn(snapshot.governed, dataSets, dayOf(now));
  const whole = prove(snapshot);
  const proof = focused(whole, options.focus);
  const root = options.evidence === undefined ? undefined : keep(options, { snapshot, whole, circumstances: { asOf: new Date(now).toISOString(), dataSets, places } });
  const notes = [...snapshot.unreadable.map((what) => `could not be read: ${what}`), ...notesOn(dataSets, places, now)];
  print({ ...proof, ...(added.length > 0 && { added }), ...(notes.length > 0 && { notes }), ...(root !== undefined && { root }) }, () => {
    const heading = added.length === 0 ? [] : [`Of the manifests, and of ${added.length} ${added.length === 1 ? "object" : "objects"} that the operator makes where they are applied.`];
    const before = [...heading, ...notes.map((note) => `note          ${note}`), ...(options.explain ? residualLines(proof) : [])];
    const kept = root === undefined ? [] : [`Evidence in ${options.evidence}, root ${root}`];
    const explain = options.explain ? explainerOf(snapshot) : () => [];
    return [...before, ...kept].map((line) => `${line}\n`).join("") + proofText(proof, { whereabouts: whereaboutsBy(dataSets), explain });
  });
  return exitCodeOf(proof.verdict);
}

interface Kept {
  readonly snapshot: Snapshot;
  readonly whole: Proof;
  readonly circumstances: Parameters<typeof buildEvidence>[2];
}

/** Of everything, whatever part was asked for. */
function keep({ evidence = "", sign }: ProveOptions, { snapshot, whole, circumstances }: Kept): string {
  const made = buildEvidence(snapshot, whole, circumstances);
  writeEvidence(evidence, made, sign);
  return made.root;
}
