/**
 * Knocks at doors from inside a pod's network, again and again until a file is there: at those that must be open, and at
 * those that must be shut. Each knock has a port of its own, because what belongs to a known flow may pass.
 *
 * As a program (`nsenter --net=... node hammer.ts JSON`): prints what came of it, as JSON, at the end. Whether a shut door
 * let something through, only the other side knows.
 */
import { createSocket } from "node:dgram";
import { existsSync, writeFileSync } from "node:fs";
import { attempt, type Target } from "./attempt.ts";

export interface Hammering {
  readonly open: readonly Target[];
  readonly shut: readonly Target[];
  /** Milliseconds between two knocks at the same door. */
  readonly everyMs: number;
  /** Paths: there when it has begun, and when it shall end. */
  readonly since: string;
  readonly until: string;
}

export interface Knocks {
  /** Knocks at doors that must be open, those that got no answer, and the longest wait for one in milliseconds. */
  readonly tried: number;
  readonly failed: readonly { readonly time: number; readonly name: string; readonly outcome: string }[];
  readonly longestMs: number;
  /** Knocks at doors that must be shut. */
  readonly shut: number;
}

/** Most under way at a time: what gets no answer must not pile up. */
const MOST = 400;

/** One SYN or one datagram; nobody waits for what becomes of it. */
function knock({ address, port, protocol }: Target): void {
  if (protocol !== "UDP") return void attempt({ name: "", address, port });
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  socket.on("error", () => undefined).send("knock", port, address, () => socket.close());
}

async function hammer({ open, shut, everyMs, since, until }: Hammering): Promise<Knocks> {
  const knocks = { tried: 0, shut: 0, longestMs: 0, failed: [] as Knocks["failed"][number][] };
  const underWay = new Set<Promise<void>>();
  const ask = async (target: Target): Promise<void> => {
    const [time, start] = [Date.now(), performance.now()];
    const { outcome } = await attempt(target);
    knocks.longestMs = Math.max(knocks.longestMs, Math.round(performance.now() - start));
    if (outcome !== "Reached") knocks.failed.push({ time, name: target.name, outcome });
  };
  const round = (): void => {
    for (const target of shut) knock(target);
    knocks.shut += shut.length;
    if (underWay.size > MOST) return;
    for (const target of open) {
      const asked: Promise<void> = ask(target).finally(() => underWay.delete(asked));
      underWay.add(asked);
    }
    knocks.tried += open.length;
  };
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      round();
      if (!existsSync(since)) writeFileSync(since, "");
      if (!existsSync(until)) return;
      clearInterval(timer);
      resolve();
    }, everyMs);
  });
  await Promise.all(underWay);
  return knocks;
}

if (import.meta.main) console.log(JSON.stringify(await hammer(JSON.parse(process.argv[2] ?? "{}") as Hammering)));
