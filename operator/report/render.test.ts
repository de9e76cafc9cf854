import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { accessibilityProblems } from "../../test/support/accessibility.ts";
import { elements, outline, parseHtml, textOf, type Element } from "../../test/support/html.ts";
import { allProved, mixed, ungoverned } from "../../test/support/report-data.ts";
import { namespace, networkPolicy, snapshotOf, workload } from "../../test/support/snapshots.ts";
import { VERSION } from "../lib/version.ts";
import { prove } from "../sovereignty/prover/prove.ts";
import type { PlaceOf } from "../sovereignty/datasets/places.ts";
import type { Raw } from "../sovereignty/snapshot.ts";
import type { ReportData } from "./data.ts";
import { renderNotice, renderPage } from "./render.ts";
import { LANGUAGES, type Language } from "./texts/texts.ts";

/** Every document that can be made of the data. */
function documents(data: ReportData, language: Language): Record<string, string> {
  const namespaces = data.proof.namespaces.map((found) => [`namespace ${found.namespace}`, renderPage({ kind: "namespace", found }, data, language)]);
  return {
    overview: renderPage({ kind: "overview" }, data, language), changes: renderPage({ kind: "changes" }, data, language), complete: renderPage({ kind: "complete" }, data, language),
    "nothing yet": renderNotice("nothingYet", "./", language), "not found": renderNotice("notFound", "../", language), ...Object.fromEntries(namespaces),
  };
}

const DATA = { mixed, allProved, ungoverned };
const ALL = Object.entries(DATA).flatMap(([house, data]) => LANGUAGES.flatMap((language) => Object.entries(documents(data, language)).map(([name, text]) => ({ house, language, name, text }))));

