/**
 * A headless Chromium, spoken to over two pipes in its DevTools protocol: no port that anybody else could reach, and it
 * ends with us. Nothing of it is kept, and it has no business in any network but loopback.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { temporaryFolder } from "../../hack/cluster/supervise.ts";

const ARGUMENTS = [
  "--headless", "--remote-debugging-pipe", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
  // Its sandbox wants another user than root.
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
];

/** An answer that does not come is a browser that hangs. */
const ANSWER_MS = 30_000;

type Members = Readonly<Record<string, unknown>>;
interface Waiting {
  resolve(result: Members): void;
  reject(error: Error): void;
}

export class Chromium implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #folder: { remove(): Promise<void> };
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(method: string, params: Members) => void>();
  #last = 0;

  private constructor(process: ChildProcess, folder: { remove(): Promise<void> }) {
    this.#process = process;
    this.#folder = folder;
    let rest = "";
    (process.stdio[4] as Readable).setEncoding("utf8").on("data", (text: string) => {
      const messages = (rest + text).split("\0");
      rest = messages.pop() ?? "";
      for (const message of messages) this.#take(JSON.parse(message) as Members);
    });
    process.once("exit", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("the browser has ended"));
    });
  }

  /** @param program path or name of the browser */
  static async start(program: string): Promise<Chromium> {
    const folder = temporaryFolder("hoheit-browser-");
    const process = spawn(program, [...ARGUMENTS, `--user-data-dir=${folder.path}`], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    process.once("error", () => undefined);
    const browser = new Chromium(process, folder);
    await browser.call("Browser.getVersion");
    return browser;
  }

  /** Calls a method of the protocol. Rejects with what the browser says is wrong. */
  call(method: string, params: Members = {}, sessionId?: string): Promise<Members> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${method}: no answer within ${ANSWER_MS / 1000} s`)), ANSWER_MS);
      const settle = (then: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        then();
      };
      this.#waiting.set(id, { resolve: (result) => settle(() => resolve(result)), reject: (error) => settle(() => reject(new Error(`${method}: ${error.message}`))) });
      (this.#process.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, ...(sessionId !== undefined && { sessionId }) })}\0`);
    });
  }

  /** Hears every event; the returned function ends that. */
  listen(listener: (method: string, params: Members) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #take({ id, result, error, method, params }: Members): void {
    const waiting = this.#waiting.get(id as number);
    if (error !== undefined) waiting?.reject(new Error((error as { message: string }).message));
    else waiting?.resolve(result as Members);
    if (typeof method === "string") for (const listener of this.#listeners) listener(method, params as Members);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.#process.exitCode === null ? once(this.#process, "exit") : undefined;
    this.#process.kill("SIGKILL");
    await ended;
    await this.#folder.remove();
  }
}
