/** The engine as a container image, in an archive that a container runtime imports. */
import { join } from "node:path";
import { entriesOf } from "../../hack/image/entries.ts";
import { writeImage } from "../../hack/image/archive.ts";
import { source, type Product } from "./cache.ts";
import { lockedVersion } from "./engine.ts";

/** Name under which the archive imports. */
export const IMAGE = `localhost/vllm-cpu:${lockedVersion()}`;
/** File in the product's folder. */
export const ARCHIVE = "image.tar";

/** `tree`: folder of the engine. */
export const imageProduct = (tree: string): Product => ({
  name: "image", inputs: [tree, source("image.ts")],
  async make(draft) {
    const folders = ["/tmp", "/models", "/cache", "/home/vllm", "/proc", "/sys", "/dev"].map((path) => ({ path, folder: true as const }));
    await writeImage({
      name: IMAGE, layers: [[...entriesOf(tree, ""), ...folders]],
      config: { Env: ["PATH=/opt/python/bin:/usr/bin:/bin", "LD_LIBRARY_PATH=/opt/python/lib"], User: "2000:0" },
    }, join(draft, ARCHIVE));
  },
});
