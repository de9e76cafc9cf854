/** Runs a program in the foreground for the npm scripts: output goes through, signals come along, the status comes back. */
import { spawn } from "node:child_process";
import { join, resolve } from "node:path";

export const ROOT = resolve(import.meta.dirname, "..");

/** Path of a program that an npm package brought. */
export const tool = (name: string): string => join(ROOT, "node_modules", ".bin", name);

export interface Ended {
  readonly status: number;
  /** Both streams, if `capture` was asked for. */
  readonly output: string;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly capture?: boolean;
  readonly cwd?: string;
}

/** Resolves with the exit status, 127 if the program cannot be started. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return new Promise((done) => {
    let output = "";
    const child = spawn(command, [...args], {
      cwd: options.cwd ?? ROOT, env: { ...process.env, ...options.env },
      stdio: options.capture ? ["ignore", "pipe", "pipe"] : "inherit",
    });
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (text: string) => { output += text; });
    const forward = (signal: NodeJS.Signals): void => { child.kill(signal); };
    process.on("SIGTERM", forward).on("SIGINT", forward);
    const end = (status: number): void => {
      process.off("SIGTERM", forward).off("SIGINT", forward);
      done({ status, output });
    };
    child.once("error", (error) => { output += error.message; end(127); });
    child.once("close", (code) => end(code ?? 128));
  });
}
