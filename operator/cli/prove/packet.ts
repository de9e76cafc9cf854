/** What becomes of one packet, by the point evaluator: the second code path, which the prover does not share. */
import { isIP } from "node:net";
import { ConfigError } from "../../config.ts";
import { FAMILIES, familyOf, type Family } from "../../lib/addresses.ts";
import { decide, decideForSome, type Answer } from "../../sovereignty/point/decide.ts";
import { declaresAddress, declaresPod, roleOf } from "../../sovereignty/point/declared.ts";
import { podsOf } from "../../sovereignty/point/label-space.ts";
import type { Snapshot, Workload } from "../../sovereignty/snapshot.ts";
import { packetText, type Packet } from "../../sovereignty/verdict.ts";
import type { PacketQuestion } from "./options.ts";
import { textOf } from "./text.ts";

export interface PacketAnswer extends Answer {
  readonly packet: Packet;
  /** Why it may go there; absent where no policy says so. */
  readonly declared?: "Destination" | "Peer" | "Governed";
}

/**
 * One answer for the family of an address; for a workload one for each family in which there is something else to say.
 * @throws ConfigError for a workload that is not there, or is not the only one of its name
 */
export function answer(snapshot: Snapshot, question: PacketQuestion): PacketAnswer[] {
  const { port, protocol } = question;
  const from = question.from.endsWith("/*") ? question.from : workloadNamed(question.from, snapshot).id;
  if (isIP(question.to) > 0) return [judged(snapshot, { from, family: familyOf(question.to), address: question.to, protocol, port })];
  const to = workloadNamed(question.to, snapshot).id;
  const [four, six] = FAMILIES.map((family: Family) => judged(snapshot, { from, family, to, protocol, port }));
  if (four === undefined || six === undefined) return [];
  return four.verdict === six.verdict && JSON.stringify(four.rules) === JSON.stringify(six.rules) ? [four] : [four, six];
}

function workloadNamed(name: string, { workloads }: Snapshot): Workload {
  const parts = name.split("/");
  const found = workloads.filter(({ id, namespace }) => id.toLowerCase() === name.toLowerCase() || (parts.length === 2 && namespace === parts[0] && id.endsWith(`/${parts[1]}`)));
  const [only, ...more] = found;
  if (only === undefined) throw new ConfigError([`--packet: ${name} is no address, and there is no workload of this name: NAMESPACE/NAME, NAMESPACE/KIND/NAME, or NAMESPACE/* for any pod that sends`]);
  if (more.length > 0) throw new ConfigError([`--packet: ${name} may be ${found.map(({ id }) => id).join(" or ")}: name the kind, too`]);
  return only;
}

function judged(snapshot: Snapshot, packet: Packet): PacketAnswer {
  const declared = reasonFor(snapshot, packet);
  return { packet, ...doubted(decided(snapshot, packet), unseenIn(snapshot)), ...(declared !== undefined && { declared }) };
}

/** What the point evaluator is not asked: it knows neither what could not be read nor what nobody here understands. Sentences without a full stop. */
export const unseenIn = ({ unreadable, unknownPolicyKinds }: Snapshot): string[] =>
  [...unreadable.map((what) => `could not be read: ${what}`), ...unknownPolicyKinds.map((kind) => `there is ${kind}, which nobody here understands`)];

/** Whatever else is said of a packet, that may change it. */
function doubted(given: Answer, unseen: readonly string[]): Answer {
  return unseen.length === 0 ? given : { ...given, verdict: "Unclear", doubts: [...given.doubts, ...unseen] };
}

/** From `namespace/*`: whether it is allowed to any pod with any labels that Hoheit did not make. */
function decided(snapshot: Snapshot, packet: Packet): Answer {
  const { from, to } = packet;
  if (!from.endsWith("/*")) return decide(snapshot, packet);
  return decideForSome(snapshot, packet, podsOf(snapshot, { namespace: from.slice(0, -2), role: "Application", receiver: to?.split("/", 1)[0] }));
}

/** By the role of the sender. */
function reasonFor(snapshot: Snapshot, packet: Packet): PacketAnswer["declared"] {
  const sender = snapshot.workloads.find(({ id }) => id === packet.from);
  const policy = snapshot.governed.get(packet.from.slice(0, packet.from.indexOf("/")));
  if (policy === undefined) return undefined;
  const role = sender === undefined ? "Application" : roleOf(sender);
  const to = snapshot.workloads.find(({ id }) => id === packet.to);
  if (to === undefined) return declaresAddress(snapshot, policy, role, packet) ? "Destination" : undefined;
  if (declaresPod(snapshot, policy, role, { packet, to })) return "Peer";
  return snapshot.governed.has(to.namespace) ? "Governed" : undefined;
}

/** 0: it is stopped, or goes where a policy says; 1: it goes elsewhere; 2: that is not clear. */
export function exitCodeOf(answers: readonly PacketAnswer[]): number {
  const codes = answers.map(({ verdict, declared }) => {
    if (verdict === "Denied" || (verdict === "Allowed" && declared !== undefined)) return 0;
    return verdict === "Allowed" ? 1 : 2;
  });
  return codes.includes(1) ? 1 : Math.max(...codes);
}

const WORDS: Readonly<Record<NonNullable<PacketAnswer["declared"]>, string>> = { Destination: "a destination of the policy", Peer: "a peer that the policy names", Governed: "governed itself" };

export const answersText = (answers: readonly PacketAnswer[]): string => answers.map((one) => answerText(one, answers.length > 1)).join("");

function answerText({ packet, verdict, rules, doubts, declared }: PacketAnswer, withFamily: boolean): string {
  const ground = declared === undefined ? "no policy allows it" : WORDS[declared];
  const lines = [
    `${verdict.padEnd(14)}${packet.from} -> ${packetText(packet)}${withFamily ? ` over ${packet.family}` : ""}${verdict === "Denied" ? "" : `: ${ground}`}`,
    ...rules.map((rule) => `              ${verdict === "Denied" ? "held by" : "by"} ${textOf(rule)}`),
    ...(rules.length === 0 && verdict === "Allowed" ? ["              no policy isolates it"] : []),
    ...doubts.map((doubt) => `              ${doubt}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
