/**
 * `hoheit render`: what custom resources become, without a cluster. References are looked up among the given files, and
 * the same checks and builders run that the operator runs, so that what passes here starts there (but for what only a
 * cluster knows: whether volumes exist and nodes have room).
 */
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { OperatorFacts } from "../kinds/language-model-deployment/build/index.ts";
import { offlineChecks, violationsOf } from "../kinds/language-model-deployment/checks.ts";
import type { Reason } from "../kinds/language-model-deployment/conditions.ts";
import type { LanguageModelDeployment } from "../kinds/language-model-deployment/schema.ts";
import type { LanguageModel } from "../kinds/language-model/schema.ts";
import { judge as judgeApproval } from "../kinds/model-approval/reconcile.ts";
import type { ModelApproval } from "../kinds/model-approval/schema.ts";
import type { KubeObject } from "../lib/k8s-types.ts";
import { checkInputs, type Judged } from "./check-inputs.ts";
import { childrenWhenStarted } from "./children.ts";
import { lineOf, nameOf, readManifests, type Finding, type Manifest, type Manifests, type ReadFile } from "./manifests.ts";
import { toYaml } from "./yaml.ts";

export interface RenderOptions {
  /** Paths; `-` is standard input. */
  readonly files: readonly string[];
  /** Namespace of manifests that name none. */
  readonly namespace: string;
  /** The operator's own image and namespace, which the objects name. */
  readonly operator: OperatorFacts;
  /** Addresses of the tripwire's Service; without them, what names them is not printed. */
  readonly tripwire?: readonly string[] | undefined;
}

/** The world outside, for tests to replace. */
export interface RenderIo {
  readonly read: ReadFile;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Milliseconds since 1970: approvals expire. */
  readonly now: () => number;
}

const processIo: RenderIo = {
  read: (file) => (file === "-" ? text(process.stdin) : readFile(file, "utf8")),
  out: (chunk) => void process.stdout.write(chunk),
  err: (chunk) => void process.stderr.write(chunk),
  now: () => Date.now(),
};

/** Prints every object (exit code 0) or every violation (exit code 1), never both. */
export async function renderCommand({ files, namespace, ...cluster }: RenderOptions, io: RenderIo = processIo): Promise<number> {
  const manifests = await readManifests(files, namespace, io.read);
  const inputs = checkInputs(manifests, { operatorNamespace: cluster.operator.namespace, now: io.now() });
  const findings = [
    ...manifests.findings, ...nothingFound(manifests, files), ...approvalFindings(manifests, io.now()), ...inputs.flatMap((one) => judge(one, manifests)),
  ];
  if (findings.length > 0) {
    io.err(findings.map(lineOf).join(""));
    return 1;
  }
  io.out(headerOf(cluster));
  io.out(manifests.found.map((manifest) => render(manifest, inputs, cluster)).join(""));
  return 0;
}

/** What only a cluster knows of the operator. */
type Cluster = Pick<RenderOptions, "operator" | "tripwire">;

const headerOf = ({ tripwire }: Cluster): string => `# What the operator makes of these files. Not shown: owner references, which need the uid of the custom resource; the
# seal's finalizer, which only the operator takes off again; the rule for the metrics scraper, of which the operator is
# told when it starts${tripwire === undefined ? `; the ConfigMap of the gate and the CronJob of the probe, which name the
# addresses of the cluster's tripwire (--tripwire)` : ""}.
`;

/** These follow from an object that is not there; where one is there and does not parse, that is what there is to say. */
const ABOUT_OTHERS: ReadonlySet<Reason> = new Set<Reason>(["ModelNotFound", "ActivityNotFound", "NotApproved"]);

/** These follow from policies, which need not select the namespace. */
const ABOUT_ORIGIN: ReadonlySet<Reason> = new Set<Reason>(["OriginDenied", "OriginUnknown"]);

function judge({ manifest: { file, value }, input, reserve }: Judged, { findings }: Manifests): Finding[] {
  return violationsOf(input, offlineChecks)
    .filter(({ reason }) => findings.length === 0 || !ABOUT_OTHERS.has(reason))
    .map(({ reason, path, message }) => ({
      file, object: nameOf(value), path, message: `${path === undefined ? message : message.replace(`${path}: `, "")}${ABOUT_ORIGIN.has(reason) ? reserve : ""}`,
    }));
}

/** An approval that is not in force as it stands in the files; one that nobody uses included. */
function approvalFindings({ found, findings }: Manifests, now: number): Finding[] {
  const names = new Set(found.map(({ value }) => nameOf(value)));
  return found.filter(({ value }) => value.kind === "ModelApproval").flatMap(({ file, value }) => {
    const { spec, metadata } = value as ModelApproval;
    const exists = findings.length > 0 || names.has(`ProcessingActivity ${metadata.namespace}/${spec.activityRef.name}`);
    const [ready] = judgeApproval(value as ModelApproval, exists, now).conditions;
    if (ready === undefined || ready.status === "True") return [];
    return [{ file, object: nameOf(value), path: ready.reason === "ActivityNotFound" ? "spec.activityRef.name" : "spec.expiryTime", message: ready.message }];
  });
}

function nothingFound({ found, findings }: Manifests, files: readonly string[]): Finding[] {
  if (found.length > 0 || findings.length > 0) return [];
  return [{ file: files.join(", "), object: undefined, path: undefined, message: "there is no object of hoheit.dev in here" }];
}

function render({ file, value }: Manifest, inputs: readonly Judged[], cluster: Cluster): string {
  const source = `# ${JSON.stringify(file).slice(1, -1)}: ${nameOf(value)}`;
  const own = inputs.find(({ manifest }) => manifest.value === value);
  if (own?.input.model === undefined) return `---\n${source} ${value.kind === "SovereigntyPolicy" ? "holds in the namespaces that it selects, of which a cluster knows" : "becomes no object of its own; deployments refer to it"}.\n`;
  return childrenOf(own.input.deployment, own.input.model, cluster).map(withoutFinalizers).map((child) => `---\n${source} becomes this ${child.kind}\n${toYaml(child)}`).join("");
}

/** Whoever applies what is printed here could not delete it again. */
function withoutFinalizers(child: KubeObject): KubeObject {
  const { finalizers: _, ...metadata } = child.metadata;
  return { ...child, metadata };
}

function childrenOf(deployment: LanguageModelDeployment, model: LanguageModel, { operator, tripwire }: Cluster): KubeObject[] {
  const children = childrenWhenStarted(deployment, model, { operator, tripwire });
  const { networkPolicy, serviceAccount, service, podDisruptionBudget, gateConfig } = children;
  // Its argument names the tripwire: without addresses it would be another CronJob than the operator's.
  const cronJob = tripwire && children.cronJob;
  return [networkPolicy, serviceAccount, service, podDisruptionBudget, gateConfig, children.deployment, cronJob].filter((child) => child !== undefined);
}
