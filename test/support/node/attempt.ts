/**
 * Tries connections from inside a pod's network, whatever runs in the pod: its own addresses, its routes, its policies,
 * real packets. Written apart from the product's own probe, so that it can bear witness against it.
 *
 * As a program (`nsenter --net=... node attempt.ts JSON`) it tries all targets at once and prints the outcomes as JSON.
 */
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { askFor } from "./dns.ts";

export interface Target {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Default TCP. */
  readonly protocol?: "TCP" | "UDP";
  /** Ask for this name (DNS over UDP or TCP) and count an answer only with an address in it. */
  readonly ask?: string;
  /** What a datagram says, for those who answer only to that. */
  readonly say?: string;
}

/**
 * `Reached`: a connection stood, or an answer came. `Refused` does not say who refused: kube-router rejects in the other
 * side's name. `Unreachable`: there is no way, or not in this family.
 */
export type Outcome = "Reached" | "Refused" | "TimedOut" | "Unreachable";

export interface Attempt extends Target { readonly outcome: Outcome; readonly code?: string }

/** A refusal over IPv6 takes a second. */
const TIMEOUT_MS = 2500;
const REFUSALS = ["ECONNREFUSED", "ECONNRESET", "EACCES", "EPERM"];

export async function attempt(target: Target, { timeoutMs = TIMEOUT_MS }: { readonly timeoutMs?: number } = {}): Promise<Attempt> {
  const outcome = await (target.protocol === "UDP" ? overUdp(target, timeoutMs) : overTcp(target, timeoutMs));
  return typeof outcome === "string" ? { ...target, outcome } : { ...target, ...outcome };
}

type Result = Outcome | { readonly outcome: Outcome; readonly code: string };

function failureOf(error: NodeJS.ErrnoException): Result {
  const code = error.code ?? error.message;
  if (REFUSALS.includes(code)) return { outcome: "Refused", code };
  return { outcome: code === "ETIMEDOUT" ? "TimedOut" : "Unreachable", code };
}

function overTcp({ address, port, ask }: Target, timeoutMs: number): Promise<Result> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const done = (result: Result): void => { clearTimeout(timer); socket.destroy(); resolve(result); };
    const timer = setTimeout(() => done("TimedOut"), timeoutMs);
    socket.once("error", (error) => done(failureOf(error)));
    socket.once("connect", () => {
      if (ask === undefined) { done("Reached"); return; }
      const question = askFor(ask);
      socket.write(Buffer.concat([Buffer.from([0, question.length]), question]));
      socket.once("data", (answer) => done(hasAnswer(answer.subarray(2)) ? "Reached" : "Unreachable"));
    });
  });
}

function overUdp({ address, port, ask, say = "anybody?" }: Target, timeoutMs: number): Promise<Result> {
  return new Promise((resolve) => {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    const done = (result: Result): void => { clearTimeout(timer); socket.close(); resolve(result); };
    const timer = setTimeout(() => done("TimedOut"), timeoutMs);
    socket.once("error", (error) => done(failureOf(error)));
    socket.once("message", (answer) => done(ask === undefined || hasAnswer(answer) ? "Reached" : "Unreachable"));
    // Only a connected socket learns that it was refused.
    socket.connect(port, address, (error?: NodeJS.ErrnoException | null) => {
      if (error) done(failureOf(error));
      else socket.send(ask === undefined ? say : askFor(ask));
    });
  });
}

const hasAnswer = (message: Buffer): boolean => message.length >= 8 && message.readUInt16BE(6) > 0;

if (import.meta.main) {
  const targets = JSON.parse(process.argv[2] ?? "[]") as Target[];
  console.log(JSON.stringify(await Promise.all(targets.map((target) => attempt(target)))));
}
