import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { elements, parseHtml, textOf } from "../../test/support/html.ts";
import { html, Safe, type Content } from "./html.ts";

/** Everything with which text has ever got out of its place, and anything else. */
const hostile = fc.oneof(
  fc.constantFrom(`"><script>alert(1)</script>`, `' onmouseover='x`, "</style><script>", "<!--", "-->", "]]>", "&lt;", "&#60;", "\0", "\uD800", "\u2028", "javascript:alert(1)", "</p>", "`${x}`", "%3Cscript%3E"),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: fc.constantFrom("<", ">", "&", '"', "'", "/", "=", "a", ";", " ", "\n"), maxLength: 20 }),
);

/** As a browser reads it: lone surrogates and control characters cannot be in a document. */
const shown = (text: string): string => text.toWellFormed().replaceAll(/(?![\t\n\f\r])\p{Cc}/gu, "\uFFFD");

describe("html", () => {
  test("holds any text where text stands and in an attribute", () => {
    fc.assert(fc.property(hostile, hostile, (inText, inAttribute) => {
      const root = parseHtml(html`<p title="${inAttribute}">${inText}</p>`.toString());
      const [paragraph, ...others] = elements(root);
      expect(others).toEqual([]);
      expect(paragraph?.attributes).toEqual(new Map([["title", shown(inAttribute)]]));
      expect(paragraph?.children).toEqual(inText === "" ? [] : [shown(inText)]);
    }), { numRuns: 2_000 });
  });

  test("takes what it made itself as it is, nested and in lists, and leaves nothing out for undefined", () => {
    const items: Content[] = ["a<b", 7, undefined, html`<b>${"&"}</b>`];
    expect(html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`.toString()).toBe("<ul><li>a&lt;b</li><li>7</li><li></li><li><b>&amp;</b></li></ul>");
  });

  test.each([
    ["a tag", () => html`<p ${"x"}></p>`],
    ["an attribute without quotes", () => html`<p title=${"x"}></p>`],
    ["the name of an element", () => html`<${"p"}></p>`],
  ])("refuses %s as a place for text", (_, make) => {
    expect(make).toThrow("an interpolation may stand in text or in double quotes");
  });

  test("refuses HTML in an attribute, in which a quote of it would end the attribute", () => {
    expect(() => html`<p title="${html`<b title="x">y</b>`}"></p>`).toThrow("an attribute takes text");
  });

  test("cannot be imitated", () => {
    expect(() => new Safe(Symbol("html") as never, "<script>")).toThrow("only html`...` makes HTML");
    const lookalike = { toString: () => "<script>" } as unknown as string;
    expect(() => html`<p>${lookalike}</p>`).toThrow();
  });

  test("shows what it holds", () => {
    expect(textOf(parseHtml(html`<p>${"1 < 2 & 3"}</p>`.toString()))).toBe("1 < 2 & 3");
  });
});
