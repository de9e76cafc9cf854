/**
 * A strict reader of the HTML that Hoheit writes: every element is closed in its turn, every attribute is in double quotes,
 * and only the five characters that must be are written as entities. What a browser would mend is an error here; that a
 * browser sees the same tree is for the browser tier (test/browser).
 */

export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: (Element | string)[];
}

const VOID = new Set(["meta", "link", "br", "hr", "wbr"]);
const ENTITIES: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };

const TOKEN = /<!doctype html>|<style>([^<]*)<\/style>|<\/([a-z0-9]+)>|<([a-z0-9]+)((?: [a-z-]+(?:="[^"<>]*")?)*)(\/?)>|([^<>]+)/gy;
const ATTRIBUTE = / ([a-z-]+)="([^"]*)"/gi;

/** @throws Error where it is not written as it should be */
export function parseHtml(text: string): Element {
  const root: Element = { name: "#root", attributes: new Map(), children: [] };
  const open = [root];
  let at = 0;
  for (const match of text.matchAll(new RegExp(TOKEN, "giy"))) {
    if (match.index !== at) break;
    at += match[0].length;
    take(match, open);
  }
  if (at !== text.length) throw new Error(`not HTML as we write it, at ${JSON.stringify(text.slice(at, at + 60))}`);
  if (open.length > 1) throw new Error(`<${open.at(-1)?.name}> is not closed`);
  return root;
}

function take([all, style, closing, opening, attributes = "", slash, chars]: RegExpExecArray, open: Element[]): void {
  const parent = open.at(-1)!;
  if (style !== undefined) parent.children.push({ name: "style", attributes: new Map(), children: [style] });
  else if (chars !== undefined) parent.children.push(decode(all));
  else if (closing !== undefined && open.pop()?.name !== closing) throw new Error(`</${closing}> closes <${parent.name}>`);
  else if (opening !== undefined) {
    const element: Element = { name: opening, attributes: attributesOf(attributes), children: [] };
    parent.children.push(element);
    if (slash === "" && !VOID.has(opening)) open.push(element);
  }
}

function attributesOf(text: string): Map<string, string> {
  const found = [...text.matchAll(ATTRIBUTE)].map(([, name = "", value = ""]) => [name, decode(value)] as const);
  const attributes = new Map(found);
  if (attributes.size !== found.length || found.map(([name]) => name).join(" ") !== text.replaceAll(/="[^"]*"/g, "").trim()) throw new Error(`attributes are not each once and in double quotes: ${text}`);
  return attributes;
}

function decode(text: string): string {
  return text.replaceAll(/&[^;&]{0,8};?/g, (entity) => {
    const character = ENTITIES[entity];
    if (character === undefined) throw new Error(`${entity} is no entity that we write`);
    return character;
  });
}

/** All elements below, in the order of the document; those that are named, if a name is given. */
export function elements(of: Element, ...names: readonly string[]): Element[] {
  const all = of.children.flatMap((child) => (typeof child === "string" ? [] : [child, ...elements(child)]));
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}

/** As a reader sees it, white space collapsed. */
export const textOf = (of: Element): string => rawText(of).replaceAll(/\s+/g, " ").trim();
const rawText = (of: Element): string => of.children.map((child) => (typeof child === "string" ? child : INLINE.has(child.name) ? rawText(child) : ` ${child.name === "style" ? "" : rawText(child)} `)).join("");
const INLINE = new Set(["a", "code", "span", "strong", "time", "wbr", "svg", "b"]);

const BLOCKS = new Set(["h1", "h2", "h3", "h4", "h5", "p", "li", "dt", "dd", "caption", "tr", "title", "summary"]);

/** The text of a page, one block to a line, cells apart: what a golden file keeps, so that a review reads sentences. */
export function outline(of: Element): string[] {
  return of.children.flatMap((child) => {
    if (typeof child === "string") return [];
    if (child.name === "tr") return [`| ${child.children.filter((cell): cell is Element => typeof cell !== "string").map(textOf).join(" | ")}`];
    if (!BLOCKS.has(child.name)) return outline(child);
    const level = /^h([1-5])$/.exec(child.name)?.[1];
    const marks: Readonly<Record<string, string>> = { li: "- ", dt: "· ", dd: "  ", caption: "(table) " };
    return [`${level === undefined ? (marks[child.name] ?? "") : `\n${"#".repeat(Number(level))} `}${ownText(child)}`, ...outline(child).map((line) => `  ${line}`)];
  });
}

/** Without the blocks inside, which have lines of their own. */
const ownText = (of: Element): string => textOf({ ...of, children: withoutBlocks(of.children) });
const withoutBlocks = (children: readonly (Element | string)[]): (Element | string)[] =>
  children.filter((child) => typeof child === "string" || !BLOCKS.has(child.name)).map((child) => (typeof child === "string" ? child : { ...child, children: withoutBlocks(child.children) }));
