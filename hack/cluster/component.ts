/** One program of the control plane that tests may kill, freeze and start again on the same data and ports. */
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { Sorry } from "./sorry.ts";
import { supervise, type Supervised } from "./supervise.ts";

export interface Component {
  readonly name: string;
  readonly running: boolean;
  /** Undefined while it is not running. */
  readonly pid: number | undefined;
  /** Sends a signal, and waits until the program has gone if the signal ends it. `SIGSTOP` and `SIGCONT` return at once. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and data, and waits until it is ready. */
  start(): Promise<void>;
  /** `kill`, then `start`. */
  restart(signal?: NodeJS.Signals): Promise<void>;
  /** The last lines that it wrote. */
  logTail(lines?: number): string;
}

export interface ComponentOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly folder: string;
  /** Resolves true when it serves. Absent: it is taken as ready when it runs. */
  readonly ready?: () => Promise<boolean>;
  readonly readyMs?: number;
}

/** The program ended by itself, or did not get ready. One sentence where the cause is known, else the end of its log. */
export class StartError extends Sorry {
  readonly portInUse: boolean;
  constructor(name: string, why: string, log: string) {
    const portInUse = /address already in use/.test(log);
    super(knownCause(name, portInUse, log) ?? `${name} ${why}; its log ends with:\n${log}`);
    this.portInUse = portInUse;
  }
}

function knownCause(name: string, portInUse: boolean, log: string): string | undefined {
  if (portInUse) return `${name} found its port in use, again and again: another program takes ports between 20000 and 30000 on 127.0.0.1 as fast as they are tried.`;
  if (/no space left on device/.test(log)) return `${name} cannot go on because the disk is full: make room in ${tmpdir()} or point TMPDIR at a larger disk.`;
  return undefined;
}

const READY_MS = 60_000;
const POLL_MS = 100;

export class ManagedComponent implements Component {
  readonly name: string;
  readonly #options: ComponentOptions;
  #process: Supervised | undefined;

  constructor(options: ComponentOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get running(): boolean {
    return this.#process?.running ?? false;
  }

  get pid(): number | undefined {
    return this.running ? this.#process?.pid : undefined;
  }

  async start(): Promise<void> {
    if (this.running) return;
    const { command, args, folder } = this.#options;
    // HOME in the folder: none of them shall read or leave anything in the user's.
    const env = { PATH: process.env.PATH ?? "", HOME: folder, TMPDIR: folder };
    this.#process = await supervise({ command, args, logFile: this.#logFile(), env, cwd: folder });
    await this.#untilReady(this.#process);
  }

  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#process;
    child?.signal(signal);
    if (signal !== "SIGSTOP" && signal !== "SIGCONT") await child?.exited;
  }

  async restart(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    await this.kill(signal);
    await this.start();
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  logTail(lines = 15): string {
    try {
      return readFileSync(this.#logFile(), "utf8").trimEnd().split("\n").slice(-lines).join("\n");
    } catch {
      return "(no log)";
    }
  }

  #logFile(): string {
    return `${this.#options.folder}/${this.name}.log`;
  }

  async #untilReady(child: Supervised): Promise<void> {
    const deadline = Date.now() + (this.#options.readyMs ?? READY_MS);
    while (Date.now() < deadline) {
      if (!child.running) throw new StartError(this.name, `ended with status ${await child.exited}`, this.logTail());
      if (await this.#options.ready?.() ?? true) return;
      await delay(POLL_MS);
    }
    await child.stop();
    throw new StartError(this.name, "did not get ready in time", this.logTail());
  }
}
