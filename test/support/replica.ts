/**
 * One replica of an operator that does nothing but be elected and write: run as a process of its own, so that it can
 * be killed, stopped and continued. Argument: a `ReplicaOptions` as JSON. Says on stdout what happens to it, a word a
 * line: `leading`, `lost`, `stopped`. Ends with code 1 when it has lost the lease.
 */
import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../../operator/lib/clock.ts";
import { Elector, type LeaseTimes } from "../../operator/runtime/elector.ts";
import { createLogger } from "../../operator/runtime/log.ts";
import { CONFIG_MAPS, connect } from "./kube-client.ts";

export interface ReplicaOptions {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
  readonly namespace: string;
  readonly identity: string;
  readonly times: LeaseTimes;
  /** Milliseconds between writes; 0 for as fast as answers come. */
  readonly writeEveryMs: number;
}

const { url, ca, token, namespace, identity, times, writeEveryMs } = JSON.parse(process.argv[2] ?? "") as ReplicaOptions;
const say = (word: string): void => void process.stdout.write(`${word}\n`);
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());

const forLease = connect({ tokens: {} }, { url, ca }, { token });
const elector = new Elector({
  api: forLease.client, clock: systemClock, log: createLogger({ level: "error", destination: { write: (line) => void process.stderr.write(line) } }),
  lease: { namespace, name: "test" }, identity, times, onGained: () => say("leading"),
  onLost: () => {
    say("lost");
    process.exitCode = 1;
  },
});
const forWrites = connect({ tokens: {} }, { url, ca }, { token, fence: elector.fence });

/** Writes as fast as answers come, whether it leads or not: the fence is all that holds it back. */
async function writeOn(): Promise<void> {
  for (let n = 1; !elected; n += 1) {
    try {
      await forWrites.client.mergePatch(CONFIG_MAPS, { namespace, name: "written" }, { data: { writer: identity, n: String(n) } }, { deadlineMs: 2_000 });
      if (writeEveryMs > 0) await delay(writeEveryMs);
    } catch {
      await delay(5);
    }
  }
}

let elected = false;
const writing = writeOn();
await elector.run(stop.signal);
elected = true;
await writing;
for (const one of [forLease, forWrites]) one[Symbol.dispose]();
say("stopped");
