/** Label selectors (metav1.LabelSelector), by the API documentation: what the API server would refuse is a doubt. */
import { all, doubt, type Match } from "./match.ts";
import { isAbsent, isDoubt, listOf, membersOf } from "./shape.ts";

/** The labels of something, of which some may not be known. */
export interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
  /** Whether a label may be there that is not in `labels`. */
  isUnknown(key: string): boolean;
}

/** Whether a selector takes an object. An empty one takes all. */
export function selects(selector: unknown, of: Labelled, path: string): Match {
  const members = membersOf(selector, path, ["matchLabels", "matchExpressions"]);
  if (isDoubt(members)) return members;
  const expressions = listOf(members["matchExpressions"], `${path}.matchExpressions`);
  if (isDoubt(expressions)) return expressions;
  const answerFor = (one: Labelled): Match => all([labelsMatch(members["matchLabels"], one, `${path}.matchLabels`), ...expressions.map((each, at) => holds(each, one, `${path}.matchExpressions[${at}]`))]);
  const answer = answerFor(of);
  const asked = [...askedBy(members["matchLabels"]), ...expressions] as readonly Asked[];
  const isImpossible = (key: string): boolean => possibilities(key, asked, of).every((one) => answerFor(one) === false);
  return isDoubt(answer) && namedTwice(asked).some((key) => !Object.hasOwn(of.labels, key) && of.isUnknown(key) && isImpossible(key)) ? false : answer;
}

/** One demand of a selector, not looked at yet: any of it may be missing or of another type. */
type Asked = { readonly key?: unknown; readonly values?: unknown } | null;

const askedBy = (matchLabels: unknown): Asked[] => (typeof matchLabels === "object" && matchLabels !== null ? Object.entries(matchLabels).map(([key, value]) => ({ key, values: [value] as unknown[] })) : []);

/** Labels that nobody knows and of which may be demanded what no label can be: to be there, and not to be there. */
function namedTwice(asked: readonly Asked[]): string[] {
  const keys = asked.map((one) => one?.key).filter((key) => typeof key === "string");
  return [...new Set(keys.filter((key, at) => keys.indexOf(key) < at))];
}

/** The object if the label is absent, has one of the values that are asked for, or another one. */
function possibilities(key: string, asked: readonly Asked[], { labels, isUnknown }: Labelled): Labelled[] {
  const values = asked.flatMap((one) => (Array.isArray(one?.values) ? (one.values as unknown[]) : [])).filter((value) => typeof value === "string");
  const known = (all: Labelled["labels"]): Labelled => ({ labels: all, isUnknown: (other) => other !== key && isUnknown(other) });
  return [known(labels), ...[...values, `${values.join("")}+`].map((value) => known({ ...labels, [key]: value }))];
}

function labelsMatch(wanted: unknown, of: Labelled, path: string): Match {
  if (isAbsent(wanted)) return true;
  if (typeof wanted !== "object" || Array.isArray(wanted)) return doubt(`${path} is no object`);
  return all(Object.entries(wanted).map(([key, value]) => (typeof value === "string" ? isOneOf(key, [value], of) : doubt(`${path}.${key} is no string`))));
}

function holds(expression: unknown, of: Labelled, path: string): Match {
  const members = membersOf(expression, path, ["key", "operator", "values"]);
  if (isDoubt(members)) return members;
  const { key, operator } = members;
  const values = listOf(members["values"], `${path}.values`);
  if (isDoubt(values)) return values;
  if (typeof key !== "string" || key === "") return doubt(`${path}.key is no label`);
  if (!values.every((value) => typeof value === "string")) return doubt(`${path}.values are no strings`);
  return evaluated({ key, operator, values }, of, path);
}

function evaluated({ key, operator, values }: { key: string; operator: unknown; values: readonly string[] }, of: Labelled, path: string): Match {
  const takesValues = operator === "In" || operator === "NotIn";
  if (!takesValues && operator !== "Exists" && operator !== "DoesNotExist") return doubt(`${path}.operator ${JSON.stringify(operator)} is not known here`);
  if (takesValues !== values.length > 0) return doubt(`${path}.values ${takesValues ? "are missing" : `mean nothing with ${operator}`}`);
  const positive = takesValues ? isOneOf(key, values, of) : isThere(key, of);
  if (typeof positive === "object") return positive;
  return positive === (operator === "In" || operator === "Exists");
}

function isOneOf(key: string, values: readonly string[], of: Labelled): Match {
  const there = isThere(key, of);
  return there === true ? values.includes(of.labels[key] ?? "") : there;
}

/** A label may be called `constructor`. */
function isThere(key: string, { labels, isUnknown }: Labelled): Match {
  if (Object.hasOwn(labels, key)) return true;
  return isUnknown(key) ? doubt(`whether there is a label ${key} is not known`) : false;
}
