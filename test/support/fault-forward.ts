/** Sends one request on to the API server, with a fault if there is one. Part of the fault proxy. */
import * as http2 from "node:http2";
import { addAbortSignal } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Fault, Seen } from "./faults.ts";

export interface Forwarding {
  readonly stream: http2.ServerHttp2Stream;
  readonly headers: http2.IncomingHttpHeaders;
  readonly seen: Seen;
  readonly upstream: Upstream;
  readonly fault: Fault | undefined;
  /** Resets the client's connection. */
  readonly drop: () => void;
}

/** One connection to the API server, made anew when it is gone. */
export class Upstream {
  readonly #url: string;
  readonly #ca: string;
  #session: http2.ClientHttp2Session | undefined;

  constructor(url: string, ca: string) {
    this.#url = url;
    this.#ca = ca;
  }

  request(headers: http2.OutgoingHttpHeaders): http2.ClientHttp2Stream {
    if (this.#session === undefined || this.#session.closed || this.#session.destroyed) {
      this.#session = http2.connect(this.#url, { ca: this.#ca });
      this.#session.on("error", () => {});
    }
    return this.#session.request(headers, { endStream: false });
  }

  close(): void {
    this.#session?.destroy();
  }
}

export async function forward(forwarding: Forwarding): Promise<void> {
  const { fault } = forwarding;
  if (fault !== undefined && answeredHere(forwarding, fault)) return;
  if (fault?.kind === "delay") await sleep(fault.ms);
  await relay(forwarding);
}

/** Faults that keep the request from the API server. */
function answeredHere({ stream, seen, drop }: Forwarding, fault: Fault): boolean {
  switch (fault.kind) {
    case "status":
      seen.status = fault.code;
      stream.respond({ ":status": fault.code, "content-type": "application/json", ...(fault.retryAfterSeconds !== undefined && { "retry-after": String(fault.retryAfterSeconds) }) });
      stream.end(JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", code: fault.code, message: "by the fault proxy" }));
      return true;
    case "reset":
      stream.close(fault.code);
      return true;
    case "drop":
      drop();
      return true;
    case "hang":
      return true;
    case "instead":
      fault.act(seen);
      drop();
      return true;
    default:
      return false;
  }
}

async function relay(forwarding: Forwarding): Promise<void> {
  const { stream, headers, seen, upstream, fault, drop } = forwarding;
  seen.forwarded = true;
  const { ":authority": _authority, host: _host, ...rest } = headers;
  const answer = upstream.request(rest);
  answer.on("error", () => {});
  stream.on("close", () => answer.close(http2.constants.NGHTTP2_CANCEL));
  answer.end(seen.body);
  const head = await headOf(answer);
  if (head === undefined) return drop();
  if (fault?.kind === "loseAnswer") {
    for await (const _ of answer) continue;
    fault.meanwhile?.(seen);
    return drop();
  }
  if (!stream.destroyed) await reply(forwarding, head, answer);
}

/** Undefined if the API server is not there. */
function headOf(answer: http2.ClientHttp2Stream): Promise<http2.IncomingHttpHeaders | undefined> {
  return new Promise((resolve) => {
    answer.once("response", resolve);
    answer.once("close", () => resolve(undefined));
  });
}

async function reply({ stream, seen, fault, drop }: Forwarding, head: http2.IncomingHttpHeaders, answer: http2.ClientHttp2Stream): Promise<void> {
  const { ":status": code, "content-length": _length, ...others } = head;
  seen.status = Number(code);
  stream.respond({ ":status": seen.status, ...others });
  try {
    if (seen.isWatch) await copyLines(answer, stream, fault);
    else await copy(answer, stream, fault?.kind === "truncate" ? fault.bytes : Infinity);
    stream.end();
  } catch {
    // The API server went away within its answer: so do we.
    drop();
  }
}

async function copy(from: http2.ClientHttp2Stream, to: http2.ServerHttp2Stream, bytes: number): Promise<void> {
  let left = bytes;
  for await (const chunk of from as AsyncIterable<Buffer>) {
    if (left > 0 && !to.destroyed) to.write(chunk.subarray(0, Math.min(left, chunk.length)));
    left -= chunk.length;
  }
}

/** Line by line, so that faults can be placed between events. */
async function copyLines(from: http2.ClientHttp2Stream, to: http2.ServerHttp2Stream, fault: Fault | undefined): Promise<void> {
  let lines = 0;
  let rest = "";
  if (endsHere(fault, lines, to)) return;
  for await (const chunk of from.setEncoding("utf8") as AsyncIterable<string>) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) {
      if (to.destroyed || to.writableEnded) return;
      to.write(`${line}\n`);
      lines += 1;
      if (endsHere(fault, lines, to)) return;
    }
  }
}

/** Does what is due after so many lines; true if the watch ends with it. */
function endsHere(fault: Fault | undefined, lines: number, to: http2.ServerHttp2Stream): boolean {
  if (fault === undefined) return false;
  if (fault.kind === "truncate") return to.write('{"type":"ADDED","object":{"kind":'.slice(0, fault.bytes)), true;
  if (!("afterLines" in fault) || lines < fault.afterLines) return false;
  if (fault.kind === "insertLine" && lines === fault.afterLines) to.write(`${fault.line}\n`);
  // `close` would end the stream properly first; an aborted stream is reset at once, with CANCEL.
  if (fault.kind === "cancelWatch") addAbortSignal(AbortSignal.abort(), to);
  return fault.kind !== "insertLine";
}
