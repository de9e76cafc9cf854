/** One datagram, and whether it is answered. UDP knows no connection: silence is a time-out, whoever dropped what. */
import { createSocket, type Socket } from "node:dgram";
import { isIP } from "node:net";
import type { Clock } from "../../lib/clock.ts";
import { MOST_BYTES, outcomeOfErrno, type Attempt, type Target } from "./attempt.ts";

export interface UdpOptions {
  /** Limit for everything together, in milliseconds. The datagram is sent twice: at once and after half of it, as one may get lost. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly payload: Uint8Array;
  /** For tests. */
  readonly open?: (family: 4 | 6) => Socket;
}

const openSocket = (family: 4 | 6): Socket => createSocket(family === 6 ? "udp6" : "udp4");

/** Resolves with what became of it; never rejects. Leaves no socket behind. Only answers from the target itself count. */
export function attemptUdp(target: Target, { timeoutMs, clock, payload, open = openSocket }: UdpOptions): Promise<Attempt> {
  const { promise, resolve } = Promise.withResolvers<Attempt>();
  const started = clock.monotonic();
  const family = isIP(target.address);
  if (family === 0) return Promise.resolve({ outcome: "Failed", errno: "EINVAL", ms: 0 });
  const socket = open(family === 6 ? 6 : 4);
  let over = false;
  const end = (result: Omit<Attempt, "ms">): void => {
    if (over) return;
    over = true;
    for (const cancel of timers) cancel();
    socket.close();
    resolve({ ...result, ms: Math.round(clock.monotonic() - started) });
  };
  const failed = (error: NodeJS.ErrnoException | null): void => {
    if (error === null) return;
    end({ outcome: outcomeOfErrno(error.code), ...(error.code !== undefined && { errno: error.code }) });
  };
  let connected = false;
  const send = (): void => {
    if (connected && !over) socket.send(payload, failed);
  };
  const timers = [clock.after(timeoutMs, () => end({ outcome: "TimedOut" })), clock.after(timeoutMs / 2, send)];
  socket.on("error", failed);
  socket.on("message", (message) => end({ outcome: "Reached", answer: message.toString("latin1", 0, MOST_BYTES) }));
  // Connected, the kernel tells of ICMP errors and drops what others send.
  socket.connect(target.port, target.address, (error?: NodeJS.ErrnoException | null) => {
    connected = !error;
    if (error) failed(error);
    else send();
  });
  return promise;
}
