/**
 * What the tripwire says. On the control port, to every connection, one line of JSON; to a datagram that asks, fixed
 * bytes. Nothing in it depends on what was sent.
 */
import { isIP } from "node:net";
import { withoutMapping } from "../../lib/addresses.ts";

/** One process of the operator, as its control port describes it. */
export interface Word {
  /** Made up at its start: two answers with the same one come from the same process. */
  readonly instance: string;
  /** Whether its forbidden listeners answered themselves within the last seconds, and those of others were not found hidden. */
  readonly listening: boolean;
  /** The first half of that: about this process alone. */
  readonly alive: boolean;
  /** Address at which this process was reached: behind the Service there are several. */
  readonly address: string;
}

/** The datagram that is answered; any other is dropped, so that two tripwires cannot be made to talk to each other for ever. */
export const QUESTION: Buffer = Buffer.from("hoheit-tripwire?");
/** No longer than the question: nothing is amplified. */
export const ANSWER: Buffer = Buffer.from("hoheit-tripwire!");

export const lineOf = ({ instance, listening, alive, address }: Word): string =>
  `${JSON.stringify({ hoheit: "tripwire", listening, tripwire: { instance, alive, address: withoutMapping(address) } })}\n`;

/** Undefined for anything but a whole line of ours. */
export function wordOf(line: string | undefined): Word | undefined {
  if (line?.endsWith("\n") !== true) return undefined;
  try {
    const { hoheit, listening, tripwire } = JSON.parse(line) as { hoheit?: unknown; listening?: unknown; tripwire?: Partial<Record<keyof Word, unknown>> };
    const word = { instance: tripwire?.instance, alive: tripwire?.alive, address: tripwire?.address, listening };
    return hoheit === "tripwire" && isWord(word) ? word : undefined;
  } catch {
    return undefined;
  }
}

const isWord = (word: Readonly<Record<keyof Word, unknown>>): word is Word =>
  typeof word.listening === "boolean" && typeof word.alive === "boolean" && typeof word.instance === "string" && word.instance !== "" && typeof word.address === "string" && isIP(word.address) !== 0;
