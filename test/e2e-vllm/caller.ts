/**
 * A client of a model server, to be run in the network of a pod (client.ts). What it shall do comes by standard input and
 * what came of it goes to standard output, line by line as JSON, so that no prompt stands on a command line or a disk.
 *
 *   one     a request; prints its answer
 *   stream  a request whose answer is a stream of events; prints each event with its time, then how it ended
 *   load    the same request again and again, by several at a time, until standard input ends; prints every outcome
 */
import { request } from "node:http";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { Call, Line } from "./client.ts";

const print = (line: Line): void => { process.stdout.write(`${JSON.stringify(line)}\n`); };

interface Exchange {
  /** HTTP status; 0 if there was no answer. */
  readonly status: number;
  readonly body: string;
  /** Why it broke off. */
  readonly error?: string;
}

/** Every request has a connection of its own: kube-proxy chooses a pod for each. `onChunk` sees the body as it comes. */
function exchange({ url, method = "GET", body, timeoutMs = 30_000 }: Call, onChunk: (text: string) => void = () => undefined): Promise<Exchange> {
  return new Promise((done) => {
    let [status, text] = [0, ""];
    const fail = (error: Error & { code?: string }): void => done({ status, body: text, error: error.code ?? error.message });
    const sent = request(url, { method, agent: false, timeout: timeoutMs, ...(body !== undefined && { headers: { "content-type": "application/json" } }) }, (answer) => {
      status = answer.statusCode ?? 0;
      answer.setEncoding("utf8").on("data", (chunk: string) => { text += chunk; onChunk(chunk); });
      answer.once("error", fail).once("end", () => done({ status, body: text }));
    });
    sent.once("timeout", () => sent.destroy(new Error("ETIMEDOUT"))).once("error", fail);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function stream(call: Call): Promise<void> {
  let rest = "";
  const { status, error } = await exchange(call, (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("data: ")) print({ event: line.slice(6), time: Date.now() });
  });
  print({ status, body: "", ...(error !== undefined && { error }) });
}

async function load(call: Call, ended: Promise<unknown>): Promise<void> {
  let running = true;
  void ended.then(() => { running = false; });
  const worker = async (): Promise<void> => {
    while (running) {
      const { status, body, error } = await exchange(call);
      print({ status, body, time: Date.now(), ...(error !== undefined && { error }) });
      await delay(call.pauseMs ?? 0);
    }
  };
  await Promise.all(Array.from({ length: call.parallel ?? 1 }, worker));
}

const lines = createInterface({ input: process.stdin });
const ended = new Promise((done) => { lines.once("close", done); });
const first = await new Promise<string>((done) => { lines.once("line", done); });
const call = JSON.parse(first) as Call;
if (call.mode === "one") print(await exchange(call));
else if (call.mode === "stream") await stream(call);
else await load(call, ended);
process.stdin.destroy(); // nothing else keeps us; exit() would cut off what is still being written
