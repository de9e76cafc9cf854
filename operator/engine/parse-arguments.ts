/**
 * Reads an argument list strictly. vLLM's own parser takes much that is easy to get wrong or to hide in: prefixes of
 * names, underscores, `--config.member value`, short forms, a flag given twice. Here each flag has one spelling.
 */
import type { Arity, Grammar } from "./versions.ts";

/** One flag with its values, and every way in which its spelling is not the one that we take. */
export interface ParsedFlag {
  /** Where it stands in the list. */
  readonly index: number;
  readonly arg: string;
  /** The canonical name, negations resolved; undefined if the version does not know it. */
  readonly name: string | undefined;
  /** What was written, without value: `--trust_remote_code`. */
  readonly written: string;
  readonly values: readonly string[];
  readonly problems: readonly Problem[];
}

export interface Problem {
  readonly reason: string;
  readonly remedy: string;
}

/** An argument that belongs to no flag. */
export interface Stray extends Problem {
  readonly index: number;
  readonly arg: string;
}

export interface ParsedArguments {
  readonly flags: readonly ParsedFlag[];
  readonly strays: readonly Stray[];
}

const NUMBER = /^-\d+(\.\d+)?$|^-\.\d+$/;

/** A value may begin with `-` only as a negative number or behind `=`; argparse reads anything else as a flag. */
const isFlag = (arg: string): boolean => arg.startsWith("-") && !NUMBER.test(arg);

export function parseArguments(grammar: Grammar, args: readonly string[]): ParsedArguments {
  const flags: ParsedFlag[] = [];
  const strays: Stray[] = [];
  for (let index = 0; index < args.length;) {
    const arg = args[index] ?? "";
    if (!isFlag(arg)) {
      strays.push({ index, arg, reason: "It belongs to no flag before it.", remedy: "Remove it, or write it as --flag=value. The model is named by spec.modelRef." });
      index += 1;
      continue;
    }
    const rest = args.slice(index + 1);
    const end = rest.findIndex(isFlag);
    const { flag, used } = readFlag(grammar, { index, arg }, end < 0 ? rest : rest.slice(0, end));
    flags.push(flag);
    index += 1 + used;
  }
  return { flags, strays };
}

interface Written {
  readonly index: number;
  readonly arg: string;
}

function readFlag(grammar: Grammar, { index, arg }: Written, following: readonly string[]): { flag: ParsedFlag; used: number } {
  const { written, value } = splitFlag(arg);
  const { name, problems } = resolveName(grammar, written);
  const arity = name === undefined ? undefined : grammar.flags.get(name);
  const used = takenBy(arity, value, following);
  const values = [...(value === undefined ? [] : [value]), ...following.slice(0, used)];
  const wrongCount = countProblem(arity, values);
  const canonical = name === undefined ? undefined : (grammar.negations.get(name) ?? name);
  return { flag: { index, arg, name: canonical, written, values, problems: [...problems, ...wrongCount] }, used };
}

function splitFlag(arg: string): { written: string; value: string | undefined } {
  const at = arg.indexOf("=");
  return at < 0 ? { written: arg, value: undefined } : { written: arg.slice(0, at), value: arg.slice(at + 1) };
}

function takenBy(arity: Arity | undefined, value: string | undefined, following: readonly string[]): number {
  if (value !== undefined || arity === "none") return 0;
  // An unknown flag takes what follows it, so that one mistake is reported once.
  return arity === "one" || arity === "optional" ? Math.min(1, following.length) : following.length;
}

function countProblem(arity: Arity | undefined, values: readonly string[]): Problem[] {
  if (arity === "none" && values.length > 0) return [{ reason: "It is a switch and takes no value.", remedy: "Write it without one." }];
  if ((arity === "one" || arity === "some") && values.length === 0) return [{ reason: "Its value is missing.", remedy: "Write it as --flag=value." }];
  return [];
}

/** The long name that vLLM would understand, and what is wrong with how it was written. */
function resolveName(grammar: Grammar, written: string): { name: string | undefined; problems: Problem[] } {
  if (grammar.flags.has(written)) return { name: written, problems: [] };
  const problem = (reason: string, name: string): { name: string; problems: Problem[] } => ({ name, problems: [{ reason, remedy: `Write ${name}.` }] });
  const dotted = grammar.flags.has(canonicalSpelling(written.replace(/\..*$/s, ""))) && written.includes(".");
  if (dotted) {
    const name = canonicalSpelling(written.replace(/\..*$/s, ""));
    return { name, problems: [{ reason: "Members of a JSON value cannot be set one by one here.", remedy: `Write ${name}={...} once.` }] };
  }
  const spelled = canonicalSpelling(written);
  if (grammar.flags.has(spelled)) return problem("Flags are written in lower case with hyphens.", spelled);
  const long = shortForm(grammar, written);
  if (long !== undefined) return problem("Short forms are not taken.", long);
  const prefixed = [...grammar.flags.keys()].filter((name) => spelled.length > 2 && name.startsWith(spelled)).toSorted();
  const [first] = prefixed;
  if (first !== undefined) return problem("Abbreviations are not taken.", first);
  return { name: undefined, problems: [] };
}

const canonicalSpelling = (written: string): string => `--${written.replace(/^-+/, "").replaceAll("_", "-").toLowerCase()}`;

/** `-tp`, `-tp8`, `-O3`. The longest match wins, as `-dpr` is not `-dp r`. */
function shortForm(grammar: Grammar, written: string): string | undefined {
  if (written.startsWith("--")) return undefined;
  if (written.startsWith("-O") && grammar.flags.has("--optimization-level")) return "--optimization-level";
  const forms = [...grammar.short.keys()].filter((form) => written.startsWith(form)).toSorted((a, b) => b.length - a.length);
  const [longest] = forms;
  return longest === undefined ? undefined : grammar.short.get(longest);
}
