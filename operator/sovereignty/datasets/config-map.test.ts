import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { dataSetOf, toCompact } from "./compact.ts";
import { configMapOf, dataSetIn } from "./config-map.ts";
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
  [{ data: { "delegated.txt": TEXT } }, /^ConfigMap hoheit-system\/delegated: has neither data-set\.txt nor data-set\.txt\.gz; make it with hoheit data-set$/],
  [{ data: { "data-set.txt": TEXT.replace("DE", "XX") } }, /^ConfigMap hoheit-system\/delegated, data-set\.txt: line 2: "XX" is no country$/],
  [{ binaryData: { "data-set.txt.gz": "AAAA" } }, /data-set\.txt\.gz is not compressed by gzip/],
  [{ binaryData: { "data-set.txt.gz": packed("x".repeat(64_000_001)) } }, /is larger than 64000000 bytes/],
])("says of anything else where and what is wrong", (content, message) => {
  expect(() => dataSetIn({ metadata, ...content })).toThrow(message);
});

const entries = (firsts: readonly number[]) => firsts.map((first) => ({ country: "DE", range: { first: BigInt(first), last: BigInt(first) } }));

it("writes a data set as text where it fits, else compressed, so that it is what it was when it is read again", () => {
  expect(configMapOf(SET, { ...metadata })).toEqual({ apiVersion: "v1", kind: "ConfigMap", metadata, data: { "data-set.txt": TEXT } });
  const long = dataSetOf({ name: "rir", date: "2026-11-20", entries: entries(Array.from({ length: 70_000 }, (_, i) => 0x29000000 + 2 * i)) });
  const { data, binaryData = {} } = configMapOf(long, metadata);
  expect([data, Object.keys(binaryData)]).toEqual([undefined, ["data-set.txt.gz"]]);
  expect(dataSetIn({ metadata, binaryData }).sha256).toBe(long.sha256);
});

it("writes none that does not fit even so, and says what to do", () => {
  // Numbers of which no compression makes less: of a multiplicative generator.
  let state = 1n;
  const random = (): number => Number(state = (state * 48_271n) % 2_147_483_647n);
  const set = dataSetOf({ name: "rir", date: "2026-11-20", entries: entries(Array.from({ length: 260_000 }, random)) });
  expect(() => configMapOf(set, metadata)).toThrow(/^rir: it has \d+ bytes, compressed, and a ConfigMap takes 1000000: keep the countries that the policy asks about \(--only\)$/);
});
