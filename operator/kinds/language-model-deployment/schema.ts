/** LanguageModelDeployment: a model server on accelerators. What a user may say, what the operator answers. */
import { z } from "zod";
import { AGE, conditionColumn, defineKind, withRules, type CustomResource } from "../define.ts";
import {
  conditions, dnsLabel, dnsSubdomain, extendedResource, integer, labelKey, labels, listAtomic, listMap, listSet, observedGeneration, orNone, ownReference, text, textOrEmpty, word,
} from "../fields.ts";
import { RESERVED_PREFIX } from "../../lib/names.ts";
import { LABEL_VALUE } from "../patterns.ts";

const environmentVariable = z.object({
  name: word(/^[A-Za-z_][A-Za-z0-9_]*$/, 128, "Name of the variable."),
  value: textOrEmpty(4096, "Its value, in clear text: everyone who may read this object reads it. Never put a secret here."),
}).describe("One environment variable. References to Secrets and ConfigMaps are not offered: what the engine gets must be visible here.");

const engine = z.object({
  version: word(/^0\.[0-9]{1,3}$/, 5, "Minor version of vLLM that the image holds, for example 0.32. It decides which switches exist; the image must fit it."),
  image: word(/^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/, 512, "Container image of the engine, from your own registry, best with a digest: registry.example/vllm-openai@sha256:..."),
  args: orNone(listAtomic(text(1024, "One argument, for example --max-num-seqs=128."), {
    max: 64,
    description: "Further arguments of vllm serve, in order. Those that this object sets itself, that the version does not know or that would open the seal are refused with the reason.",
  })),
  env: orNone(listMap(environmentVariable, "name", {
    max: 64, description: "Further environment variables. Those that this object sets itself or that would open the seal are refused with the reason.",
  })),
  imagePullSecretRefs: orNone(listMap(z.object({
    name: dnsSubdomain("Name of a Secret of type kubernetes.io/dockerconfigjson, in the same namespace. The kubelet reads it, the operator does not."),
  }).describe("One pull secret."), "name", { max: 8, description: "Secrets with which the kubelet pulls the image. Without it the registry must serve anonymously." })),
}).describe("The vLLM that serves the model.");

const accelerators = z.object({
  resource: extendedResource(
    "Extended resource that the device plugin offers. Default nvidia.com/gpu, a whole GPU; nvidia.com/mig-3g.40gb is a slice of one.").default("nvidia.com/gpu"),
  count: integer(1, 16, "Accelerators for each replica, 1 to 16, all on one node."),
}).describe("What each replica takes.");

const client = z.object({
  name: dnsLabel("Name of this entry."),
  namespace: dnsLabel("Namespace in which the client's pods run."),
  podSelector: z.object({
    matchLabels: labels(1, "Labels that the client's pods have, at least one and at most 16. There is no way to say every pod."),
  }).describe("Which pods of that namespace."),
  activityRef: ownReference("ProcessingActivity", "For what the client uses the model (Verarbeitungstätigkeit), declared in the deployment's namespace."),
}).describe("One group of pods that may connect.");

const toleration = withRules(z.object({
  key: z.exactOptional(labelKey("Key of the taint. Without it operator must be Exists, and every key is tolerated.")),
  operator: z.enum(["Equal", "Exists"]).default("Equal").describe("Equal (default) compares value, Exists tolerates every value."),
  value: z.exactOptional(z.string().max(63).regex(LABEL_VALUE).describe("Value of the taint, with operator Equal.")),
  effect: z.exactOptional(z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).describe("Effect of the taint. Without it every effect is tolerated.")),
  tolerationSeconds: z.exactOptional(integer(0, 604_800, "Seconds for which a NoExecute taint is tolerated, at most one week. Without it, for ever.")),
}), {
  cel: "has(self.key) || self.operator == 'Exists'",
  message: "name the key of the taint, or set operator Exists to tolerate every key",
  fieldPath: ".key",
  holds: (self) => self.key !== undefined || self.operator === "Exists",
}, {
  cel: "self.operator != 'Exists' || !has(self.value) || self.value == ''",
  message: "remove value, or set operator Equal: Exists tolerates every value",
  fieldPath: ".value",
  holds: (self) => self.operator !== "Exists" || self.value === undefined || self.value === "",
}, {
  cel: "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
  message: "set effect NoExecute, or remove tolerationSeconds: only eviction waits",
  fieldPath: ".tolerationSeconds",
  holds: (self) => self.tolerationSeconds === undefined || self.effect === "NoExecute",
}).describe("One taint that the pods accept (as in a pod's spec.tolerations).");

const scheduling = z.object({
  nodeSelector: z.exactOptional(labels(0, "Labels that a node must have, at most 16.")),
  tolerations: orNone(listAtomic(toleration, { max: 16, description: "Taints that the pods accept, for example the one that keeps other pods off GPU nodes." })),
  priorityClassName: z.exactOptional(dnsSubdomain("PriorityClass of the pods. One with a higher value may take accelerators from pods with a lower one.")),
}).describe("Where the pods may run. Without it, on every node with free accelerators and no taint.");

