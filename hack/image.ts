/**
 * `npm run image [-- FILE]`: the product image as one OCI archive (default build/hoheit-image.tar), with its checksum and
 * its bill of materials beside it. Needs no registry and no container engine; the same input gives the same digest.
 */
import { resolve } from "node:path";
import { IMAGE_NAME, writeProduct } from "./image/product.ts";
import { ROOT } from "./run.ts";

const started = Date.now();
const { archive, digest, size } = await writeProduct(resolve(ROOT, process.argv[2] ?? "build/hoheit-image.tar"));
console.log(`${archive}\n  ${IMAGE_NAME}@${digest}\n  ${(size / 1e6).toFixed(1)} MB, ${((Date.now() - started) / 1000).toFixed(1)} s`);
