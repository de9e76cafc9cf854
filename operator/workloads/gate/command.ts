/**
 * `hoheit gate`: the init container of every pod that Hoheit makes. Ends with 0 when the pod is seen to be sealed, with 1
 * when that could not be seen in time. What it found is the last line on stdout and the container's termination message.
 */
import { writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { globalAddresses } from "../../lib/addresses.ts";
import { systemClock } from "../../lib/clock.ts";
import { overNetwork, type Ports } from "../../runtime/tripwire/network.ts";
import { waitForSeal, type Verdict } from "./gate.ts";

export interface GateCommand {
  /** Addresses of the tripwire's Service, comma-separated. */
  readonly tripwire: string;
  readonly timeoutSeconds: number;
  /** File for the termination message; left alone where there is none. */
  readonly terminationLog: string;
  /** Ports and own addresses, for tests. */
  readonly ports?: Ports;
  readonly own?: () => readonly string[];
}

/** Standard output and standard error, for tests to replace. */
interface GateIo {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

const processIo: GateIo = {
  out: (line) => void process.stdout.write(line),
  err: (line) => void process.stderr.write(line),
};

/** Returns the exit code: 0 sealed, 1 not sealed, 2 wrong arguments, which it says on standard error. */
export async function gateCommand(command: GateCommand, { out, err }: GateIo = processIo): Promise<number> {
  const { ports, own = globalAddresses } = command;
  const tripwire = command.tripwire.split(",");
  const wrong = tripwire.find((address) => isIP(address) === 0);
  if (wrong !== undefined || !(command.timeoutSeconds > 0)) {
    err(`hoheit gate: ${wrong === undefined ? "--timeout-seconds takes a number of seconds" : `--tripwire: ${JSON.stringify(wrong)} is no address`}\n`);
    return 2;
  }
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());
  // Our timers keep no process alive, and between two rounds nothing else does.
  const alive = setInterval(() => {}, 60_000);
  const verdict = await waitForSeal({ tripwire, timeoutMs: command.timeoutSeconds * 1000, clock: systemClock, world: { ...overNetwork(systemClock, ports), own }, signal: stop.signal });
  clearInterval(alive);
  await tell(verdict, command.terminationLog, out);
  return verdict.result === "Sealed" ? 0 : 1;
}

async function tell(verdict: Verdict, file: string, out: GateIo["out"]): Promise<void> {
  const line = `${JSON.stringify(verdict)}\n`;
  out(line);
  // The kubelet makes the file; a shell has none, and needs none.
  await writeFile(file, line, { flag: "r+" }).catch(() => {});
}
