import { expect, test } from "vitest";
import { contrast } from "../../test/support/contrast.ts";
import { DARK, LIGHT, type Palette } from "./palette.ts";

/** Words on grounds: 4.5 to 1 (WCAG 2.2, 1.4.3). */
const TEXT: readonly (readonly [keyof Palette, keyof Palette])[] = [
  ...(["ink", "quiet", "accent", "good", "bad", "open", "none"] as const).map((token) => [token, "paper"] as const),
  ...(["good", "bad", "open", "none"] as const).flatMap((tone) => (["ink", "accent", "good", "bad", "open", "none"] as const).map((token) => [token, `${tone}-ground`] as const)),
];
/** Shapes, and lines that carry meaning: 3 to 1 (1.4.11). */
const SHAPES: readonly (readonly [keyof Palette, keyof Palette])[] = [["edge", "paper"], ["good", "paper"], ["bad", "paper"], ["open", "paper"], ["none", "paper"]];

test.each([["light", LIGHT], ["dark", DARK]] as const)("in %s surroundings, everything can be read", (_, palette) => {
  const tooFaint = (pairs: typeof TEXT, least: number): string[] => pairs.filter(([on, ground]) => contrast(palette[on], palette[ground]) < least).map((pair) => pair.join(" on "));
  expect(tooFaint(TEXT, 4.5)).toEqual([]);
  expect(tooFaint(SHAPES, 3)).toEqual([]);
});

test("contrast is what WCAG says it is", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 5);
  expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.478, 3);
});
