/** The stand-in engine as images: one that behaves, one that hammers at the world from its first moment. */
import { join } from "node:path";
import { writeImage } from "../../../../hack/image/archive.ts";
import { nodeRuntime } from "../../../../hack/image/runtime.ts";
import { OUTSIDE } from "../network.ts";

export const ENGINE = "localhost/engine:quiet";
export const HAMMERING_ENGINE = "localhost/engine:hammering";

const TARGETS = [OUTSIDE.v4, OUTSIDE.v6, OUTSIDE.metadata4].map((address) => `${address} 443`).join(",");

/** Writes both archives into `folder` and returns their paths. Their lower layer is the product's. */
export function writeEngineImages(folder: string): Promise<string[]> {
  const { entries } = nodeRuntime();
  const layers = [entries, [{ path: "/usr/local/bin/vllm", file: join(import.meta.dirname, "vllm.mjs"), mode: 0o755 }]];
  const write = async (name: string, env: readonly string[]): Promise<string> => {
    const archive = join(folder, `${name.replace(/^.*\//, "").replace(":", "-")}.tar`);
    await writeImage({ name, layers, config: { Env: ["PATH=/usr/local/bin", ...env] } }, archive);
    return archive;
  };
  return Promise.all([write(ENGINE, []), write(HAMMERING_ENGINE, [`HAMMER=${TARGETS}`])]);
}
