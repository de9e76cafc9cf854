/** As much of DNS (RFC 1035) as the resolver outside needs: one question, one answer for every name in its zone. */
import { OUTSIDE, RESOLVER } from "./network.ts";

const HEADER = 12;
const TYPE_A = 1;
const TYPE_AAAA = 28;
const NAME_ERROR = 3;

export interface Question {
  readonly name: string;
  readonly type: number;
  /** Where it ends in the message. */
  readonly end: number;
}

/** Undefined if the message is not a question. */
export function questionOf(message: Buffer): Question | undefined {
  const labels: string[] = [];
  let at = HEADER;
  for (let length = message[at] ?? 0; length !== 0; length = message[at] ?? 0) {
    if (length > 63 || at + 1 + length >= message.length) return undefined;
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  if (at + 5 > message.length) return undefined;
  return { name: labels.join(".").toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 };
}

/** A question for `name`, as a client sends it. */
export function askFor(name: string, type: "A" | "AAAA" = "A", id = 1): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(0x0100, 2); // recursion desired
  header.writeUInt16BE(1, 4);
  const labels = name.split(".").map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, "latin1")]));
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, type === "A" ? TYPE_A : TYPE_AAAA, 0, 1])]);
}

/** The canaries' addresses for every name in the zone, no answer to other types, "no such name" elsewhere. */
export function answerQuestion(message: Buffer): Buffer | undefined {
  const question = questionOf(message);
  if (question === undefined) return undefined;
  const known = question.name === RESOLVER.zone || question.name.endsWith(`.${RESOLVER.zone}`);
  const data = known ? addressFor(question.type) : undefined;
  const header = Buffer.from(message.subarray(0, HEADER));
  header.writeUInt16BE(0x8580 | (known ? 0 : NAME_ERROR), 2); // an answer, authoritative, recursion desired and available
  header.writeUInt16BE(data === undefined ? 0 : 1, 6);
  header.writeUInt32BE(0, 8);
  return Buffer.concat([header, message.subarray(HEADER, question.end), ...(data === undefined ? [] : [record(question.type, data)])]);
}

function addressFor(type: number): Buffer | undefined {
  if (type === TYPE_A) return Buffer.from(OUTSIDE.v4.split(".").map(Number));
  return type === TYPE_AAAA ? Buffer.from("20010db8cafe00000000000000000010", "hex") : undefined;
}

/** The name is a pointer to the question's; it lives 0 seconds, so that nobody keeps it. */
function record(type: number, data: Buffer): Buffer {
  const fixed = Buffer.alloc(12);
  fixed.writeUInt16BE(0xc000 + HEADER, 0);
  fixed.writeUInt16BE(type, 2);
  fixed.writeUInt16BE(1, 4);
  fixed.writeUInt16BE(data.length, 10);
  return Buffer.concat([fixed, data]);
}
