/** `hoheit data-set` on the command line. */
import type { Command } from "commander";
import { OPERATOR_NAMESPACE } from "../../lib/names.ts";
import { endWithUsage, listOf } from "../usage.ts";
import { dataSetCommand } from "./data-set.ts";

interface Flags {
  readonly name: string;
  readonly delegated?: string[];
  readonly csv?: string[];
  readonly date?: string;
  readonly only?: string[];
  readonly configMap?: string;
  readonly operatorNamespace: string;
}

export function addDataSet(program: Command): void {
  const command = program.command("data-set")
    .description("convert a list of which addresses are in which country into the form that proofs read, and print it; exit code 0, or 3 with the line that is not understood")
    .requiredOption("--name <name>", "what it is called, for example rir")
    .option("--delegated <file...>", "statistics of the regional registries (delegated-extended), one file of each registry; - is standard input")
    .option("--csv <file...>", "CSV: cidr,country or first,last,country")
    .option("--date <day>", "of which day the CSV is, for example 2026-11-20")
    .option("--only <list>", "keep these countries, separated by commas; EU, EEA and EEAWithAdequacy stand for all of theirs", listOf)
    .option("--config-map <name>", "print a ConfigMap of this name instead, to which spec.dataSets of a SovereigntyPolicy may refer")
    .option("--operator-namespace <name>", "namespace of the operator, where the ConfigMap belongs", OPERATOR_NAMESPACE);
  endWithUsage(command, async ({ name, delegated = [], csv = [], date, only = [], configMap, operatorNamespace: namespace }: Flags) => {
    dataSetCommand({ name, delegated, csv, date, only, configMap: configMap === undefined ? undefined : { name: configMap, namespace } }, (text) => void process.stdout.write(text));
    return 0;
  });
}
