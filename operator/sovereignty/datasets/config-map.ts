/**
 * A data set in a ConfigMap, as `hoheit data-set` makes it: under `data-set.txt` in its compact form, or, where that does not
 * fit into the 1 MiB that a ConfigMap holds, under `data-set.txt.gz` in binaryData. One that does not fit then either is cut
 * down to the countries that somebody asks about (`--only`).
 */
import { gunzipSync, gzipSync } from "node:zlib";
import type { ConfigMap } from "../../lib/k8s-types.ts";
import { parseCompact, toCompact } from "./compact.ts";
import { DataSetError, type DataSet } from "./data-set.ts";

export const DATA_SET_KEY = "data-set.txt";
export const COMPRESSED_DATA_SET_KEY = `${DATA_SET_KEY}.gz`;

/** Bytes of a compressed one, unpacked: all registries together have 20 MB. */
const MOST_BYTES = 64_000_000;
/** Bytes that a ConfigMap can take; the rest of 1 MiB is for its metadata. */
const MOST_STORED_BYTES = 1_000_000;

/**
 * As text where it fits, so that people can read it, else compressed.
 * @throws DataSetError for one that does not fit
 */
export function configMapOf(set: DataSet, { name, namespace }: { readonly name: string; readonly namespace: string }): ConfigMap {
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace } } as const;
  const text = toCompact(set);
  if (Buffer.byteLength(text) <= MOST_STORED_BYTES) return { ...object, data: { [DATA_SET_KEY]: text } };
  const compressed = gzipSync(text, { level: 9 });
  if (compressed.length <= MOST_STORED_BYTES) return { ...object, binaryData: { [COMPRESSED_DATA_SET_KEY]: compressed.toString("base64") } };
  throw new DataSetError(set.name, undefined, `it has ${compressed.length} bytes, compressed, and a ConfigMap takes ${MOST_STORED_BYTES}: keep the countries that the policy asks about (--only)`);
}

/** @throws DataSetError if there is none in it, or something that `hoheit data-set` would not have written */
export function dataSetIn({ metadata, data, binaryData }: Pick<ConfigMap, "metadata" | "data" | "binaryData">): DataSet {
  const source = `ConfigMap ${metadata.namespace}/${metadata.name}`;
  const text = data?.[DATA_SET_KEY];
  if (text !== undefined) return parseCompact(text, `${source}, ${DATA_SET_KEY}`);
  const compressed = binaryData?.[COMPRESSED_DATA_SET_KEY];
  if (compressed === undefined) throw new DataSetError(source, undefined, `has neither ${DATA_SET_KEY} nor ${COMPRESSED_DATA_SET_KEY}; make it with hoheit data-set`);
  return parseCompact(unpacked(compressed, source), `${source}, ${COMPRESSED_DATA_SET_KEY}`);
}

function unpacked(compressed: string, source: string): string {
  try {
    return gunzipSync(Buffer.from(compressed, "base64"), { maxOutputLength: MOST_BYTES }).toString("utf8");
  } catch {
    throw new DataSetError(source, undefined, `${COMPRESSED_DATA_SET_KEY} is not compressed by gzip, or is larger than ${MOST_BYTES} bytes; make it with hoheit data-set`);
  }
}
