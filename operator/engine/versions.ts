/**
 * Which switches and variables each minor version of vLLM knows. The data in versions/ is extracted from vLLM's own
 * argument parser (versions/README.md says how); nothing here is typed by hand.
 */
import v0_29 from "./versions/0.29.json" with { type: "json" };
import v0_30 from "./versions/0.30.json" with { type: "json" };
import v0_31 from "./versions/0.31.json" with { type: "json" };
import v0_32 from "./versions/0.32.json" with { type: "json" };
import v0_33 from "./versions/0.33.json" with { type: "json" };

/** How many values a flag takes. `some`: one or more, as separate arguments. */
export type Arity = "none" | "one" | "some" | "optional";

export interface Grammar {
  readonly version: string;
  /** Arity by long name, the negated spellings of switches included. */
  readonly flags: ReadonlyMap<string, Arity>;
  /** The switch that a negated spelling turns off: `--no-enable-lora` and, since 0.33, `--disable-lora` are `--enable-lora`. */
  readonly negations: ReadonlyMap<string, string>;
  /** `-tp` is `--tensor-parallel-size`. */
  readonly short: ReadonlyMap<string, string>;
  /** Names of the VLLM_* variables. */
  readonly environment: ReadonlySet<string>;
}

interface VersionData {
  readonly version: string;
  readonly oneValue: readonly string[];
  readonly someValues: readonly string[];
  readonly optionalValue: readonly string[];
  readonly switches: Readonly<Record<string, readonly string[]>>;
  readonly short: Readonly<Record<string, string>>;
  readonly environment: readonly string[];
}

function grammarFrom(data: VersionData): Grammar {
  const switches = Object.entries(data.switches);
  const of = (names: readonly string[], arity: Arity) => names.map((name): [string, Arity] => [name, arity]);
  return {
    version: data.version,
    flags: new Map([
      ...of(data.oneValue, "one"), ...of(data.someValues, "some"), ...of(data.optionalValue, "optional"),
      ...switches.flatMap(([name, negated]) => of([name, ...negated], "none")),
    ]),
    negations: new Map(switches.flatMap(([name, negated]) => negated.map((spelling): [string, string] => [spelling, name]))),
    short: new Map(Object.entries(data.short)),
    environment: new Set(data.environment),
  };
}

const GRAMMARS: ReadonlyMap<string, Grammar> = new Map([v0_29, v0_30, v0_31, v0_32, v0_33].map((data) => [data.version, grammarFrom(data)]));

/** Minor versions whose switches are known, oldest first. */
export const supportedVersions: readonly string[] = [...GRAMMARS.keys()];

/** What `version` (`0.32`) understands, or undefined for a version that was not examined. */
export const grammarOf = (version: string): Grammar | undefined => GRAMMARS.get(version);
