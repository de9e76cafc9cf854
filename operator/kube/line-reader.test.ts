import fc from "fast-check";
import { expect, test } from "vitest";
import { LineReader } from "./line-reader.ts";

function read(chunks: Buffer[], maxBytes = 1_000): string[] {
  const lines: string[] = [];
  const reader = new LineReader(maxBytes, (line) => lines.push(line), () => {});
  reader.head(200, {});
  for (const chunk of chunks) reader.chunk(chunk);
  reader.finish();
  return lines;
}

test("lines come out the same however the bytes are cut, also within a character", () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: "binary", minLength: 1 }).filter((line) => !line.includes("\n"))), fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }), (lines, sizes) => {
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
    const chunks: Buffer[] = [];
    for (let at = 0, i = 0; at < bytes.length; i += 1) {
      const size = sizes[i % sizes.length] ?? 1;
      chunks.push(bytes.subarray(at, at + size));
      at += size;
    }
    expect(read(chunks)).toEqual(lines.map((line) => Buffer.from(line).toString("utf8")));
  }));
});

test("an end within a line and a line that is too long are broken streams", () => {
  expect(() => read([Buffer.from('{"a":1}\n{"b"')])).toThrow("the stream ended within a line");
  expect(() => read([Buffer.from("x".repeat(600)), Buffer.from("x".repeat(600))])).toThrow("longer than 1000 bytes");
});
