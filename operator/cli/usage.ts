/** Commands whose exit codes 0 to 2 are verdicts: what the caller has to mend ends with 3. */
import type { Command } from "commander";
import { ConfigError } from "../config.ts";

const USAGE_ERROR = 3;

/** Ends with it for a wrong command line, and for a ConfigError of what the command does. */
export function endWithUsage<T extends unknown[]>(command: Command, run: (...args: T) => Promise<number>): void {
  command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE_ERROR));
  command.action(async (...args: unknown[]) => {
    try {
      process.exitCode = await run(...(args as T));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      process.stderr.write(`hoheit: ${error.message}\n`);
      process.exitCode = USAGE_ERROR;
    }
  });
}

/** `a,b` */
export const listOf = (text: string): string[] => text.split(",").map((one) => one.trim()).filter((one) => one !== "");
