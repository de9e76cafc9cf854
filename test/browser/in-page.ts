/** Expressions for the page: what is drawn, as plain data. */

/** Names of all elements, in the order of the document. */
export const TREE = `[...document.querySelectorAll("*")].map((one) => one.localName)`;

/** What sticks out to the right of the window, but for what is hidden on purpose. */
export const OVERFLOW = `(() => {
  const width = document.documentElement.clientWidth;
  const hidden = (one) => one.closest(".skip, thead") !== null && getComputedStyle(one.closest(".skip, thead")).position === "absolute";
  const out = [...document.body.querySelectorAll("*")].filter((one) => !hidden(one) && one.getBoundingClientRect().right > width + 0.5);
  return [...(document.documentElement.scrollWidth > width ? ["the page scrolls sideways"] : []), ...out.slice(0, 5).map((one) => one.localName + ": " + one.textContent.slice(0, 60))];
})()`;

/** Each pair of colours in which words are drawn, with some of the words. */
export const COLOURS = `(() => {
  const hex = (colour) => "#" + colour.match(/[0-9.]+/g).slice(0, 3).map((part) => Number(part).toString(16).padStart(2, "0")).join("");
  const ground = (one) => { for (; one; one = one.parentElement) { const { backgroundColor } = getComputedStyle(one); if (!/, 0\\)$/.test(backgroundColor)) return hex(backgroundColor); } return "#ffffff"; };
  const pairs = {};
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement, data } = walker.currentNode;
    if (data.trim() === "" || parentElement.closest("style") || !parentElement.checkVisibility()) continue;
    pairs[hex(getComputedStyle(parentElement).color) + " " + ground(parentElement)] ??= data.trim().slice(0, 40);
  }
  return pairs;
})()`;

/** The element that has the focus, and how one sees it; null at the end of the page. */
export const FOCUS = `(() => {
  const one = document.activeElement;
  if (one === null || one === document.body) return null;
  const { outlineStyle, outlineWidth } = getComputedStyle(one);
  const { left, top, right, bottom } = one.getBoundingClientRect();
  return { name: one.localName, text: one.textContent.trim(), outline: outlineStyle === "none" ? 0 : parseFloat(outlineWidth), seen: right > 0 && bottom > 0 && left < innerWidth && top < innerHeight };
})()`;

/** What one can act on and that stands alone, not in a sentence: its smaller side in pixels (WCAG 2.2, 2.5.8 asks for 24). */
export const TARGETS = `[...document.querySelectorAll("nav a, summary")].map((one) => { const { width, height } = one.getBoundingClientRect(); return { text: one.textContent, size: Math.min(width, height) }; })`;

/** What WCAG 2.2, 1.4.12 wants a reader to be able to set. */
export const SPACED = `(() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; } p { margin-bottom: 2em !important; }");
  document.adoptedStyleSheets = [sheet];
})()`;

/** Ranges of long lists that are on paper although nobody opened them. */
export const PRINTED = `({
  navigation: [...document.querySelectorAll("nav")].filter((one) => one.checkVisibility()).length,
  closed: [...document.querySelectorAll("details li")].filter((one) => !one.checkVisibility()).length,
  lists: document.querySelectorAll("details li").length,
})`;
