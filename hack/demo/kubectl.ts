/** The real kubectl, for what a user would do by hand. */
import { execFile } from "node:child_process";
import { Sorry } from "../cluster/sorry.ts";

export interface Kubectl {
  /** Standard output. Throws `Sorry` with what kubectl says. */
  (args: readonly string[], input?: string): Promise<string>;
}

const MOST_OUTPUT = 64 * 1024 * 1024;

export function kubectl(program: string, access: { kubeconfig?: string; context?: string }): Kubectl {
  const global = access.context === undefined ? [] : [`--context=${access.context}`];
  const env = { ...process.env, ...(access.kubeconfig !== undefined && { KUBECONFIG: access.kubeconfig }) };
  return (args, input) => new Promise((resolve, reject) => {
    const child = execFile(program, [...global, ...args], { env, maxBuffer: MOST_OUTPUT }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Sorry(`kubectl ${args.slice(0, 3).join(" ")} failed: ${stderr.trim() || error.message}`));
    });
    child.stdin?.on("error", () => undefined); // it may end before it has read everything
    child.stdin?.end(input ?? "");
  });
}

/** Server-side apply of some objects at once, as a user's GitOps would. */
export async function apply(run: Kubectl, objects: readonly object[]): Promise<void> {
  if (objects.length === 0) return;
  const list = { apiVersion: "v1", kind: "List", items: objects };
  await run(["apply", "--server-side", "--force-conflicts", "--field-manager=hoheit-demo", "-f", "-"], JSON.stringify(list));
}
