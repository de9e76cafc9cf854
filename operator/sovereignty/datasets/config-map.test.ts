import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { dataSetOf, toCompact } from "./compact.ts";
import { dataSetIn } from "./config-map.ts";
import { parseCidr } from "../addresses/cidr.ts";

const range = (text: string) => {
  const cidr = parseCidr(text);
  if (cidr.kind !== "Exact") throw new Error(text);
  return cidr.range;
};
const SET = dataSetOf({ name: "rir", date: "2026-11-20", entries: [{ country: "DE", range: range("41.0.0.0/22") }] });
const TEXT = toCompact(SET);
const metadata = { namespace: "hoheit-system", name: "delegated" };
const packed = (text: string): string => gzipSync(text).toString("base64");

it("reads a data set as text, and one that is compressed", () => {
  expect(dataSetIn({ metadata, data: { "data-set.txt": TEXT } })).toEqual(SET);
  expect(dataSetIn({ metadata, binaryData: { "data-set.txt.gz": packed(TEXT) } })).toEqual(SET);
});

it.each([
  [{ data: { "delegated.txt": TEXT } }, /^ConfigMap hoheit-system\/delegated: line 1: has neither data-set\.txt nor data-set\.txt\.gz; make it with hoheit data-set$/],
  [{ data: { "data-set.txt": TEXT.replace("DE", "XX") } }, /^ConfigMap hoheit-system\/delegated, data-set\.txt: line 2: "XX" is no country$/],
  [{ binaryData: { "data-set.txt.gz": "AAAA" } }, /data-set\.txt\.gz is not compressed by gzip/],
  [{ binaryData: { "data-set.txt.gz": packed("x".repeat(64_000_001)) } }, /is larger than 64000000 bytes/],
])("says of anything else where and what is wrong", (content, message) => {
  expect(() => dataSetIn({ metadata, ...content })).toThrow(message);
});
