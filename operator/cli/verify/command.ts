/** `hoheit verify` on the command line. */
import { Option, type Command } from "commander";
import { endWithUsage } from "../usage.ts";
import { verifyCommand, type VerifyOptions } from "./verify.ts";

interface Flags extends Pick<VerifyOptions, "manifests" | "defaultNamespace" | "output"> {
  readonly root?: string;
  readonly key?: string;
}

export function addVerify(program: Command): void {
  const command = program.command("verify")
    .description("re-check evidence against manifests, without a cluster and without the prover; exit code 0: it fits and says PROVED, 1: REFUTED or UNGOVERNED, 2: UNDETERMINED, 3: wrong usage, 4: it does not fit")
    .argument("<evidence>", "folder that hoheit prove --evidence has written, or a file with the operator's ConfigMaps, as kubectl get -o yaml prints them")
    .requiredOption("-m, --manifests <path...>", "files and folders with the manifests that it was made of; - is standard input")
    .option("--root <hash>", "root that it must have (sha256:...), for example from the status of a SovereigntyPolicy; of several in a file, this one")
    .option("--key <file>", "public key (PEM) with which the root must be signed")
    .option("--default-namespace <name>", "namespace of manifests that name none", "default")
    .addOption(new Option("-o, --output <format>", "text for people, or JSON").choices(["text", "json"]).default("text"));
  endWithUsage(command, (path: string, { root, key: keyFile, manifests, defaultNamespace, output }: Flags) =>
    verifyCommand({ evidence: { path, root, keyFile }, manifests, defaultNamespace, output }, (text) => void process.stdout.write(text)));
}
