/**
 * HTML by tagged template, escaped by construction. Whatever is interpolated is text, but for what this function made
 * itself: names and messages come from tenants. An interpolation may stand where text stands, or within a double-quoted
 * attribute; anywhere else escaping would not hold it, and the template is refused.
 */

/** HTML that is well-formed. Nothing but `html` makes it. */
export class Safe {
  readonly #text: string;
  constructor(key: typeof MAKER, text: string) {
    if (key !== MAKER) throw new TypeError("only html`...` makes HTML");
    this.#text = text;
  }
  toString(): string {
    return this.#text;
  }
}

/** What may be interpolated. `undefined` is nothing. */
export type Content = Safe | string | number | undefined | readonly Content[];

const MAKER = Symbol("html");

/** For each template whether its interpolations stand in an attribute. Templates are literals: each is looked at once. */
const seen = new WeakMap<TemplateStringsArray, readonly boolean[]>();

/** @throws TypeError where an interpolation could not be held by escaping: that is a bug of the template */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Safe {
  const inAttribute = seen.get(strings) ?? placesOf(strings);
  seen.set(strings, inAttribute);
  let text = strings[0] ?? "";
  for (const [index, value] of values.entries()) text += (inAttribute[index] === true ? attribute(value) : content(value)) + (strings[index + 1] ?? "");
  return new Safe(MAKER, text);
}

function content(value: Content): string {
  if (value === undefined) return "";
  if (value instanceof Safe) return value.toString();
  if (typeof value === "string" || typeof value === "number") return escape(String(value));
  return value.map(content).join("");
}

/** HTML in an attribute could hold the quote that ends it. */
function attribute(value: Content): string {
  if (typeof value !== "string" && typeof value !== "number") throw new TypeError("an attribute takes text");
  return escape(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Characters that no HTML may hold (control characters, halves of surrogate pairs) become the replacement character. */
const escape = (text: string): string =>
  text.toWellFormed().replaceAll(/(?![\t\n\f\r])\p{Cc}/gu, "\uFFFD").replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");

type Place = "text" | "tag" | "quoted";

/** Walks through the literal parts of a template. They hold neither comments nor raw text such as that of scripts. */
function placesOf(strings: TemplateStringsArray): boolean[] {
  let place: Place = "text";
  const places: boolean[] = [];
  for (const part of strings.slice(0, -1)) {
    for (const character of part) place = after(place, character);
    if (place === "tag") throw new TypeError(`an interpolation may stand in text or in double quotes, not after ${JSON.stringify(part.slice(-20))}`);
    places.push(place === "quoted");
  }
  return places;
}

function after(place: Place, character: string): Place {
  if (place === "text") return character === "<" ? "tag" : "text";
  if (character === '"') return place === "tag" ? "quoted" : "tag";
  return place === "tag" && character === ">" ? "text" : place;
}
