/** Judges `spec.engine.args`: the list must be understood by the engine's version, fit the task and not undo what Hoheit promises. */
import { allowedFlags } from "./allowed-flags.ts";
import { parseArguments, type ParsedFlag, type Problem } from "./parse-arguments.ts";
import { managedFlags, refusedFlags, replacedFlags } from "./refused-flags.ts";
import { foreignFlags, type Task } from "./tasks.ts";
import { grammarOf, supportedVersions, type Grammar } from "./versions.ts";

export interface ArgumentViolation {
  /** Place in the list; undefined if the version itself is what is wrong. */
  readonly index: number | undefined;
  readonly arg: string;
  /** A sentence: what is wrong. */
  readonly reason: string;
  /** A sentence: what to do. */
  readonly remedy: string;
}

/** The value is expanded by the kubelet after everybody has checked it (`$(NAME)` in command, args and env). */
export const EXPANSION = /\$\(/;

/** Everything that is wrong with `args` for vLLM `version` (`0.32`) and `task`, in the order of the list. Empty: they may be used. */
export function argumentViolations(version: string, args: readonly string[], task: Task): readonly ArgumentViolation[] {
  const grammar = grammarOf(version);
  if (grammar === undefined) return [unknownVersion(version)];
  const { flags, strays } = parseArguments(grammar, args);
  const found = [...strays, ...expansions(args), ...repetitions(flags), ...flags.flatMap((flag) => judge(grammar, flag, task))];
  return found.toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0));
}

function unknownVersion(version: string): ArgumentViolation {
  const known = `${supportedVersions.slice(0, -1).join(", ")} and ${supportedVersions.at(-1)}`;
  return { index: undefined, arg: version, reason: `vLLM ${version} was not examined by this version of Hoheit.`, remedy: `Use an image of ${known}, or another version of Hoheit.` };
}

function expansions(args: readonly string[]): ArgumentViolation[] {
  return args.flatMap((arg, index) => (EXPANSION.test(arg)
    ? [{ index, arg, reason: "$(...) is replaced when the container starts, after this check.", remedy: "Write the value itself." }] : []));
}

function repetitions(flags: readonly ParsedFlag[]): ArgumentViolation[] {
  const seen = new Set<string>();
  return flags.flatMap(({ index, arg, name }) => {
    if (name === undefined) return [];
    if (seen.has(name)) return [{ index, arg, reason: `${name} is given twice, and the last one would win in silence.`, remedy: "Keep one." }];
    seen.add(name);
    return [];
  });
}

function judge(grammar: Grammar, flag: ParsedFlag, task: Task): ArgumentViolation[] {
  const { index, arg, name, problems, values } = flag;
  const at = ({ reason, remedy }: Problem): ArgumentViolation => ({ index, arg, reason, remedy });
  const replaced = replacement(grammar, flag.written);
  if (replaced !== undefined) return [at(replaced)];
  if (name === undefined) return [at(unknownFlag(grammar, flag.written))];
  const refusal = managedFlags.get(name) ?? refusedFlags.get(name) ?? foreignFlags(task).get(name);
  if (refusal !== undefined) return [at(refusal)];
  if (problems.length > 0) return problems.map(at);
  const check = allowedFlags.get(name);
  if (check === undefined) return [at({ reason: "It was not examined for what it opens.", remedy: "Remove it." })];
  return values.flatMap((value) => {
    const wrong = check(value);
    return wrong === undefined ? [] : [at({ reason: wrong, remedy: "Correct the value." })];
  });
}

/** Every switch that logs is refused before a version has it: there are open wishes to log prompts again (vllm #40155). */
const LOGS = /^-*(no-)?(enable|disable)[-_]log/i;

/** A flag of an earlier version, even where it now reads as the beginning of another one's name (`--device`). */
function replacement(grammar: Grammar, written: string): Problem | undefined {
  const name = written.replaceAll("_", "-");
  const remedy = replacedFlags.get(name);
  if (remedy === undefined || grammar.flags.has(name)) return undefined;
  return { reason: `vLLM ${grammar.version} has no ${name} any more.`, remedy };
}

function unknownFlag(grammar: Grammar, written: string): Problem {
  if (LOGS.test(written)) return { reason: "Switches that log requests or answers are refused, those of later versions too.", remedy: "Remove it." };
  if (/\s/.test(written)) return { reason: "It holds white space: each argument is an item of its own.", remedy: "Write --flag=value as one item." };
  return { reason: `vLLM ${grammar.version} has no flag ${written}.`, remedy: "Correct or remove it." };
}
