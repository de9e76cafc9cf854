/** The harness that measures operators from outside: where it is, and what it needs to be told. */
import { existsSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { ensureBinaries } from "../../hack/cluster/binaries.ts";

/** Where the harness is and what it is told. */
export interface Harness {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Where it writes. */
  readonly out: string;
}

/** Figures of one contender in one round; absent where it has no such thing. */
export type Figures = Readonly<Record<string, number>>;

/** The harness wants all programs in one folder. */
export async function prepare(folder: string, temporary: string): Promise<Harness> {
  if (!existsSync(join(folder, "measure-op.sh"))) throw new Error(`${folder} has no measure-op.sh`);
  const binaries = await ensureBinaries(["etcd", "kube-apiserver", "kubectl"], { step: (text: string) => console.log(text), tick: () => undefined });
  for (const [name, path] of Object.entries(binaries)) symlinkSync(path, join(temporary, name));
  const env = { PEER: process.env["PEER"] ?? dirname(folder), KBIN: temporary, OUT: temporary, SRC: folder, API: "https://127.0.0.1:26443" };
  return { folder, env, out: temporary };
}