describe.each(ALL)("$house, $language: $name", ({ language, text }) => {
  test("can be read by everybody", () => {
    expect(text.startsWith("<!doctype html>\n")).toBe(true);
    expect(accessibilityProblems(parseHtml(text))).toEqual([]);
  });

  test("is in its language, but for what Kubernetes and the prover say", () => {
    const page = parseHtml(text);
    expect(elements(page, "html")[0]?.attributes.get("lang")).toBe(language);
    const said = elements(page, "span").filter(({ attributes }) => attributes.get("class") === "message");
    expect(said.filter(({ attributes }) => attributes.get("lang") !== "en")).toEqual([]);
    expect(words(page)).not.toMatch(/\bundefined\b|\[object|\bNaN\b|=>/);
    if (language === "de") expect(words(page)).not.toMatch(/\b(the|and|packet|verdict|which|not)\b/i);
    else expect(words(page)).not.toMatch(/\b(der|die|und|nicht|keine|Namensraum|Ergebnis)\b/);
  });

  test("claims nothing about the law", () => {
    expect(text).not.toMatch(/konform|compl(y|ies|iant|iance)|rechtssicher|zertifiziert nach|gdpr-ready|guarantee|garantier/i);
  });
});

/** The text of a page without messages, names and links to the other language. */
function words(page: Element): string {
  const strip = (of: Element): Element => ({ ...of, children: of.children.filter((child) => typeof child === "string" || !(child.attributes.has("lang") || child.name === "code")).map((child) => (typeof child === "string" ? child : strip(child))) });
  return textOf(strip(elements(page, "body")[0]!));
}

/** What changes with every release is left out. */
const golden = (text: string): string => `${outline(parseHtml(text)).join("\n").trim().replaceAll(VERSION, "VERSION")}\n`;

describe("what a person reads", () => {
  test.each(ALL.filter(({ house, name }) => house === "mixed" && ["overview", "changes", "namespace assistant", "namespace planning"].includes(name)))("$language: $name", async ({ language, name, text }) => {
    await expect(golden(text)).toMatchFileSnapshot(`testdata/${name.replace(" ", "-")}.${language}.txt`);
  });
  test.each(ALL.filter(({ house, name }) => house === "allProved" && ["overview", "namespace library"].includes(name)))("$language: $name, all proved", async ({ language, name, text }) => {
    await expect(golden(text)).toMatchFileSnapshot(`testdata/proved-${name.replace(" ", "-")}.${language}.txt`);
  });
});

const pageOf = (data: ReportData, language: Language = "en"): Element => parseHtml(renderPage({ kind: "overview" }, data, language));
const claimOf = (page: Element): string => textOf(elements(page, "div").find(({ attributes }) => attributes.get("class")?.startsWith("statement"))!);

describe("the claim", () => {
  test("about third countries is made only where everything is proved, with its time and its exceptions", () => {
    expect(claimOf(pageOf(allProved, "de"))).toContain("Keine erlaubte Verbindung in Drittländer laut Regelwerk, Stand 25. November 2026, 10:12:47 Uhr (UTC), ausgenommen:");
    expect(claimOf(pageOf(allProved))).toMatch(/except: 1 destination in a third country.*weather: Switzerland; Meteo AG, Switzerland; law that can compel it: United States.*1 peer within the cluster.*residuals/);
    for (const verdict of ["REFUTED", "UNDETERMINED", "UNGOVERNED"] as const) {
      const worse = { ...allProved, proof: { ...allProved.proof, verdict } };
      expect(claimOf(pageOf(worse, "de"))).not.toContain("Drittländer");
      expect(claimOf(pageOf(worse))).not.toContain("third country");
    }
  });

  test("is not made where nothing is governed, whatever the verdict says", () => {
    const nothing = { ...ungoverned, proof: { ...ungoverned.proof, verdict: "PROVED" as const } };
    expect(claimOf(pageOf(nothing))).toContain("No policy governs any namespace");
    expect(claimOf(pageOf(nothing))).not.toContain("third country");
  });

  test("leaves no exception out: a destination by its place, its operator's or whoever can compel that one; peers; what nobody governs", () => {
    const [library] = [...allProved.policies.values()];
    const [mirror] = library!.destinations;
    const inside = { ...mirror!, country: "DE", operator: { name: "X", country: "NO", controlledFrom: "FR" } };
    const claimWith = (destinations: (typeof inside)[]): string => claimOf(pageOf({ ...allProved, policies: new Map([["library", { ...library!, destinations, inCluster: [] }]]) }));
    expect(claimWith([inside])).not.toMatch(/destination in|peer/);
    for (const outside of [{ ...inside, country: "CH" }, { ...inside, operator: { ...inside.operator, country: "US" } }, { ...inside, operator: { ...inside.operator, controlledFrom: "GB" } }, { ...inside, country: "??" }]) {
      expect(claimWith([inside, outside])).toContain("1 destination in a third country");
    }
    const beside = { ...allProved, proof: { ...allProved.proof, namespaces: [...allProved.proof.namespaces, ...ungoverned.proof.namespaces] } };
    expect(claimOf(pageOf(beside))).toContain("what runs in 1 namespace that no policy governs");
  });
});

/** Tone and text of each box at the head of a page. */
const boxes = (page: Element): string[] => elements(page, "div").map((one) => `${one.attributes.get("class")}: ${textOf(one)}`).flatMap((text) => /^statement (.*)$/.exec(text)?.[1] ?? []);

describe("at the head of a page", () => {
  const withSubject = (verdict: "REFUTED" | "UNDETERMINED"): ReportData => {
    const [library] = allProved.proof.namespaces;
    return { ...allProved, proof: { ...allProved.proof, namespaces: [{ ...library!, workloads: [...library!.workloads, { ...library!.workloads[0]!, id: "library/Job/x", verdict }] }] } };
  };

  test("a packet that gets out stands on red ground, and every other bad news is told, too", () => {
    const [claim] = boxes(pageOf(mixed));
    expect(claim).toMatch(/^bad: Ungoverned At least one .* Refuted The rules let connections through .* Undetermined For some/);
    const [planning] = boxes(parseHtml(renderPage({ kind: "namespace", found: mixed.proof.namespaces[3]! }, mixed, "en")));
    expect(planning).toMatch(/^none: Ungoverned .* Undetermined /);
  });

  test.each(["REFUTED", "UNDETERMINED"] as const)("no claim is made beside anything %s, whatever the proof as a whole says", (verdict) => {
    const [claim] = boxes(pageOf(withSubject(verdict)));
    expect(claim).not.toMatch(/third country|Proved No/);
    expect(claim).toMatch(verdict === "REFUTED" ? /^bad: Refuted / : /^open: Undetermined /);
  });

  test("stands what was tried and went wrong, and nothing where nothing did", () => {
    const [probe] = allProved.probes;
    const [guard] = allProved.guards;
    expect(boxes(pageOf(allProved))).toHaveLength(1);
    expect(boxes(pageOf({ ...allProved, probes: [{ ...probe!, last: { ...probe!.last!, result: "Inconclusive" } }] }))).toHaveLength(1);
    const got: ReportData = { ...allProved, probes: [{ ...probe!, last: { ...probe!.last!, result: "Reached" } }] };
    expect(boxes(pageOf(got))[1]).toBe("bad: What was seen With 1 model server, the last attempt with packets reached something.");
    expect(boxes(parseHtml(renderPage({ kind: "namespace", found: got.proof.namespaces[0]! }, got, "en")))).toHaveLength(2);
    expect(boxes(pageOf({ ...allProved, guards: [{ ...guard!, older: { objects: 2, first: ["Pod library/a: spec.hostNetwork"] } }] }))[1]).toBe("open: What was seen With 1 policy, something is still there that the guard would refuse today.");
    expect(boxes(pageOf({ ...allProved, places: mixed.places }))[1]).toBe("bad: What was seen Data sets agree that addresses are outside of what the policy allows: weather.");
    for (const status of ["False", "Unknown"] as const) {
      expect(boxes(pageOf({ ...allProved, guards: [{ ...guard!, status }, guard!] }))[1]).toBe("open: What was seen With 1 policy, the guard does not work, or it is not settled that it does.");
    }
  });
});

test("what data sets say of a destination stands beside what is declared", () => {
  const placesOf = (place: Partial<PlaceOf>): string => {
    const places = new Map([["library", [{ destination: "weather", inside: [], outside: [], undetermined: [], special: [], ...place }]]]);
    const page = parseHtml(renderPage({ kind: "namespace", found: allProved.proof.namespaces[0]! }, { ...allProved, places }, "en"));
    return textOf(elements(page, "tr").find((row) => textOf(row).startsWith("weather warnings"))!);
  };
  const cidrs = ["203.0.113.0/28"];
  expect(placesOf({ inside: cidrs })).toContain("Switzerland within what is allowed, by the data sets Meteo AG");
  expect(placesOf({ inside: cidrs, outside: ["203.0.113.8/29"] })).toContain("Switzerland outside of what is allowed, by the data sets: 203.0.113.8/29 Meteo AG");
  expect(placesOf({ undetermined: cidrs })).toContain("Switzerland data sets do not agree: 203.0.113.0/28 Meteo AG");
  for (const nothing of [{}, { inside: cidrs, special: ["10.0.0.0/8"] }]) expect(placesOf(nothing)).toContain("Switzerland Meteo AG");
});

test("the first page shows the newest changes and leads to all", () => {
  const flips = Array.from({ length: 7 }, (_, index) => ({ ...mixed.changes.flips[0]!, workload: `assistant/Deployment/w${index}` }));
  const text = textOf(pageOf({ ...mixed, changes: { ...mixed.changes, flips } }));
  expect(["w0", "w4", "w5"].map((name) => text.includes(`Deployment/${name}`))).toEqual([true, true, false]);
  expect(text).toContain("All changes since 1 November 2026");
  expect(textOf(pageOf(allProved))).toContain("No verdict has changed since 1 November 2026");
});

test("of changes where nothing governs, only those of namespaces are told", () => {
  const time = "2026-11-25T10:00:00Z";
  const flips = [
    { time, namespace: "litellm", to: "UNGOVERNED" }, { time, namespace: "litellm", workload: "litellm/Pod/coming", to: "UNGOVERNED" }, { time, namespace: "litellm", workload: "litellm/Pod/going", from: "UNGOVERNED" },
    { time, namespace: "litellm", workload: "litellm/Pod/freed", from: "PROVED", to: "UNGOVERNED" }, { time, namespace: "planning", workload: "planning/Pod/agent", to: "UNGOVERNED" },
  ] as const;
  const rows = elements(parseHtml(renderPage({ kind: "changes" }, { ...mixed, changes: { since: time, flips } }, "en")), "tr").slice(1).map(textOf);
  expect(rows.map((row) => row.replace("25 November 2026, 10:00:00 UTC ", ""))).toEqual(["litellm the namespace as a whole new Ungoverned", "litellm Pod/freed Proved Ungoverned", "planning Pod/agent new Ungoverned"]);
});

test("bad news comes first, and what is too much for one page is counted", () => {
  const [assistant] = mixed.proof.namespaces;
  const many = { ...assistant!, workloads: Array.from({ length: 40 }, (_, index) => ({ ...assistant!.workloads[1]!, id: `assistant/Deployment/a${index}` })), labelSpace: [] };
  const page = pageOf({ ...mixed, proof: { ...mixed.proof, namespaces: [many] } });
  expect(elements(page, "li").filter((item) => elements(item, "a").some(({ attributes }) => attributes.get("href")?.includes("#assistant%2FDeployment"))).length).toBe(25);
  expect(textOf(page)).toContain("and 15 more, which are on the pages of the namespaces.");
  const rows = elements(elements(pageOf(mixed), "table")[0]!, "tr").map(textOf);
  expect(rows.slice(1).map((row) => row.split(" ")[0])).toEqual(["planning", "assistant", "library"]);
});

describe("what the prover finds", () => {
  const found = (spec: object, others: readonly Raw[] = []): ReportData => {
    const governed = new Map([["town", mixed.policies.get("planning")!]]);
    const proof = prove(snapshotOf({
      namespaces: [namespace("town")], governed, workloads: [workload("town/Deployment/chat", { app: "chat" })],
      networkPolicies: [networkPolicy("town/closed", { podSelector: {}, policyTypes: ["Ingress", "Egress"] }), networkPolicy("town/rule", spec), ...others],
    }));
    return { ...allProved, proof, policies: governed };
  };
  const namespacePage = (data: ReportData): Element => parseHtml(renderPage({ kind: "namespace", found: data.proof.namespaces[0]! }, data, "en"));
  const pageFor = (spec: object): Element => namespacePage(found(spec));
  const headings = (page: Element): string[] => elements(page, "h3").map(textOf).filter((text) => text.startsWith("Any pod"));
  const grounds = (page: Element): string[] => elements(page, "td").filter(({ attributes }) => attributes.get("data-label") === "Ground").map(textOf);

  test("is told once of all roles for which it is the same, by a pod that everybody may start", () => {
    const open = pageFor({ podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [{ ipBlock: { cidr: "0.0.0.0/0" } }] }] });
    expect(headings(open)).toEqual(["Any pod Refuted"]);
    expect(textOf(open)).toContain("Role Serving, Fetch, Purge, Probe, Gateway and Application");
    expect(textOf(open)).not.toContain("hoheit.dev/role=");
    const some = pageFor({ podSelector: { matchExpressions: [{ key: "hoheit.dev/role", operator: "In", values: ["Serving", "Gateway"] }] }, policyTypes: ["Egress"], egress: [{ to: [{ ipBlock: { cidr: "0.0.0.0/0" } }] }] });
    expect(headings(some)).toEqual(["Any pod of the roles Serving and Gateway Refuted", "Any pod of the roles Fetch, Purge, Probe and Application Proved"]);
  });

  test("is one point on the first page where the reason is one", () => {
    const spec = { podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [{ ipBlock: { cidr: "0.0.0.0/0" } }] }] };
    const data = found(spec, [networkPolicy("town/fetch", { podSelector: { matchLabels: { "hoheit.dev/role": "Fetch" } }, policyTypes: ["Egress"] })]);
    const points = elements(pageOf(data), "div").filter(({ attributes }) => attributes.get("class") === "who").map(textOf);
    expect(points).toEqual(["town: Deployment/chat Refuted", "town: Any pod Refuted"]);
    expect(headings(namespacePage(data))).toHaveLength(2);
  });

  test("is no leak for certain where a rule is only unclear; the public network comes first", () => {
    const leak = pageFor({ podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [{ ipBlock: { cidr: "0.0.0.0/0" } }] }] });
    const unclear = pageFor({ podSelector: {}, policyTypes: ["Egress"], egress: [{ to: [{ ipBlock: { cidr: "010.0.0.0/8" } }] }] });
    expect(new Set(grounds(leak))).toEqual(new Set(["No policy allows this."]));
    expect(grounds(unclear)).toContain("unsettled: a rule that cannot be understood might let it through");
    expect(grounds(unclear)).not.toContain("No policy allows this.");
    for (const page of [leak, unclear]) expect(textOf(elements(elements(page, "table").find((one) => textOf(one).includes("Everything"))!, "tr")[1]!)).toMatch(/^Public addresses/);
  });
});

