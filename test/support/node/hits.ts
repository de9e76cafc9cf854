/** What the world saw, as tests ask for it: the second witness besides what a pod says of itself. */
import { WITNESS } from "./network.ts";

export interface Hit {
  /** Milliseconds since 1970; node and world share the clock. */
  readonly time: number;
  readonly protocol: "TCP" | "UDP";
  readonly source: string;
  readonly target: string;
  readonly port: number;
  /** For questions to the resolver: the name asked for. */
  readonly name?: string;
}

/** TCP and UDP packets that arrived in the world since it was made, whoever listens there. */
export interface WireCount {
  readonly source: string;
  readonly target: string;
  readonly protocol: "TCP" | "UDP";
  readonly port: number;
  readonly packets: number;
}

/** Everything that the canaries and the resolver have logged, oldest first. Whoever was there before this call is in it. */
export async function hits(filter: { since?: number; sources?: readonly string[] } = {}): Promise<Hit[]> {
  const { since = 0, sources } = filter;
  return (await ask<Hit[]>("/hits")).filter(({ time, source }) => time >= since && (sources === undefined || sources.includes(source)));
}

/** Packets of these sources that arrived outside; with no listener in between that could miss one. */
export async function packetsFrom(sources: readonly string[]): Promise<WireCount[]> {
  return (await ask<WireCount[]>("/wire")).filter(({ source }) => sources.includes(source));
}

async function ask<T>(path: string): Promise<T> {
  const response = await fetch(`http://${WITNESS.host}:${WITNESS.port}${path}`, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`the witness in the world says ${response.status}: ${await response.text()}`);
  return await response.json() as T;
}
