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
  let help = "";
  for (const line of text.split("\n").filter((one) => one !== "")) {
    const [helped, typed, sampled] = [HELP.exec(line), TYPE.exec(line), SAMPLE.exec(line)];
    if (helped !== null) [, , help = ""] = helped;
    else if (typed !== null) families.set(String(typed[1]), { type: String(typed[2]), help });
    else if (sampled !== null) samples.push(toSample(sampled, families));
    else throw new Error(`not the text format: ${line}`);
  }
  if (new Set(samples.map(identityOf)).size !== samples.length) throw new Error("a sample occurs twice");
  return { families, samples };
}

const identityOf = ({ name, labels }: Sample): string => [name, ...Object.entries(labels).map(String).toSorted((a, b) => a.localeCompare(b))].join(" ");

function toSample([, name = "", labels = "", value = ""]: RegExpExecArray, families: ReadonlyMap<string, Family>): Sample {
  const family = families.has(name) ? name : name.replace(/_(bucket|sum|count)$/, "");
  if (!families.has(family)) throw new Error(`${name} has no TYPE before it`);
  const number = value === "+Inf" ? Infinity : Number(value);
  return { name, labels: Object.fromEntries([...labels.matchAll(LABEL)].map(([, label = "", word = ""]) => [label, word])), value: number };
}
