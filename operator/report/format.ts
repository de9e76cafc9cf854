/** How times, addresses, ports and rules are written for people. */
import type { Policy } from "../sovereignty/policy.ts";
import type { PortRange } from "../sovereignty/prover/result.ts";
import type { RuleReference } from "../sovereignty/verdict.ts";
import { html, type Safe } from "./html.ts";
import type { Texts } from "./texts/texts.ts";

/** In UTC, to the second. What is no time stays as it is. */
export function time(value: string, texts: Texts): Safe {
  return html`<time datetime="${value}">${timeText(value, texts)}</time>`;
}

export function timeText(value: string, texts: Texts): string {
  const parsed = Date.parse(value);
  return Number.isNaN(parsed) ? value : texts.at(parsed);
}

/** A range of one address is written as that address. */
const address = (cidr: string): string => cidr.replace(cidr.includes(":") ? /\/128$/ : /\/32$/, "");

/** As the beginning of a line. */
export const capital = (text: string): string => text.replace(/^\p{L}/u, (letter) => letter.toUpperCase());

/** A name, a path or the like, which may be broken where its parts meet. */
export function code(text: string, parts: readonly string[] = text.split(/(?<=[/,=])/)): Safe {
  const content = parts.map((part, index) => (index === 0 ? part : html`<wbr>${part}`));
  return parts.some((part) => part.length > LONG_PART) ? html`<code class="long">${content}</code>` : html`<code>${content}</code>`;
}

/** What is longer is broken anywhere, for otherwise no table would fit a sheet of paper. */
const LONG_PART = 32;

/** Beyond these nobody reads on; all of them are one click, or one sheet of paper, away. */
const MOST_SHOWN = 8;

/** A list of names or the like; a long one opens when it is asked to. */
export const codes = (all: readonly string[], texts: Texts): Safe => folded(all.map((one) => code(one)), texts);

/** Each stays in one piece where it can. */
export const addresses = (cidrs: readonly string[], texts: Texts): Safe => folded(cidrs.map(address).map((one) => code(one, [one])), texts);

function folded(all: readonly Safe[], { subject }: Texts): Safe {
  const list = html`<ul class="plain">${all.map((one) => html`<li>${one}</li>`)}</ul>`;
  return all.length <= MOST_SHOWN ? list : html`<details><summary>${subject.all(all.length)}</summary>${list}</details>`;
}

const LAST_PORT = 65_535;

/** By protocol: `TCP 443, 8000–8010`. */
export function ports(ranges: readonly PortRange[], { subject }: Texts): Safe {
  const protocols = [...new Set(ranges.map(({ protocol }) => protocol))];
  return html`<ul class="plain">${protocols.map((protocol) => html`<li>${portsOf(protocol, ranges.filter((range) => range.protocol === protocol), subject)}</li>`)}</ul>`;
}

function portsOf(protocol: string, ranges: readonly PortRange[], subject: Texts["subject"]): string {
  if (ranges.some(({ port, endPort }) => port <= 1 && endPort === LAST_PORT)) return subject.allPorts(protocol);
  return subject.ports(protocol, ranges.map(({ port, endPort }) => (port === endPort ? `${port}` : `${port}–${endPort}`)).join(", "));
}

/** Ports as a policy names them; none are all. */
export function declaredPorts(declared: Policy["inCluster"][number]["ports"], texts: Texts): Safe {
  const named = declared.map(({ protocol, port, endPort = port }) => ({ protocol, port, endPort }));
  return named.length > 0 ? ports(named, texts) : ports((["TCP", "UDP", "SCTP"] as const).map((protocol) => ({ protocol, port: 1, endPort: LAST_PORT })), texts);
}

/** Labels as `kubectl -l` reads them. */
export const labels = (all: Readonly<Record<string, string>>): string => Object.entries(all).map(([key, value]) => `${key}=${value}`).join(",");

export const rule = ({ kind, object, path }: RuleReference): Safe => html`${kind} ${code(object)}${path === "" ? "" : html` ${code(path)}`}`;

/** An address with a port, as URLs have it. */
export const endpoint = (host: string, port: number): string => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`);

/** What the prover or Kubernetes says, in English on every page. */
export const message = (text: string): Safe => html`<span class="message" lang="en">${text}</span>`;
