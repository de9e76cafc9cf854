/** A strict parser of the Prometheus text format (0.0.4): throws for a line that it does not understand. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly type: string;
  readonly help: string;
}

const HELP = /^# HELP ([a-zA-Z_:][\w:]*) (.+)$/;
const TYPE = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram|summary)$/;
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"/g;

export function parseExposition(text: string): { families: Map<string, Family>; samples: Sample[] } {
  const families = new Map<string, Family>();
  const samples: Sample[] = [];
  const helps = new Map<string, string>();
  for (const line of text.split("\n").filter((one) => one !== "")) {
    const [help, type, sample] = [HELP.exec(line), TYPE.exec(line), SAMPLE.exec(line)];
    if (help !== null) helps.set(help[1] ?? "", help[2] ?? "");
    else if (type !== null) families.set(type[1] ?? "", { type: type[2] ?? "", help: helps.get(type[1] ?? "") ?? "" });
    else if (sample !== null) samples.push(toSample(sample, families));
    else throw new Error(`not the text format: ${line}`);
  }
  const seen = new Set(samples.map(({ name, labels }) => JSON.stringify([name, Object.entries(labels).toSorted()])));
  if (seen.size !== samples.length) throw new Error("a sample occurs twice");
  return { families, samples };
}

function toSample([, name = "", labels = "", value = ""]: RegExpExecArray, families: ReadonlyMap<string, Family>): Sample {
  const family = families.has(name) ? name : name.replace(/_(bucket|sum|count)$/, "");
  if (!families.has(family)) throw new Error(`${name} has no TYPE before it`);
  const number = value === "+Inf" ? Infinity : Number(value);
  return { name, labels: Object.fromEntries([...labels.matchAll(LABEL)].map(([, label = "", word = ""]) => [label, word])), value: number };
}
