/** Tries every listener of this process by every address at which it listens. */
import { isIPv6 } from "node:net";
import { familyOf } from "../../lib/addresses.ts";
import type { Clock } from "../../lib/clock.ts";
import { attemptTcp } from "../reach/tcp.ts";
import { attemptUdp } from "../reach/udp.ts";
import type { Listener } from "./listeners.ts";
import { QUESTION } from "./wire.ts";

/** Limit of one attempt. */
const TEST_MS = 1_000;

/**
 * What is wrong, or undefined if all of them answered.
 * @param own addresses of this pod
 * @param onBegin is told the addresses that the attempts come from
 */
export async function tryAll(listeners: readonly Listener[], own: readonly string[], clock: Clock, onBegin: (tried: ReadonlySet<string>) => void): Promise<string | undefined> {
  const closed = listeners.find((listener) => !listener.isOpen());
  if (closed !== undefined) return `the ${closed.port} port (${closed.protocol}) was closed`;
  const tries = listeners.flatMap((listener) => addressesOf(listener, own).map((address) => ({ listener, address })));
  onBegin(new Set(tries.map(({ address }) => address)));
  const problems = await Promise.all(tries.map((one) => tryOne(one, clock)));
  return problems.find((problem) => problem !== undefined);
}

async function tryOne({ listener: { port, protocol, number }, address }: { listener: Listener; address: string }, clock: Clock): Promise<string | undefined> {
  const target = { address, port: number };
  const { outcome, errno } = protocol === "TCP"
    ? await attemptTcp(target, { timeoutMs: TEST_MS, clock })
    : await attemptUdp(target, { timeoutMs: TEST_MS, clock, payload: QUESTION });
  return outcome === "Reached" ? undefined : `the ${port} port (${protocol}, ${familyOf(address)}) does not answer itself: ${outcome}${errno === undefined ? "" : ` ${errno}`}`;
}

/** A listener at one address is tried there; one at a wildcard, by one own address of each family that it takes. */
function addressesOf({ address }: Listener, own: readonly string[]): readonly string[] {
  if (address !== "::" && address !== "0.0.0.0") return [address];
  const [v4, v6] = [own.find((one) => !isIPv6(one)), own.find((one) => isIPv6(one))];
  const all = [v4, ...(address === "::" ? [v6] : [])].filter((one) => one !== undefined);
  return all.length > 0 ? all : [address === "::" ? "::1" : "127.0.0.1"];
}
