/**
 * Label selectors, read as strictly as the API server reads them (apimachinery, `LabelSelectorAsSelector`), and asked of
 * objects of which not every label is known: a namespace that was not listed, any pod that could ever appear.
 */
import { ABSENT, admits, ANYTHING, isEmpty, isWithin, meet, noneOf, oneOf, overlap, pick, PRESENT, type Domain } from "./domain.ts";
import { listOf, membersOf, textOf, Unclear } from "./reading.ts";

/** What it asks of each key that it names. An empty one takes everything. */
export type Selector = ReadonlyMap<string, Domain>;

export const EVERY: Selector = new Map();

/** What is known of an object's labels. */
export interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
  /** What every other label may be. */
  other(key: string): Domain;
}

/** `Maybe`: it depends on labels that are not known. */
export type Match = "Yes" | "Maybe" | "No";

/**
 * Labels that controllers put on the pods they make: nobody knows them before the pod is there, and a selector may name them
 * (kubernetes.io/docs/reference/labels-annotations-taints).
 */
const BY_CONTROLLERS: ReadonlySet<string> = new Set([
  "pod-template-hash", "controller-revision-hash", "pod-template-generation", "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index",
  "job-name", "controller-uid", "batch.kubernetes.io/job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-completion-index",
]);

/** A pod with these labels, those left out that controllers add. */
export const podWith = (labels: Labelled["labels"]): Labelled => ({ labels, other: anyByControllers });

const anyByControllers = (key: string): Domain => (BY_CONTROLLERS.has(key) ? ANYTHING : ABSENT);

/** An object with these labels and no others. */
export const exactlyWith = (labels: Labelled["labels"]): Labelled => ({ labels, other: nothing });

const nothing = (): Domain => ABSENT;

export function match(selector: Selector, { labels, other }: Labelled): Match {
  let sure = true;
  for (const [key, wanted] of selector) {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    const answer = value === undefined ? matchDomain(wanted, other(key)) : admits(wanted, value) && "Yes";
    if (answer === false) return "No";
    sure &&= answer === "Yes";
  }
  return sure ? "Yes" : "Maybe";
}

const matchDomain = (wanted: Domain, has: Domain): false | "Yes" | "Maybe" => overlap(wanted, has) && (isWithin(has, wanted) ? "Yes" : "Maybe");

/** Takes what all of them take. */
export function both(a: Selector, b: Selector): Selector {
  if (a.size === 0 || b.size === 0) return a.size === 0 ? b : a;
  const all = new Map(a);
  for (const [key, domain] of b) all.set(key, meet(all.get(key) ?? ANYTHING, domain));
  return all;
}

export const isImpossible = (selector: Selector): boolean => selector.values().some(isEmpty);

/** Whether it takes more than some values of the label. */
export const isUnbounded = (selector: Selector, key: string): boolean => (selector.get(key) ?? ANYTHING).except;

/** Whether it takes only what has all of these labels. */
export const implies = (selector: Selector, labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(labels).every(([key, value]) => isWithin(selector.get(key) ?? ANYTHING, oneOf([value])));

/** Labels of an object that it takes. */
export function labelsFor(selector: Selector): Record<string, string> {
  const picked = [...selector].map(([key, domain]) => [key, pick(domain)] as const);
  return Object.fromEntries(picked.filter((one): one is [string, string] => one[1] !== undefined).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const texts = new WeakMap<Selector, string>();

/** As `kubectl get -l` reads it. */
export function textOfSelector(selector: Selector): string {
  const text = texts.get(selector) ?? [...selector].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([key, domain]) => textOfDomain(key, domain)).join(",");
  texts.set(selector, text);
  return text;
}

function textOfDomain(key: string, { absent, except, values }: Domain): string[] {
  if (!except) return [values.length === 0 ? `!${key}` : values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.join(",")})`];
  return [...(absent ? [] : [key]), ...(values.length === 0 ? [] : [`${key} notin (${values.join(",")})`])];
}

/** Throws `Unclear` for what the API server would refuse, and for members that it does not know. */
export function parseSelector(raw: unknown, path: string): Selector {
  const { matchLabels, matchExpressions } = membersOf(raw ?? {}, path, ["matchLabels", "matchExpressions"]);
  const selector = new Map<string, Domain>();
  const add = (key: string, domain: Domain): void => void selector.set(key, meet(selector.get(key) ?? ANYTHING, domain));
  const labels = matchLabels ?? {};
  membersOf(labels, `${path}.matchLabels`);
  // A value that is null is none that is absent: the API server reads it as empty, which few pods have.
  for (const [key, value] of Object.entries(labels)) {
    add(keyOf(key, `${path}.matchLabels`), oneOf([valueOf(value, `${path}.matchLabels[${key}]`)]));
  }
  for (const [i, one] of listOf(matchExpressions ?? [], `${path}.matchExpressions`).entries()) {
    const { key, domain } = parseRequirement(one, `${path}.matchExpressions[${i}]`);
    add(key, domain);
  }
  return selector;
}

function parseRequirement(raw: unknown, path: string): { key: string; domain: Domain } {
  const requirement = membersOf(raw, path, ["key", "operator", "values"]);
  const key = keyOf(textOf(requirement["key"], `${path}.key`), `${path}.key`);
  const values = listOf(requirement["values"] ?? [], `${path}.values`).map((value, i) => valueOf(value, `${path}.values[${i}]`));
  const operator = textOf(requirement["operator"], `${path}.operator`);
  const domain = domainOf(operator, values, path);
  const takesValues = operator === "In" || operator === "NotIn";
  if (takesValues !== values.length > 0) throw new Unclear(`${path}.values`, takesValues ? `is empty beside ${operator}` : `stands beside ${operator}`);
  return { key, domain };
}

function domainOf(operator: string, values: readonly string[], path: string): Domain {
  switch (operator) {
    case "In":
      return oneOf(values);
    case "NotIn":
      return noneOf(values);
    case "Exists":
      return PRESENT;
    case "DoesNotExist":
      return ABSENT;
    default:
      throw new Unclear(`${path}.operator`, `is ${JSON.stringify(operator)}, which no selector of this API knows`);
  }
}

const NAME = /^(?=.{1,63}$)[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const PREFIX = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

function keyOf(key: string, path: string): string {
  const slash = key.indexOf("/");
  const isKey = NAME.test(key.slice(slash + 1)) && (slash < 0 || PREFIX.test(key.slice(0, slash)));
  if (!isKey) throw new Unclear(path, `names ${JSON.stringify(key)}, which is no key of a label`);
  return key;
}

function valueOf(value: unknown, path: string): string {
  const text = textOf(value, path);
  if (text !== "" && !NAME.test(text)) throw new Unclear(path, `is ${JSON.stringify(text)}, which is no value of a label`);
  return text;
}
