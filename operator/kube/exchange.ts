/** One request and its answer on one stream. The only place that touches a stream. */
import { constants, type IncomingHttpHeaders } from "node:http2";
import type { Credentials } from "./credentials.ts";
import { Broken, type Session } from "./session.ts";

export interface Wire {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  body?: string | undefined;
  contentType?: string | undefined;
  accept?: string | undefined;
}

export interface Reader {
  head(status: number, headers: IncomingHttpHeaders): void;
  /** Throwing ends the exchange with that error. */
  chunk(bytes: Buffer): void;
}

export interface Exchange {
  credentials: Credentials;
  wire: Wire;
  reader: Reader;
  signal: AbortSignal;
}

/** Resolves when the answer is complete; rejects with `Broken`, the signal's reason, or what the reader threw. */
export function exchange(session: Session, { credentials, wire, reader, signal }: Exchange): Promise<void> {
  const stream = session.open(headersOf(credentials, wire), wire.body === undefined);
  if (wire.body !== undefined) stream.end(wire.body);
  return new Promise<void>((resolve, reject) => {
    let headed = false;
    let complete = false;
    let cause: unknown;
    // Rejects at once: on a half-open connection the stream's own close would wait for the socket.
    const cancel = (why: unknown): void => {
      finish(() => reject(why));
      stream.close(constants.NGHTTP2_CANCEL);
    };
    let finished = false;
    const finish = (settle: () => void): void => {
      if (finished) return;
      finished = true;
      signal.removeEventListener("abort", abort);
      settle();
    };
    const guarded = (read: () => void): void => {
      if (finished) return;
      try {
        read();
      } catch (error) {
        cancel(error);
      }
    };
    const abort = (): void => cancel(signal.reason);
    stream.on("response", (headers) => {
      headed = true;
      guarded(() => reader.head(headers[":status"] ?? 0, headers));
    });
    stream.on("data", (bytes: Buffer) => guarded(() => reader.chunk(bytes)));
    // A stream that is reset before its head or with CANCEL "ends" too, so the end alone proves nothing.
    stream.on("end", () => (complete = headed));
    stream.on("error", (error) => (cause = error));
    stream.on("close", () => finish(() => {
      if (complete && stream.rstCode === constants.NGHTTP2_NO_ERROR && cause === undefined) resolve();
      else reject(new Broken("the connection broke before the answer was complete", { unsent: session.surelyIgnored(stream), cause }));
    }));
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort);
  });
}

function headersOf(credentials: Credentials, wire: Wire): Record<string, string> {
  const headers: Record<string, string> = {
    ...credentials.headers, ":method": wire.method, ":path": credentials.prefix + wire.path, accept: wire.accept ?? "application/json", "user-agent": "hoheit",
  };
  if (wire.body !== undefined) headers["content-type"] = wire.contentType ?? "application/json";
  return headers;
}
