/** What WCAG 2.2 AA asks of a page and markup alone can show. What needs a layout is for the browser tier (test/browser). */
import { elements, textOf, type Element } from "./html.ts";

/** Everything that is wrong with a page, in words. */
export function accessibilityProblems(page: Element): string[] {
  return [documentProblems, landmarkProblems, headingProblems, tableProblems, linkProblems, idProblems, hiddenProblems].flatMap((check) => check(page));
}

/** 2.4.2, 3.1.1, 1.4.4: title, language, and nothing against magnifying. */
function documentProblems(page: Element): string[] {
  const [root] = elements(page, "html");
  const [title] = elements(page, "title");
  const viewport = elements(page, "meta").find(({ attributes }) => attributes.get("name") === "viewport")?.attributes.get("content") ?? "";
  return [
    ...(/^(de|en)$/.test(root?.attributes.get("lang") ?? "") ? [] : ["the document has no language"]),
    ...(title === undefined || textOf(title) === "" ? ["the document has no title"] : []),
    ...(/maximum-scale|user-scalable/.test(viewport) ? ["the page cannot be magnified"] : []),
  ];
}

/** 1.3.1, 2.4.1: landmarks once each, and the way past the navigation first. */
function landmarkProblems(page: Element): string[] {
  const [first] = elements(page, "a");
  const [main] = elements(page, "main");
  return [
    ...["header", "main", "footer", "nav"].filter((name) => elements(page, name).length !== 1).map((name) => `there is not one <${name}>`),
    ...(first?.attributes.get("href") === `#${main?.attributes.get("id")}` ? [] : ["the first link does not lead past the navigation"]),
  ];
}

/** 1.3.1, 2.4.6: one h1, no level left out, none empty. */
function headingProblems(page: Element): string[] {
  const levels = elements(page, "h1", "h2", "h3", "h4", "h5", "h6").map((one) => ({ level: Number(one.name.slice(1)), text: textOf(one) }));
  return [
    ...(levels.filter(({ level }) => level === 1).length === 1 ? [] : ["there is not one h1"]),
    ...levels.filter(({ text }) => text === "").map(({ level }) => `an h${level} is empty`),
    ...levels.filter(({ level }, index) => level > (levels[index - 1]?.level ?? 0) + 1).map(({ text }) => `"${text}" skips a level`),
  ];
}

/** 1.3.1: each table has a caption of its own, every header cell says of what, rows are as long as the head. */
function tableProblems(page: Element): string[] {
  const tables = elements(page, "table");
  const captions = tables.map((table) => textOf(elements(table, "caption")[0] ?? { name: "", attributes: new Map(), children: [] }));
  return [
    ...captions.filter((caption) => caption === "").map(() => "a table has no caption"),
    ...tables.flatMap((table) => {
      const width = elements(table, "thead").flatMap((head) => elements(head, "th")).length;
      const rows = elements(table, "tbody").flatMap((body) => elements(body, "tr"));
      return [
        ...elements(table, "th").filter(({ attributes }) => !["row", "col"].includes(attributes.get("scope") ?? "")).map((cell) => `"${textOf(cell)}" has no scope`),
        ...rows.filter((row) => elements(row, "th", "td").length !== width).map((row) => `a row is not as long as its head: ${textOf(row)}`),
        ...rows.filter((row) => elements(row, "th").length !== 1 || textOf(elements(row, "th")[0]!) === "").map((row) => `a row has no header: ${textOf(row)}`),
        ...elements(table, "td").filter(({ attributes }) => (attributes.get("data-label") ?? "") === "").map((cell) => `"${textOf(cell)}" has no label for narrow screens`),
      ];
    }),
  ];
}

/** 2.4.4: every link says where it leads, and leads somewhere. */
function linkProblems(page: Element): string[] {
  const ids = new Set(elements(page).map(({ attributes }) => attributes.get("id")));
  return elements(page, "a").flatMap((link) => {
    const href = link.attributes.get("href") ?? "";
    if (textOf(link) === "") return [`a link to ${href} has no text`];
    if (href.startsWith("#") && !ids.has(href.slice(1))) return [`${href} is nowhere on the page`];
    return /^(#|\.{1,2}\/|[a-z]+(\/|\.json|$))/.test(href) ? [] : [`${href} leads out of the report`];
  });
}

/** 1.3.1: what is named by id is there once. */
function idProblems(page: Element): string[] {
  const all = elements(page).flatMap(({ attributes }) => attributes.get("id") ?? []);
  const referred = elements(page).flatMap(({ attributes }) => attributes.get("aria-labelledby") ?? []);
  return [
    ...all.filter((id, index) => all.indexOf(id) !== index).map((id) => `id ${id} is there twice`),
    ...all.filter((id) => /\s/.test(id) || id === "").map((id) => `id "${id}" has white space`),
    ...referred.filter((id) => !all.includes(id)).map((id) => `nothing has the id ${id}`),
  ];
}

/** 1.1.1, 1.4.1: a shape is decoration only, so next to it there is a word. */
function hiddenProblems(page: Element): string[] {
  return [
    ...elements(page, "svg").filter(({ attributes }) => attributes.get("aria-hidden") !== "true").map(() => "a shape is not hidden from those who cannot see it"),
    ...elements(page, "span").filter(({ attributes }) => attributes.get("class")?.startsWith("mark ")).filter((mark) => textOf(mark) === "").map(() => "a mark has no word"),
    ...elements(page, "script", "img", "iframe", "form", "input", "object", "link", "base").map(({ name }) => `there is a <${name}>`),
    ...elements(page).flatMap(({ name, attributes }) => [...attributes.keys()].filter((key) => key === "style" || key.startsWith("on")).map((key) => `<${name}> has ${key}`)),
  ];
}
