/** `hoheit prove` on the command line. */
import { Option, type Command } from "commander";
import { OPERATOR_NAMESPACE } from "../../lib/names.ts";
import { endWithUsage, listOf } from "../usage.ts";
import { packetQuestion, type ProveOptions } from "./options.ts";
import { proveCommand } from "./prove.ts";

interface Flags extends Pick<ProveOptions, "output" | "evidence" | "sign"> {
  readonly explain?: true;
  readonly connections?: true;
  readonly manifests?: string[];
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly workload?: string;
  readonly packet?: string[];
  readonly dataSet?: string[];
  readonly defaultNamespace: string;
  readonly operatorNamespace: string;
  readonly podCidrs?: string[];
  readonly serviceCidrs?: string[];
  readonly nodeCidrs?: string[];
  readonly nameServers?: string[];
}

export function addProve(program: Command): void {
  const command = program.command("prove")
    .description("prove that no rule lets anything out but to where SovereigntyPolicies allow; exit code 0: proved, 1: refuted or held by nothing, 2: undetermined, 3: wrong usage")
    .option("-m, --manifests <path...>", "files and folders with manifests, as they are or as kubectl get -o yaml prints them; - is standard input. Without them: the cluster of the kubeconfig")
    .option("--kubeconfig <path>", "path of a kubeconfig; without one, $KUBECONFIG or ~/.kube/config")
    .option("--context <name>", "context of the kubeconfig")
    .option("-n, --namespace <name>", "speak of this namespace alone")
    .option("-w, --workload <kind/name>", "speak of this workload alone, for example deployment/chat or assistant/Deployment/chat")
    .option("--data-set <file...>", "data sets that say in which country addresses are, as hoheit data-set writes them; at least two")
    .addOption(new Option("-o, --output <format>", "text for people, or JSON").choices(["text", "json"]).default("text"))
    .option("--explain", "say of everything why: which policies hold it, what it may reach, by which rule, on which ground")
    .addOption(new Option("--packet <from-and-to...>", "ask about one packet instead: FROM TO:PORT/PROTOCOL, for example assistant/chat 198.51.100.7:443/TCP").conflicts(["connections", "evidence", "explain"]))
    .addOption(new Option("--connections", "list every allowed connection instead, ingress and egress combined").conflicts(["evidence", "explain"]))
    .option("--evidence <folder>", "leave evidence there that hoheit verify re-checks: root.json, and a file for each namespace")
    .option("--sign <file>", "private key (PEM; Ed25519 or ECDSA P-256) that signs the root of the evidence");
  addSurroundings(command);
  endWithUsage(command, (flags: Flags) => proveCommand(optionsOf(flags), { out: (chunk) => void process.stdout.write(chunk), err: (chunk) => void process.stderr.write(chunk), now: () => Date.now() }));
}

/** What no manifest says, and a cluster not always. */
function addSurroundings(command: Command): void {
  command
    .option("--default-namespace <name>", "namespace of manifests that name none", "default")
    .option("--operator-namespace <name>", "namespace of the operator", OPERATOR_NAMESPACE)
    .option("--pod-cidrs <list>", "where pods have their addresses, separated by commas, beside what Nodes say", listOf)
    .option("--service-cidrs <list>", "where Services have theirs, beside what ServiceCIDRs say", listOf)
    .option("--node-cidrs <list>", "where nodes have theirs, beside what Nodes say", listOf)
    .option("--name-servers <list>", "addresses of the cluster's name servers that are no Services of kube-system, for example of NodeLocal DNSCache", listOf);
}

function optionsOf(flags: Flags): ProveOptions {
  const { output, evidence, sign, namespace, workload, packet, kubeconfig, context } = flags;
  const { podCidrs: pods = [], serviceCidrs: services = [], nodeCidrs: nodes = [], nameServers = [], operatorNamespace } = flags;
  return {
    source: {
      manifests: flags.manifests ?? [], defaultNamespace: flags.defaultNamespace,
      access: { ...(kubeconfig !== undefined && { kubeconfig }), ...(context !== undefined && { context }) },
      surroundings: { cluster: { pods, services, nodes }, nameServers, operatorNamespace },
    },
    output, explain: flags.explain === true, connections: flags.connections === true, evidence, sign, focus: { namespace, workload }, dataSets: flags.dataSet ?? [],
    packet: packet && packetQuestion(packet),
  };
}
