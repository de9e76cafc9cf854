/**
 * Processes that never outlive the one that started them, whatever ends it: Ctrl-C, a crash, even kill -9.
 *
 * Each child runs under a small shell that holds the reading end of a pipe from us. The kernel closes our end when we
 * die, the shell sees the end of file and kills the child. This works without root and on every POSIX system, which
 * PR_SET_PDEATHSIG does not. A clean stop takes the same way, so the way is exercised every day.
 */
import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// fd 0 is the lifeline, fd 3 takes the child's pid. The child gets neither, so it cannot hold them open. The last kill
// is for the watcher and for what the child has started itself (a compiler, say): they are all in the keeper's group.
const KEEPER = `
exec 4<&0
"$@" </dev/null 3>&- 4<&- &
child=$!
echo "$child" >&3
exec 3>&-
( read -r _ <&4; kill -KILL "$child" 2>/dev/null ) &
wait "$child"
code=$?
trap '' TERM
kill -TERM 0 2>/dev/null
exit "$code"
`;

// Retries, because the children may still be writing for a moment.
const JANITOR = `
read -r _
tries=0
while [ -e "$1" ] && [ "$tries" -lt 100 ]; do
  rm -rf -- "$1" 2>/dev/null || sleep 0.1
  sleep 0.05
  tries=$((tries + 1))
done
`;

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Appended to; both stdout and stderr. Absent: they are ours. */
  readonly logFile?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

export interface Supervised {
  /** Of the program itself, not of its keeper. */
  readonly pid: number;
  /** Exit status; 128 + n after signal n. */
  readonly exited: Promise<number>;
  readonly running: boolean;
  /** Sends a signal and returns at once. */
  signal(name: NodeJS.Signals): void;
  /** Asks by `SIGTERM` for at most `graceMs` (default 0: not at all), then kills. Resolves when it is gone. */
  stop(graceMs?: number): Promise<void>;
}

/** Starts a program in its own session: a Ctrl-C in the terminal reaches us only, and we stop things in order. */
export async function supervise(options: ProcessOptions): Promise<Supervised> {
  const log = options.logFile === undefined ? "inherit" as const : openSync(options.logFile, "a", 0o600);
  const keeper = spawn("/bin/sh", ["-c", KEEPER, "keeper", options.command, ...options.args], {
    detached: true, stdio: ["pipe", log, log, "pipe"], env: options.env ?? process.env, ...(options.cwd !== undefined && { cwd: options.cwd }),
  });
  if (log !== "inherit") closeSync(log);
  let running = true;
  const exited = new Promise<number>((resolve, reject) => {
    keeper.once("error", reject);
    keeper.once("exit", (code, signal) => { running = false; resolve(code ?? (signal === null ? 1 : 128)); });
  });
  const lifeline = keeper.stdin;
  lifeline?.on("error", () => undefined); // EPIPE when the keeper is gone already
  const pid = await readPid(keeper.stdio[3] as NodeJS.ReadableStream);
  const signal = (name: NodeJS.Signals): void => { if (running) trySignal(pid, name); };
  return {
    pid, exited, signal,
    get running() { return running; },
    async stop(graceMs = 0) {
      if (graceMs > 0) {
        signal("SIGTERM");
        await within(exited, graceMs);
      }
      lifeline?.end();
      await exited;
    },
  };
}

/**
 * A temporary folder (mode 0700) that is removed when `remove` is called or this process dies for whatever reason.
 * Stop what writes there first.
 */
export function temporaryFolder(prefix: string): { path: string; remove(): Promise<void> } {
  const path = mkdtempSync(join(tmpdir(), prefix));
  const janitor = spawn("/bin/sh", ["-c", JANITOR, "janitor", path], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  const gone = new Promise<void>((resolve) => janitor.once("exit", () => resolve()));
  janitor.stdin.on("error", () => undefined);
  janitor.unref();
  (janitor.stdin as unknown as { unref(): void }).unref();
  return {
    path,
    async remove() {
      janitor.ref();
      janitor.stdin.end();
      await gone;
    },
  };
}

async function readPid(from: NodeJS.ReadableStream): Promise<number> {
  let text = "";
  for await (const chunk of from) text += String(chunk);
  const pid = Number.parseInt(text, 10);
  if (!Number.isInteger(pid)) throw new Error("The shell that keeps a child process did not start it.");
  return pid;
}

function trySignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Waits for `promise`, but no longer than `ms`. */
async function within(promise: Promise<unknown>, ms: number): Promise<void> {
  const timer = Promise.withResolvers<void>();
  const timeout = setTimeout(() => timer.resolve(), ms);
  await Promise.race([promise, timer.promise]);
  clearTimeout(timeout);
}

/** Whether a process has this id, a zombie included, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
