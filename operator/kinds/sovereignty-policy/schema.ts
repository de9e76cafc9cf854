/** SovereigntyPolicy: which addresses governed pods may reach and who stands behind them. What a user may say, what the operator answers. */
import { z } from "zod";
import { PROFILES, PROTOCOLS } from "../../sovereignty/policy.ts";
import { AGE, conditionColumn, defineKind, withRules, type CustomResource } from "../define.ts";
import { conditions, country, dnsLabel, dnsSubdomain, integer, labels, listAtomic, listMap, listSet, observedGeneration, orNone, text, word } from "../fields.ts";
import { isCanonicalCidr, isNarrow, isOutside, NO_DESTINATION, SHORTEST_PREFIX } from "./cidr.ts";

/** Everything beyond is no list that a person answers for, and more than CNIs and the admission guard carry (network-policy.md 3d). */
const MOST_CIDRS = 200;

/** Serving and Probe are no choice: what these pods reach is the same under every policy, nothing. */
const roles = listSet(z.enum(["Fetch", "Purge", "Gateway", "Application"]).describe("A role."), {
  min: 1, max: 4,
  description: "Pods that this is for: Fetch and Purge (Jobs that Hoheit makes), Gateway (a tenant's door to its models), Application (every pod that Hoheit did not make). Serving and Probe cannot be named: model servers reach nothing.",
});

const port = withRules(z.object({
  port: integer(1, 65_535, "A port, or the first one of a range."),
  endPort: z.exactOptional(integer(1, 65_535, "The last port of the range. Without it, one port.")),
  protocol: z.enum(PROTOCOLS).default("TCP").describe("Transport protocol, default TCP."),
}), {
  cel: "!has(self.endPort) || self.endPort >= self.port",
  message: "set endPort to port or above, or remove it",
  fieldPath: ".endPort",
  holds: (self) => self.endPort === undefined || self.endPort >= self.port,
}).describe("One port or range of ports.");

const cidr = withRules(word(/^[0-9a-f:.]+\/[0-9]{1,3}$/, 43, "A range of addresses, for example 198.51.100.7/32 or 2001:db8:1::/64."), {
  cel: "isCIDR(self) && self == string(cidr(self).masked())",
  message: "write the range as it is written canonically: no leading zeros, no host bits, IPv6 in lower case and shortened (RFC 5952), no IPv4-mapped IPv6",
  holds: isCanonicalCidr,
}, {
  cel: `!isCIDR(self) || cidr(self).prefixLength() >= (cidr(self).ip().family() == 4 ? ${SHORTEST_PREFIX.IPv4} : ${SHORTEST_PREFIX.IPv6})`,
  message: `name a narrower range: at least /${SHORTEST_PREFIX.IPv4} for IPv4 and /${SHORTEST_PREFIX.IPv6} for IPv6`,
  holds: (self) => !isCanonicalCidr(self) || isNarrow(self),
}, {
  cel: `!isCIDR(self) || !${JSON.stringify(NO_DESTINATION).replaceAll('"', "'")}.exists(range, cidr(range).containsCIDR(self) || cidr(self).containsCIDR(range))`,
  message: `name a range outside of ${NO_DESTINATION.join(", ")}: what answers there is the node or its neighbours`,
  holds: (self) => !isCanonicalCidr(self) || isOutside(self),
});

const operator = z.object({
  name: text(128, "Name of whoever runs what is there, for example IT-Verbund."),
  country: country("Where the operator is established."),
  controlledFrom: country("Country whose law can compel the operator or its parent company to hand out data. Not always where it is established."),
  certification: z.exactOptional(text(128,
    "Reference of a certification under which a transfer to this operator is lawful although its country is none of the profile's, for example its entry in the list of the EU-US Data Privacy Framework. Counts with profile EEAWithAdequacy only.")),
}).describe("Who runs what is there. Judged apart from where it is: a data centre in Germany may belong to a company that a foreign law compels.");

