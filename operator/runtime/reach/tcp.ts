/** One TCP connection, tried. Sends nothing but what it is given to ask. */
import { connect, isIP, type Socket } from "node:net";
import type { Clock } from "../../lib/clock.ts";
import { MOST_BYTES, outcomeOfErrno, type Attempt, type Target } from "./attempt.ts";

export interface TcpOptions {
  /** Limit for everything together, in milliseconds. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Wait for what the other side says first; without it the connection is ended as soon as it stands. */
  readonly listen?: boolean;
  /** Sent as soon as the connection stands. */
  readonly payload?: Uint8Array;
  /** For tests. */
  readonly dial?: (target: Target) => Socket;
}

const dialIp = ({ address, port }: Target): Socket => {
  // Handed a name, the system would look it up.
  if (isIP(address) === 0) throw Object.assign(new Error(`${address} is no address`), { code: "EINVAL" });
  return connect({ host: address, port, autoSelectFamily: false });
};

/** Resolves with what became of it; never rejects. Leaves no socket behind. */
export function attemptTcp(target: Target, { timeoutMs, clock, listen = false, payload, dial = dialIp }: TcpOptions): Promise<Attempt> {
  const { promise, resolve } = Promise.withResolvers<Attempt>();
  const started = clock.monotonic();
  let heard = "";
  let stands = false;
  let socket: Socket | undefined;
  const end = (result: Omit<Attempt, "ms">): void => {
    cancel();
    socket?.destroy();
    resolve({ ...result, ms: Math.round(clock.monotonic() - started) });
  };
  const reached = (): void => end({ outcome: "Reached", ...(listen && { answer: heard }) });
  // Once it stands it was reached, whatever goes wrong after that.
  const cancel = clock.after(timeoutMs, () => (stands ? reached() : end({ outcome: "TimedOut" })));
  const failed = ({ code }: NodeJS.ErrnoException): void => {
    const outcome = stands ? "Reached" : outcomeOfErrno(code);
    if (outcome === "Reached") reached();
    else end({ outcome, ...(code !== undefined && { errno: code }) });
  };
  try {
    socket = dial(target);
  } catch (error) {
    failed(error as NodeJS.ErrnoException);
    return promise;
  }
  socket.on("error", failed);
  socket.on("connect", () => {
    stands = true;
    if (payload !== undefined) socket?.write(payload);
    if (!listen) reached();
  });
  socket.on("data", (chunk: Buffer) => {
    heard = (heard + chunk.toString("latin1")).slice(0, MOST_BYTES);
    if (heard.length === MOST_BYTES) reached();
  });
  socket.on("end", reached);
  return promise;
}
