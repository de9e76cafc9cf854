/**
 * The colours, for light and dark surroundings. Which of them meet, and how much contrast each pair has, is tested
 * (WCAG 2.2, 1.4.3 and 1.4.11): whoever changes one runs `npm test -- palette`.
 */
const TOKENS = ["paper", "surface", "ink", "quiet", "line", "edge", "accent", "good", "good-ground", "bad", "bad-ground", "open", "open-ground", "none", "none-ground"] as const;
export type Palette = Readonly<Record<(typeof TOKENS)[number], string>>;

export const LIGHT: Palette = {
  paper: "#fdfdfc", surface: "#f5f5f2", ink: "#1b1f23", quiet: "#555c64", line: "#dcddd8", edge: "#7f858c", accent: "#1a4f80",
  good: "#1a6640", "good-ground": "#eaf4ed", bad: "#a11d19", "bad-ground": "#fcedeb", open: "#774c00", "open-ground": "#fcf3df", none: "#4a5460", "none-ground": "#eef0f2",
};

export const DARK: Palette = {
  paper: "#15181b", surface: "#1d2125", ink: "#e9e7e2", quiet: "#abb2ba", line: "#343a40", edge: "#7d858d", accent: "#93c0ec",
  good: "#84d6a5", "good-ground": "#16281e", bad: "#ffa49b", "bad-ground": "#331b1a", open: "#efc46d", "open-ground": "#2d2412", none: "#b9c1ca", "none-ground": "#23282d",
};

/** As custom properties of CSS. */
export const properties = (palette: Palette): string => TOKENS.map((token) => `--${token}: ${palette[token]};`).join(" ");
