import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "./hash.ts";

/** The same value with the members of every object in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([key, member]) => [key, reversed(member)]));
}

test("the text is JSON of the same value and does not depend on the order of members", () => {
  fc.assert(fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
    const text = canonicalJson(value);
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    expect(canonicalJson(reversed(value))).toBe(text);
  }));
});

test("keys have one order at every depth; what is undefined is absent from objects and null in lists", () => {
  expect(canonicalJson({ b: [undefined, { d: undefined, c: 1 }], a: {}, z: undefined })).toBe('{"a":{},"b":[null,{"c":1}]}');
  expect(canonicalJson({ 10: "ten", 9: "nine", [`__proto__`]: 1 })).toBe('{"9":"nine","10":"ten","__proto__":1}');
});