const destination = z.object({
  name: dnsLabel("Name of this destination. Models and retention policies refer to it."),
  cidrs: listSet(cidr, { min: 1, max: 64, description: `Addresses, of either family. All destinations of a policy together have at most ${MOST_CIDRS}; the operator warns beyond 50.` }),
  ports: listAtomic(port, { min: 1, max: 16, description: "Ports that may be reached there." }),
  country: country("Where the machines at these addresses are."),
  operator,
  purpose: text(256, "What is exchanged with it, for the auditor, for example weights."),
  roles,
}).describe("One group of addresses outside of the cluster.");

const peer = z.object({
  name: dnsLabel("Name of this entry."),
  namespace: dnsLabel("Namespace in which the peer's pods run. There is no way to say every namespace: a pod that nobody governs may pass on what it is told."),
  podSelector: z.object({
    matchLabels: labels(1, "Labels that the peer's pods have, at least one and at most 16. There is no way to say every pod."),
  }).describe("Which pods of that namespace."),
  direction: z.enum(["Ingress", "Egress"]).describe("Seen from the governed pod: Ingress lets the peer connect to it, Egress lets it connect to the peer."),
  ports: orNone(listAtomic(port, { max: 16, description: "Ports: of the governed pod for Ingress, of the peer for Egress. Without an entry, every port." })),
  roles,
}).describe("One group of pods outside of the governed namespaces.");

const enforcement = z.object({
  clusterNetworkPolicy: z.enum(["Auto", "Require", "Off"]).default("Auto").describe(
    "Whether a ClusterNetworkPolicy (policy.networking.k8s.io/v1alpha2, tier Admin) denies what no namespace may allow. Auto (default): where the cluster serves that API; Require: the policy is not Ready without it; Off: never."),
  guard: z.enum(["Enforce", "Audit", "Off"]).default("Enforce").describe(
    "Whether the API server refuses objects that would open a way out. Enforce (default) refuses; Audit lets them pass with a warning and an audit annotation; Off makes no admission policies."),
  probe: z.object({
    schedule: word(/^(\*(\/([1-9]|[1-5][0-9]))?|[1-5]?[0-9](,[1-5]?[0-9])*) (\*(\/([1-9]|1[0-9]|2[0-3]))?|(1?[0-9]|2[0-3])(,(1?[0-9]|2[0-3]))*) \* \* \*$/, 128,
      "When it is tried whether the guard refuses what it must, in UTC: MINUTE HOUR * * * with numbers, lists of them, * or */step; at least once a day. Default */15 * * * *.").default("*/15 * * * *"),
  }).prefault({}).describe("How often what is enforced is tried."),
}).describe("Which layers enforce the policy, beside the NetworkPolicies in each governed namespace, which always do.");

/** Parsed for itself as well: what a policy denies counts although something else in it cannot be read. */
export const models = z.object({
  deniedOrigins: listSet(country("A country of origin."), {
    min: 1, max: 64,
    description: "Weights from these countries are not served in governed namespaces: spec.provenance.originCountry and supplier.country of a LanguageModel, as its author declared them. Nothing new starts; running pods go on or stop as the ModelApproval says in onExpiry, for its ground is gone. Several policies deny what any of them denies; each code counts alone, so who means Hong Kong as well names HK, too. An origin that is no country is not served either. Where a service is and who can compel its operator is for destinations and jurisdictions to say.",
  }),
}).describe("Which models may be served. That their bytes are verified and approved is required of every model, whatever a policy says.");

const REGISTRY = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[0-9]{1,5})?(\/[a-z0-9]([-a-z0-9._]*[a-z0-9])?)*$/;