const resources = z.object({
  cpu: z.exactOptional(word(/^([1-9][0-9]{0,3}|[1-9][0-9]{0,6}m)$/, 8, "CPU request of each replica: whole cores or millicores, for example 8 or 500m. There is no CPU limit: a throttled engine stalls its accelerators.")),
  memory: z.exactOptional(word(/^[1-9][0-9]{0,4}(Mi|Gi|Ti)$/, 7, "Memory request and limit of each replica, shared memory and temporary files included: whole Mi, Gi or Ti, for example 64Gi. A pod that exceeds it is killed.")),
}).describe("What each replica takes beside accelerators. Without it nothing is requested: the pods start anywhere and are the first to be evicted.");

const SECONDS_PER_DAY = 86_400;

const spec = withRules(z.object({
  modelRef: ownReference("LanguageModel", "The model to serve."),
  task: z.enum(["Chat", "Embedding"]).describe(
    "What the server offers. Chat: completions and chat completions in the OpenAI form. Embedding: vectors of texts, /v1/embeddings in the OpenAI form; a model that makes none does not get ready."),
  servedNames: listSet(word(/^[A-Za-z0-9][A-Za-z0-9._:/-]*$/, 128, "A name, for example mistral-small."), {
    min: 1, max: 8, description: "Names under which clients ask for the model (field model of a request). The first one stands in answers.",
  }),
  engine,
  contextLength: integer(128, 16_777_216, "Longest prompt and answer together, with task Embedding the longest text, in tokens. More takes more accelerator memory; more than the model was made for is refused by the engine."),
  accelerators,
  parallelism: z.exactOptional(z.object({
    tensor: integer(1, 16, "Accelerators that share each layer (tensor parallelism). Must equal accelerators.count."),
  }).describe("How a replica uses its accelerators. Default: tensor parallelism over all of them.")),
  replicas: integer(0, 64, "Model servers that run side by side, 0 to 64, default 1. Each takes its own accelerators. 0 stops the service and keeps the object.").default(1),
  clients: orNone(listMap(client, "name", { max: 32, description: "Who may connect. Nobody else can, other pods of this namespace included; without an entry nobody but the metrics scraper." })),
  rollout: z.object({
    startupSeconds: integer(60, 14_400, "Longest time from start to ready, in seconds, 60 to 14400, default 1800. A pod that takes longer is restarted: large models on slow volumes need more.").default(1800),
    drainSeconds: integer(0, 3600, "Longest time that a stopping pod is given to finish running requests, in seconds, 0 to 3600, default 120. It takes no new ones meanwhile.").default(120),
  }).prefault({}).describe("How long starting and stopping may take."),
  scheduling: z.exactOptional(scheduling),
  resources: z.exactOptional(resources),
  confidentiality: z.object({
    content: z.enum(["NotKept", "CachedInMemory"]).default("NotKept").describe(
      "What is kept of prompts between requests. NotKept (default): nothing. CachedInMemory: prompts stay in accelerator memory until room is needed (prefix cache), which is faster; clients that share the server can tell by the time an answer takes whether someone asked the same before. Not with task Embedding."),
  }).prefault({}).describe("What may remain of prompts and answers."),
}), {
  cel: "!has(self.parallelism) || self.parallelism.tensor == self.accelerators.count",
  message: "set parallelism.tensor to accelerators.count or leave it out: tensor parallelism is the only kind offered, and other accelerators of the replica would idle",
  fieldPath: ".parallelism.tensor",
  holds: (self) => self.parallelism === undefined || self.parallelism.tensor === self.accelerators.count,
}, {
  cel: "self.task != 'Embedding' || self.confidentiality.content == 'NotKept'",
  message: "set confidentiality.content to NotKept or leave it out: with task Embedding nothing is cached, because a model that reads a text in both directions would give wrong vectors",
  fieldPath: ".confidentiality.content",
  holds: (self) => self.task !== "Embedding" || self.confidentiality.content === "NotKept",
}).describe("The deployment as it should be.");

const count = (description: string) => z.exactOptional(z.int().min(0).max(SECONDS_PER_DAY).describe(description));

const probeResult = z.enum(["Sealed", "Reached", "Inconclusive"]);

const probeCheck = z.object({
  name: z.string().max(24).describe("What it is, for example tripwire, api-server, metadata, cluster-dns or a name from the provider's list."),
  purpose: z.enum(["Control", "Target"]).describe("A control must answer, so that silence elsewhere means something; a target must not be reached."),
  protocol: z.enum(["TCP", "UDP"]).describe("How it was tried."),
  address: z.string().max(39).describe("IPv4 or IPv6 address."),
  port: z.int().min(1).max(65_535).describe("Port."),
  outcome: z.enum(["Answered", "NotListening", "Reached", "Refused", "TimedOut", "Unreachable", "Failed"]).describe(
    "Controls: Answered, or NotListening if the tripwire says that it is not up. Targets: Reached; Refused, which an answer of the far side and a firewall that rejects have in common; TimedOut; Unreachable. Failed: it could not be tried."),
  note: z.exactOptional(z.string().max(16).describe("What a name server answered: Resolved if it told the address of the outside name, its response code otherwise.")),
}).describe("One address and what became of it.");

