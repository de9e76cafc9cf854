#!/usr/bin/env -S node --optimize-for-size --v8-pool-size=1 --single-threaded-gc
/**
 * Parses the command line and calls one command; nothing else. The flags above halve the memory (docs/benchmarks.md);
 * whoever starts the bundle by `node` gives them, too.
 */
import { Command, Option } from "commander";
import { addDataSet } from "./cli/data-set/command.ts";
import { operatorCommand } from "./cli/operator.ts";
import { addProve } from "./cli/prove/command.ts";
import { addVerify } from "./cli/verify/command.ts";
import { renderCommand } from "./cli/render.ts";
import { addressesIn, ConfigError, loadConfig, loadProbeConfig, settingHelp } from "./config.ts";
import { OPERATOR_NAMESPACE } from "./lib/names.ts";
import { USUAL_PROBE } from "./kinds/language-model-deployment/build/index.ts";
import { VERSION } from "./lib/version.ts";
import { gateCommand } from "./workloads/gate/command.ts";
import { probeCommand } from "./workloads/probe/command.ts";

const program = new Command("hoheit")
  .description("Hosts language models so that nothing leaves the house, what must be deleted is deleted, and both can be shown.")
  .version(VERSION)
  .showHelpAfterError("(hoheit --help lists the commands)")
  // A wrong command line is the caller's to mend, too; 1 is a verdict (of the gate, of the probe).
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));

const operator = program.command("operator").description("reconcile the custom resources of a cluster; runs until it is told to stop");
for (const { flag, variable, help } of settingHelp) operator.addOption(new Option(`${flag} <value>`, `${help} (${variable})`));
operator.action(async (flags: Record<string, unknown>) => {
  process.exitCode = await operatorCommand(loadConfig(flags));
});

program
  .command("render")
  .description("print, without a cluster, every object that custom resources become, or every reason why not")
  .requiredOption("-f, --file <path...>", "files with manifests; - is standard input")
  .option("-n, --namespace <name>", "namespace of manifests that name none", "default")
  .option("--image <image>", "image of the operator, from which the gate runs", `hoheit:${VERSION}`)
  .option("--operator-namespace <name>", "namespace of the operator", OPERATOR_NAMESPACE)
  .addOption(new Option("--tripwire <addresses>", "addresses of the operator's Service hoheit-tripwire, separated by commas: then the objects that name them are printed, too").argParser(addressesIn))
  .action(async ({ file, namespace, image, operatorNamespace, tripwire }: { file: string[]; namespace: string; image: string; operatorNamespace: string; tripwire?: string[] }) => {
    process.exitCode = await renderCommand({ files: file, namespace, operator: { image, namespace: operatorNamespace, probe: USUAL_PROBE }, tripwire });
  });

addProve(program);
addVerify(program);
addDataSet(program);

program
  .command("probe")
  .description("try, from a sealed pod, everything that it must not reach; exit code 0: sealed, 1: something was reached, 2: inconclusive")
  .requiredOption("--plan <json>", "what to try, as the operator writes it into the CronJob")
  .option("--termination-log <path>", "where to leave the result", "/dev/termination-log")
  .action(async (flags: Record<string, unknown>) => {
    process.exitCode = await probeCommand(loadProbeConfig(flags));
  });

program
  .command("gate")
  .description("wait, in a pod that is about to start, until it is seen to be sealed; exit code 0: sealed, 1: not seen in time")
  .requiredOption("--tripwire <addresses>", "addresses of the tripwire's Service, one for each family, separated by commas")
  .option("--timeout-seconds <seconds>", "how long to wait", "120")
  .option("--termination-log <path>", "where to leave the result", "/dev/termination-log")
  .action(async ({ tripwire, timeoutSeconds, terminationLog }: { tripwire: string; timeoutSeconds: string; terminationLog: string }) => {
    process.exitCode = await gateCommand({ tripwire, timeoutSeconds: Number(timeoutSeconds), terminationLog });
  });

try {
  await program.parseAsync();
} catch (error) {
  // A setting or a file that will not do is the caller's to mend: one sentence. Anything else is a bug: with its stack.
  process.stderr.write(error instanceof ConfigError ? `hoheit: ${error.message}\n` : `hoheit: ${(error as Error).stack}\n`);
  process.exitCode = 2;
}