const spec = withRules(z.object({
  namespaceSelector: z.object({
    matchLabels: labels(1, "Labels that a namespace has, at least one and at most 16. There is no way to say every namespace: kube-system and the operator's own must not be governed."),
  }).describe("Which namespaces are governed. Every pod in them is held to the policy. A namespace that several policies select may do what all of them allow."),
  ungoverned: z.enum(["Refuse", "Report"]).default("Refuse").describe(
    "What becomes of model deployments in namespaces that no policy selects, and of clients in them. Refuse (default): they do not start and may not connect; Report: they are counted and named."),
  jurisdictions: z.object({
    profile: z.enum(PROFILES).default("EEA").describe(
      "Where destinations and their operators may be: DE, EU (its 27 members), EEA (default: with Iceland, Liechtenstein and Norway) or EEAWithAdequacy (with countries that have an adequacy decision under Art. 45 GDPR in force; the United States only by certified operators)."),
    foreignControl: z.enum(["Refuse", "Report"]).default("Refuse").describe(
      "What becomes of a destination whose operator can be compelled from outside of the profile (operator.controlledFrom). Refuse (default): it is not put in force; Report: it is, and is named."),
  }).prefault({}).describe("Where what leaves the cluster may go, and whose law may reach it there."),
  destinations: orNone(listMap(destination, "name", {
    max: 32, description: "The only addresses outside of the cluster that any governed pod may reach. Without an entry, none.",
  })),
  inCluster: orNone(listMap(peer, "name", {
    max: 32, description: "Pods in other namespaces that governed pods may talk to, for example an ingress controller. Declared clients of model deployments need no entry.",
  })),
  images: z.exactOptional(z.object({
    registries: listSet(word(REGISTRY, 255, "A registry, with a path to narrow it, for example registry.rz.example or registry.rz.example/ai."), {
      min: 1, max: 16, description: "Where images of governed pods may come from: the image begins with one of these, followed by a slash.",
    }),
    digests: z.enum(["Required", "Optional"]).default("Required").describe("Whether an image must be named by its digest (@sha256:...), so that what was approved is what runs. Default Required."),
  }).describe("Which images governed pods may run. Without it, any.")),
  models: z.exactOptional(models),
  nodes: z.exactOptional(z.object({
    selector: z.object({ matchLabels: labels(1, "Labels that a node has, at least one and at most 16.") }).describe("Which nodes."),
  }).describe("On which nodes governed pods may run, for example those of a site. Without it, on any.")),
  enforcement: enforcement.prefault({}),
  dataSets: orNone(listMap(z.object({
    name: dnsLabel("Name of the data set, for example rir."),
    configMapRef: z.object({ name: dnsSubdomain("Name of a ConfigMap in the operator's namespace, made with hoheit data-set.") }).describe("Where it is: under data-set.txt, or compressed under data-set.txt.gz."),
  }).describe("One data set."), "name", {
    max: 8, description: "Data sets that say in which country addresses are. Where at least two agree that a destination is elsewhere, or do not agree, the condition Ready says so; the evidence holds what they say of every range.",
  })),
  evidence: z.object({
    keep: integer(1, 1000, "How many proofs are kept as evidence, the newest first, in the operator's namespace. A proof that says the same as the one before is not kept again. Of several policies the largest number holds. Default 50.").default(50),
  }).prefault({}).describe("What is kept of proofs."),
}), {
  cel: `!has(self.destinations) || self.destinations.map(destination, destination.cidrs.size()).sum() <= ${MOST_CIDRS}`,
  message: `name at most ${MOST_CIDRS} ranges in all destinations together: what is longer is no list that somebody answers for`,
  fieldPath: ".destinations",
  holds: (self) => self.destinations.reduce((sum, { cidrs }) => sum + cidrs.length, 0) <= MOST_CIDRS,
}).describe("The policy as it should be.");

const count = (description: string) => z.exactOptional(z.int().min(0).max(1_000_000).describe(description));

