/** What the demo says: one line for each step with the time since the start; a line that moves only on a terminal. */
import type { Progress } from "../cluster/binaries.ts";

const PLAIN_TICK_MS = 30_000;

export interface Terminal extends Progress {
  /** Text as it is, between steps. */
  show(text: string): void;
}

/** `out` is a stream like process.stdout; `now` is in milliseconds. */
export function terminal(out: { isTTY?: boolean; columns?: number; write(text: string): unknown }, now: () => number = () => performance.now()): Terminal {
  const started = now();
  const live = out.isTTY === true;
  let ticking = false;
  let lastPlainTick = started;
  const clock = (): string => `[${((now() - started) / 1000).toFixed(1).padStart(6)} s]`;
  const clear = (): void => {
    if (ticking) out.write("\r\u001b[K");
    ticking = false;
  };
  return {
    step(text) {
      clear();
      lastPlainTick = now();
      out.write(`${clock()} ${text}\n`);
    },
    tick(text) {
      if (live) {
        out.write(`\r\u001b[K${`${clock()} ${text}`.slice(0, (out.columns ?? 80) - 1)}`);
        ticking = true;
      } else if (now() - lastPlainTick >= PLAIN_TICK_MS) {
        lastPlainTick = now();
        out.write(`${clock()} ${text}\n`);
      }
    },
    show(text) {
      clear();
      out.write(`${text}\n`);
    },
  };
}
