/** Cuts a watch's byte stream into lines; collects the body of a refusal. */
import type { IncomingHttpHeaders } from "node:http2";
import { AnswerReader, textOf, type Answer } from "./attempt.ts";
import type { Reader } from "./exchange.ts";
import { Broken } from "./session.ts";

const NEWLINE = 0x0a;

export class LineReader implements Reader {
  readonly #maxBytes: number;
  readonly #onLine: (line: string) => void;
  readonly #onBytes: () => void;
  #parts: Buffer[] = [];
  #bytes = 0;
  #refusal: AnswerReader | undefined;

  /** `onBytes` is called whenever something arrives; a line longer than `maxBytes` is refused with `Broken`. */
  constructor(maxBytes: number, onLine: (line: string) => void, onBytes: () => void) {
    this.#maxBytes = maxBytes;
    this.#onLine = onLine;
    this.#onBytes = onBytes;
  }

  head(status: number, headers: IncomingHttpHeaders): void {
    this.#onBytes();
    if (status === 200) return;
    this.#refusal = new AnswerReader("watch", this.#maxBytes);
    this.#refusal.head(status, headers);
  }

  chunk(bytes: Buffer): void {
    this.#onBytes();
    if (this.#refusal !== undefined) return this.#refusal.chunk(bytes);
    let rest = bytes;
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      this.#keep(rest.subarray(0, end));
      this.#emit();
      rest = rest.subarray(end + 1);
    }
    if (rest.length > 0) this.#keep(rest);
  }

  /** Throws `Broken` if the stream ended within a line. */
  finish(): void {
    if (this.#refusal === undefined && this.#bytes > 0) throw new Broken("the stream ended within a line", { unsent: false });
  }

  /** The server's refusal instead of a stream. */
  refused(): Answer | undefined {
    return this.#refusal?.answer();
  }

  #keep(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) throw new Broken(`a line is longer than ${this.#maxBytes} bytes`, { unsent: false });
    this.#parts.push(part);
  }

  #emit(): void {
    const line = textOf(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    if (line !== "") this.#onLine(line);
  }
}