const status = z.object({
  conditions: conditions("Ready, Reconciling, Stalled, Enforced, Guarded, Proved, Probed"),
  observedGeneration: observedGeneration(),
  namespaces: count("Namespaces that the policy selects."),
  destinations: z.exactOptional(listSet(z.string().max(63).describe("Name of a destination."), {
    max: 32, description: "Destinations that are in force: those of spec that keep to spec.jurisdictions. The others, and why, are in the condition Ready.",
  })),
  cidrs: count("Ranges in the destinations that are in force."),
  guardProbe: z.exactOptional(z.object({
    probeTime: z.string().max(30).meta({ format: "date-time", description: "When it was tried." }),
    of: z.string().max(16).describe("Hash of the guard as it was then. If it is another one now, the guard is tried again."),
  }).describe("The last time that it was tried whether the API server refuses what it must. The condition Guarded says what came of it.")),
  preexisting: z.exactOptional(z.object({
    surveyTime: z.string().max(30).meta({ format: "date-time", description: "When it was looked." }),
    of: z.string().max(16).describe("Hash of the namespaces and rules that it was about. If they are others now, it is looked again."),
    objects: z.int().min(0).describe("Objects in governed namespaces that the guard would refuse today."),
    first: listAtomic(z.string().max(512).describe("Kind, namespace, name and fields."), { max: 20, description: "The first of them, at most 20, each with the fields that open a way out." }),
    unread: listAtomic(z.string().max(63).describe("Resource, for example daemonsets.apps."), { max: 16, description: "What the operator may not list, so that nobody knows." }),
  }).describe("What was found when it was last looked for objects that are older than the guard. They stay until somebody changes them.")),
  clusterNetworkPolicy: z.exactOptional(z.enum(["Applied", "NotServed", "Off"]).describe("Applied, NotServed (the cluster does not know that API) or Off.")),
  workloads: z.exactOptional(z.object({
    proved: count("Those of which every packet that the rules let through goes where a policy allows."),
    refuted: count("Those that have a way out."),
    undetermined: count("Those of which something could not be read, understood or decided."),
    ungoverned: count("Those that nothing holds, pods that use the network of their node for one."),
  }).describe("Workloads in governed namespaces by what was proved of them.")),
  ungovernedDeployments: count("Model deployments in namespaces that no policy selects."),
  evidence: z.exactOptional(z.object({
    root: z.exactOptional(z.string().max(71).describe("Hash of the last evidence: sha256 over the bundles of all namespaces.")),
    provedTime: z.exactOptional(z.string().max(30).meta({ format: "date-time", description: "When it was made." })),
  }).describe("The last evidence.")),
}).describe("What the operator found.");

export const sovereigntyPolicy = defineKind({
  kind: "SovereigntyPolicy",
  plural: "sovereigntypolicies",
  singular: "sovereigntypolicy",
  shortNames: ["svp"],
  namespaced: false,
  description:
    "Which addresses the pods of governed namespaces may reach, where these are and who stands behind them; everything else is forbidden, guarded at admission, proved and probed. Policies only ever tighten each other.",
  spec,
  status,
  columns: [
    conditionColumn("Ready", "Ready", "status", "Whether the policy is in force as it is written"),
    conditionColumn("Reason", "Ready", "reason", "Why it is or is not ready"),
    { name: "Namespaces", type: "integer", jsonPath: ".status.namespaces", description: "Namespaces that it governs" },
    conditionColumn("Enforced", "Enforced", "status", "Whether every governed namespace has its objects"),
    conditionColumn("Guarded", "Guarded", "status", "Whether the API server was seen to refuse what opens a way out"),
    conditionColumn("Proved", "Proved", "status", "Whether no rule lets anything out that the policy does not allow"),
    conditionColumn("Probed", "Probed", "status", "Whether packets were tried"),
    AGE,
    { name: "Profile", type: "string", jsonPath: ".spec.jurisdictions.profile", description: "Where destinations may be", wide: true },
    { name: "Ranges", type: "integer", jsonPath: ".status.cidrs", description: "Ranges of addresses in force", wide: true },
    { name: "Refuted", type: "integer", jsonPath: ".status.workloads.refuted", description: "Workloads with a way out", wide: true },
  ],
  selectableFields: [".spec.jurisdictions.profile"],
});

export type SovereigntyPolicy = CustomResource<typeof sovereigntyPolicy>;
