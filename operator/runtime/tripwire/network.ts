/** The tripwire as it is met over the network, by gates and by other replicas. */
import type { Clock } from "../../lib/clock.ts";
import { CONTROL_PORT, TRIPWIRE_PORT } from "../../lib/names.ts";
import type { Attempt } from "../reach/attempt.ts";
import { attemptTcp } from "../reach/tcp.ts";
import { wordOf, type Word } from "./wire.ts";

/** Limit of one attempt. */
const ATTEMPT_MS = 1_000;

export interface Ports {
  readonly control: number;
  readonly forbidden: number;
}

export interface TripwireAccess {
  /** What is answered on the control port; undefined for no answer, or one that is not the tripwire's. */
  ask(address: string): Promise<Word | undefined>;
  /** Tries the forbidden port. */
  touch(address: string): Promise<Attempt>;
}

export function overNetwork(clock: Clock, { control, forbidden }: Ports = { control: CONTROL_PORT, forbidden: TRIPWIRE_PORT }): TripwireAccess {
  const limits = { timeoutMs: ATTEMPT_MS, clock };
  return {
    ask: async (address) => wordOf((await attemptTcp({ address, port: control }, { ...limits, listen: true })).answer),
    touch: (address) => attemptTcp({ address, port: forbidden }, limits),
  };
}
