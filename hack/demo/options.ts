/** The demo's command line. */
import { parseArgs } from "node:util";
import { Sorry } from "../cluster/sorry.ts";

export interface DemoOptions {
  readonly once: boolean;
  readonly context: string | undefined;
  readonly yes: boolean;
  readonly help: boolean;
  readonly timeoutSeconds: number;
}

export const USAGE = `npm run demo [-- OPTIONS]

Starts a Kubernetes control plane on this machine (no root, no containers) with three simulated GPU nodes, installs
Hoheit, applies samples/ and stays until Ctrl-C. Nothing remains but the programs in the cache folder.

  --once             end with status 0 when the samples are Ready, with 1 and the reasons if they are not in time
  --timeout SECONDS  how long to wait for the samples (default 300)
  --context NAME     use this context of your kubeconfig instead; says what it will do and asks first
  --yes              do not ask
  --help             this text

Environment: HOHEIT_CACHE (default ~/.cache/hoheit) takes the programs; HOHEIT_BIN_DIR or KUBEBUILDER_ASSETS name a
folder that has them already.`;

export function parseOptions(args: readonly string[]): DemoOptions {
  const { values } = parse(args);
  const timeoutSeconds = Number(values.timeout ?? "300");
  if (!Number.isFinite(timeoutSeconds) || timeoutSeconds <= 0) throw new Sorry(`--timeout takes a number of seconds, not ${String(values.timeout)}.`);
  return { once: values.once ?? false, context: values.context, yes: values.yes ?? false, help: values.help ?? false, timeoutSeconds };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args], strict: true,
      options: { once: { type: "boolean" }, context: { type: "string" }, yes: { type: "boolean" }, help: { type: "boolean" }, timeout: { type: "string" } },
    });
  } catch (error) {
    throw new Sorry(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}
