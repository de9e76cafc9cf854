/**
 * A data set in a ConfigMap, as `hoheit data-set` makes it: under `data-set.txt` in its compact form, or, where that does not
 * fit into the 1 MiB that a ConfigMap holds, under `data-set.txt.gz` in binaryData. One that does not fit then either is cut
 * down to the countries that somebody asks about (`--only`).
 */
import { gunzipSync } from "node:zlib";
import type { ConfigMap } from "../../lib/k8s-types.ts";
import { parseCompact } from "./compact.ts";
import { DataSetError, type DataSet } from "./data-set.ts";

export const DATA_SET_KEY = "data-set.txt";
export const COMPRESSED_DATA_SET_KEY = `${DATA_SET_KEY}.gz`;

/** Bytes of a compressed one, unpacked: all registries together have 20 MB. */
const MOST_BYTES = 64_000_000;

/** @throws DataSetError if there is none in it, or something that `hoheit data-set` would not have written */
export function dataSetIn({ metadata, data, binaryData }: Pick<ConfigMap, "metadata" | "data" | "binaryData">): DataSet {
  const source = `ConfigMap ${metadata.namespace}/${metadata.name}`;
  const text = data?.[DATA_SET_KEY];
  if (text !== undefined) return parseCompact(text, `${source}, ${DATA_SET_KEY}`);
  const compressed = binaryData?.[COMPRESSED_DATA_SET_KEY];
  if (compressed === undefined) throw new DataSetError(source, 1, `has neither ${DATA_SET_KEY} nor ${COMPRESSED_DATA_SET_KEY}; make it with hoheit data-set`);
  return parseCompact(unpacked(compressed, source), `${source}, ${COMPRESSED_DATA_SET_KEY}`);
}

function unpacked(compressed: string, source: string): string {
  try {
    return gunzipSync(Buffer.from(compressed, "base64"), { maxOutputLength: MOST_BYTES }).toString("utf8");
  } catch {
    throw new DataSetError(source, 1, `${COMPRESSED_DATA_SET_KEY} is not compressed by gzip, or is larger than ${MOST_BYTES} bytes; make it with hoheit data-set`);
  }
}