const probe = z.object({
  endTime: z.string().max(30).meta({ format: "date-time", description: "When the probe ended." }),
  startTime: z.string().max(30).meta({ format: "date-time", description: "When its pod was created." }),
  result: probeResult.describe("Sealed: every control answered and no target was reached. Reached: a target was. Inconclusive: a control did not answer or something could not be tried, so that silence proves nothing."),
  of: z.string().max(16).describe("Hash of what the seal allowed and of what was tried. A result of another hash is not about the seal as it is now."),
  families: listMap(z.object({
    family: z.enum(["IPv4", "IPv6"]).describe("Address family."),
    result: probeResult.describe("The result for this family."),
  }).describe("The result for one family."), "family", { max: 2, description: "Results for each family of which the pod had an address." }),
  reachedAtFirst: z.exactOptional(z.int().min(0).max(64).describe("Targets that were reached right after the start of the pod, before the network had its rules in force. Model servers wait that out in their gate.")),
  settledMilliseconds: z.exactOptional(z.int().min(0).max(600_000).describe("Milliseconds from the start of the probe to the start of the round that counts.")),
  checks: listAtomic(probeCheck, { max: 40, description: "Everything that was tried, as it ended." }),
}).describe("The last result of a probe that can be believed.");

const status = z.object({
  conditions: conditions("Ready, Reconciling, Stalled, ModelReady, Available, EgressSealed, ClientsGoverned, TemplateOutdated"),
  observedGeneration: observedGeneration(),
  replicas: count("Pods that exist, stopping ones not counted."),
  readyReplicas: count("Pods that take requests."),
  replicaSummary: z.exactOptional(z.string().max(16).describe("Ready and wanted pods in one word, for example 1/2.")),
  accelerators: count("Accelerators that the wanted pods take together: replicas times accelerators.count."),
  selector: z.exactOptional(z.string().max(256).describe("Label selector of the pods, for kubectl scale and autoscalers.")),
  endpoint: z.exactOptional(z.string().max(512).describe("Address at which declared clients reach the server, for example http://assistant.assistant.svc:8000/v1.")),
  modelDigest: z.exactOptional(z.string().max(71).describe("Manifest digest of the weights that the pods were started with.")),
  templateRevision: z.exactOptional(z.int().min(0).max(2_147_483_647).describe(
    "Revision of the pod template that the pods run. A newer operator does not restart them: condition TemplateOutdated says that a newer template waits.")),
  probe: z.exactOptional(probe),
  waitingFor: z.exactOptional(z.string().max(32_768).describe("What the next pod waits for, in the words of the scheduler, the kubelet or the container. Empty when nothing is waited for.")),
}).describe("What the operator found.");

export const languageModelDeployment = defineKind({
  kind: "LanguageModelDeployment",
  plural: "languagemodeldeployments",
  singular: "languagemodeldeployment",
  shortNames: ["lmd"],
  namespaced: true,
  description:
    "A model server on accelerators: vLLM pods that reach nothing, keep nothing, take connections from declared clients only and say what they wait for. The Service that clients use has the deployment's name.",
  spec,
  status,
  scale: { spec: ".spec.replicas", status: ".status.replicas", selector: ".status.selector" },
  rules: [{
    cel: "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
    message: "choose a name of lower-case letters, digits and '-' that starts with a letter: the Service has the same name",
    fieldPath: ".metadata.name",
    holds: (self) => /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(self.metadata.name),
  }, {
    cel: `!self.metadata.name.startsWith('${RESERVED_PREFIX}')`,
    message: `choose another name: NetworkPolicies whose names begin with ${RESERVED_PREFIX} are those of the namespace`,
    fieldPath: ".metadata.name",
    holds: (self) => !self.metadata.name.startsWith(RESERVED_PREFIX),
  }],
  columns: [
    conditionColumn("Ready", "Ready", "status", "Whether all wanted pods take requests"),
    conditionColumn("Reason", "Ready", "reason", "Why it is or is not ready"),
    { name: "Model", type: "string", jsonPath: ".spec.modelRef.name", description: "The model that is served" },
    { name: "Replicas", type: "string", jsonPath: ".status.replicaSummary", description: "Ready and wanted pods" },
    { name: "GPUs", type: "integer", jsonPath: ".status.accelerators", description: "Accelerators that the wanted pods take together" },
    conditionColumn("Sealed", "EgressSealed", "status", "Whether a fresh probe saw that the pods reach nothing"),
    AGE,
    { name: "Waiting For", type: "string", jsonPath: ".status.waitingFor", description: "What the next pod waits for", wide: true },
    { name: "Endpoint", type: "string", jsonPath: ".status.endpoint", description: "Address for clients", wide: true },
  ],
  selectableFields: [".spec.modelRef.name", ".spec.task"],
});

export type LanguageModelDeployment = CustomResource<typeof languageModelDeployment>;