test("in one document nothing leads out of it", () => {
  const links = elements(parseHtml(renderPage({ kind: "complete" }, mixed, "de")), "a").map(({ attributes }) => attributes.get("href"));
  expect(links.filter((href) => href?.startsWith("#") === false)).toEqual([]);
});

describe("whatever tenants call their things", () => {
  const hostile = fc.oneof(
    fc.constantFrom(`"><script>alert(1)</script>`, `' onfocus='alert(1)`, "</style><style>*{}", "<!--", "\uD800", "\u202E", "javascript:alert(1)", "</td></table>", "&lt;b&gt;", "constructor", "__proto__"),
    fc.string({ unit: "binary", minLength: 1, maxLength: 12 }),
  );
  /** Members that hold names, paths and sentences of others; words of closed lists are elsewhere. */
  const FREE = new Set(["namespace", "name", "id", "object", "path", "message", "repair", "selector", "purpose", "workload", "policy", "root", "previousRoot", "time", "since", "country", "controlledFrom", "certification", "from", "to", "address", "app", "tier", "first", "destination"]);
  const CLOSED = new Set(["PROVED", "REFUTED", "UNDETERMINED", "UNGOVERNED"]);

  const isFree = (key: string, value: string): boolean => FREE.has(key) && !CLOSED.has(value) && value !== "" && !value.endsWith("*");

  function planted(value: unknown, text: string, key = ""): unknown {
    if (typeof value === "string") return isFree(key, value) ? value + text : value;
    if (value instanceof Map) return new Map([...value].map(([name, each]) => [name + text, planted(each, text)]));
    if (Array.isArray(value)) return value.map((each) => planted(each, text, key));
    if (value !== null && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, planted(each, text, name)]));
    return value;
  }

  /** Where a name may be broken depends on the name. */
  const skeleton = (text: string): string[] => elements(parseHtml(text)).map(({ name }) => name).filter((name) => name !== "wbr");

  test("the elements of a page are the same, and can be read by everybody", () => {
    const pages = (data: ReportData): string[] => [renderPage({ kind: "complete" }, data, "de"), renderPage({ kind: "changes" }, data, "en")];
    const plain = pages(mixed).map(skeleton);
    fc.assert(fc.property(hostile, (text) => {
      const all = pages(planted(mixed, text) as ReportData);
      expect(all.map(skeleton)).toEqual(plain);
      expect(all.flatMap((each) => accessibilityProblems(parseHtml(each)))).toEqual([]);
    }), { numRuns: 40 });
  });
});
