/** What the report may be made of: a house with all verdicts, one where everything is proved, one where nothing is governed. */
import type { ReportData } from "../../operator/report/data.ts";
import type { Destination, InClusterPeer, Policy } from "../../operator/sovereignty/policy.ts";
import { ASSUMPTIONS, RESIDUALS, type Allowed, type Assumption, type NamespaceProof, type Proof, type Residual, type SubjectProof } from "../../operator/sovereignty/prover/result.ts";
import type { RuleReference, Verdict } from "../../operator/sovereignty/verdict.ts";

const HASH = "sha256:9f1c2b7a4d5e60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9";

const MIRROR: Destination = {
  name: "model-mirror", cidrs: ["198.51.100.7/32", "2001:db8:1::7/128"], ports: [{ port: 443, protocol: "TCP" }],
  country: "DE", operator: { name: "IT-Verbund", country: "DE", controlledFrom: "DE" }, purpose: "weights", roles: ["Fetch"],
};
const WEATHER: Destination = {
  name: "weather", cidrs: ["203.0.113.0/28"], ports: [{ port: 443, protocol: "TCP" }, { port: 8000, endPort: 8010, protocol: "TCP" }, { port: 123, protocol: "UDP" }],
  country: "CH", operator: { name: "Meteo AG", country: "CH", controlledFrom: "US", certification: "DPF 4711" }, purpose: "warnings", roles: ["Application"],
};
const INGRESS: InClusterPeer = { name: "ingress", namespace: "ingress-nginx", podSelector: { matchLabels: { app: "ingress" } }, direction: "Ingress", ports: [{ port: 8080, protocol: "TCP" }], roles: ["Application", "Gateway"] };
const IDENTITY: InClusterPeer = { name: "identity", namespace: "keycloak", podSelector: { matchLabels: { app: "keycloak" } }, direction: "Egress", ports: [], roles: ["Application"] };

const policy = (destinations: readonly Destination[], inCluster: readonly InClusterPeer[], profile: Policy["jurisdictions"]["profile"] = "EEA"): Policy =>
  ({ name: "land", jurisdictions: { profile, foreignControl: "Refuse" }, destinations, inCluster });

const NOTHING: Allowed = { destinations: [], dns: [], cluster: [], outside: [], pods: [] };
const rule = (object: string, path = ""): RuleReference => ({ kind: "NetworkPolicy", object, path });
const DEFAULT_DENY = (namespace: string): RuleReference[] => [rule(`${namespace}/hoheit-default-deny`)];

const DNS: Allowed["dns"] = [{ addresses: ["10.96.0.10/32", "fd00:96::a/128"], ports: [{ protocol: "TCP", port: 53, endPort: 53 }, { protocol: "UDP", port: 53, endPort: 53 }] }];
const TO_MODEL: Allowed["pods"] = [{ namespaces: ["assistant"], selector: "hoheit.dev/deployment=assistant", ports: [{ protocol: "TCP", port: 8000, endPort: 8000 }], as: "Governed" }];
const CONTROL: Allowed["pods"][number] = { namespaces: ["hoheit-system"], selector: "app.kubernetes.io/name=hoheit", ports: [{ protocol: "TCP", port: 8446, endPort: 8446 }, { protocol: "UDP", port: 8446, endPort: 8446 }], as: "Operator" };

const proved = (id: string, role: SubjectProof["role"], allowed: Partial<Allowed> = {}): SubjectProof =>
  ({ id, role, verdict: "PROVED", isolatedBy: DEFAULT_DENY(id.split("/")[0] ?? ""), allowed: { ...NOTHING, ...allowed }, missing: [] });

const WIDE = rule("assistant/open-webui", "spec.egress[0].to[1]");
const HALVES = ["0.0.0.0/5", "8.0.0.0/7", "11.0.0.0/8", "12.0.0.0/6", "16.0.0.0/4", "32.0.0.0/3", "64.0.0.0/3", "96.0.0.0/6", "128.0.0.0/3", "2000::/3"];

const refuted: SubjectProof = {
  id: "assistant/Deployment/open-webui", role: "Application", verdict: "REFUTED", isolatedBy: DEFAULT_DENY("assistant"),
  allowed: { ...NOTHING, dns: DNS, pods: TO_MODEL, outside: [
    { class: "Global", traffic: [{ addresses: HALVES, ports: [{ protocol: "TCP", port: 443, endPort: 443 }] }] },
    { class: "Metadata", traffic: [{ addresses: ["169.254.169.254/32"], ports: [{ protocol: "TCP", port: 443, endPort: 443 }] }] },
  ] },
  counterexample: {
    packet: { from: "assistant/Deployment/open-webui", family: "IPv4", address: "8.8.8.8", protocol: "TCP", port: 443 }, addressClass: "Global", allowedBy: [WIDE],
    repair: "Remove spec.egress[0].to[1] of NetworkPolicy assistant/open-webui.",
  },
  removals: [WIDE], missing: [],
};

const futureRefuted: SubjectProof = {
  id: "assistant/*", role: "Application", verdict: "REFUTED", isolatedBy: DEFAULT_DENY("assistant"), allowed: { ...NOTHING, outside: [{ class: "Global", traffic: [{ addresses: ["2000::/3"], ports: [{ protocol: "TCP", port: 1, endPort: 65_535 }, { protocol: "UDP", port: 1, endPort: 65_535 }] }] }] },
  counterexample: {
    packet: { from: "assistant/*", family: "IPv6", address: "2600::1", protocol: "UDP", port: 53 }, addressClass: "Global", labels: { app: "open-webui", tier: "front" }, allowedBy: [WIDE],
    repair: "Remove spec.egress[0].to[1] of NetworkPolicy assistant/open-webui.",
  },
  removals: [WIDE], missing: [],
};

const undetermined: SubjectProof = {
  id: "planning/StatefulSet/search", role: "Application", verdict: "UNDETERMINED", isolatedBy: DEFAULT_DENY("planning"),
  allowed: { ...NOTHING, cluster: [{ addresses: ["10.244.0.0/16"], ports: [{ protocol: "TCP", port: 9200, endPort: 9200 }] }], pods: [{ namespaces: ["litellm"], selector: "", ports: [{ protocol: "TCP", port: 4000, endPort: 4000 }], as: "Relay" }] },
  missing: [
    { kind: "Relay", message: "Pods of namespace litellm are not governed and may pass on what they are told: label the namespace, or remove the rule.", relays: ["litellm/Deployment/litellm", "litellm/StatefulSet/postgres"] },
    { kind: "Unclear", message: "010.0.0.0/8 is written so that parsers disagree about it: write 8.0.0.0/8 or 10.0.0.0/8.", at: rule("planning/search", "spec.egress[1].to[0].ipBlock.cidr") },
  ],
};

const hostNetwork: SubjectProof = { id: "planning/DaemonSet/agent", role: "Application", verdict: "UNGOVERNED", isolatedBy: [], missing: [{ kind: "HostNetwork", message: "Pods of planning/DaemonSet/agent use the network of their node: set hostNetwork to false." }] };

const futureProved = (namespace: string): SubjectProof[] => [proved(`${namespace}/*`, "Fetch", { destinations: [{ name: "model-mirror", traffic: [{ addresses: MIRROR.cidrs, ports: [{ protocol: "TCP", port: 443, endPort: 443 }] }] }] }), proved(`${namespace}/*`, "Application", { dns: DNS })];

const ASSISTANT: NamespaceProof = {
  namespace: "assistant", policy: "land", verdict: "REFUTED", workloads: [proved("assistant/Deployment/assistant", "Serving", { pods: [CONTROL] }), refuted], labelSpace: [proved("assistant/*", "Serving", { pods: [CONTROL] }), futureRefuted],
  findings: [{ kind: "ExternalName", at: { kind: "Service", object: "assistant/search", path: "spec.externalName" }, message: "Service assistant/search is another name for search.example." }],
};
const PLANNING: NamespaceProof = { namespace: "planning", policy: "land", verdict: "UNGOVERNED", workloads: [hostNetwork, undetermined], labelSpace: futureProved("planning"), findings: [] };
const LIBRARY: NamespaceProof = {
  namespace: "library", policy: "land", verdict: "PROVED", labelSpace: futureProved("library"), findings: [], workloads: [
    proved("library/CronJob/warnings", "Application", { destinations: [{ name: "weather", traffic: [{ addresses: WEATHER.cidrs, ports: [{ protocol: "TCP", port: 443, endPort: 443 }, { protocol: "TCP", port: 8000, endPort: 8010 }, { protocol: "UDP", port: 123, endPort: 123 }] }] }] }),
    proved("library/Deployment/catalogue", "Serving"),
  ],
};
const LITELLM: NamespaceProof = {
  namespace: "litellm", verdict: "UNGOVERNED", labelSpace: [], findings: [],
  workloads: [{ id: "litellm/Deployment/litellm", role: "Application", verdict: "UNGOVERNED", isolatedBy: [], missing: [{ kind: "NoPolicy", message: "Namespace litellm is selected by no SovereigntyPolicy: label it." }] }],
};

const proof = (verdict: Verdict, namespaces: readonly NamespaceProof[]): Proof =>
  ({ verdict, namespaces, assumptions: Object.keys(ASSUMPTIONS) as Assumption[], residuals: Object.keys(RESIDUALS) as Residual[] });

/** All four verdicts, and something of everything that a report can hold. */
export const mixed: ReportData = {
  time: "2026-11-25T10:12:47Z", root: HASH, previousRoot: HASH.replace("9f1c", "1111"),
  proof: proof("UNGOVERNED", [ASSISTANT, LIBRARY, LITELLM, PLANNING]),
  policies: new Map([["assistant", policy([MIRROR], [INGRESS])], ["library", policy([MIRROR, WEATHER], [INGRESS, IDENTITY], "EEAWithAdequacy")], ["planning", policy([], [])]]),
  places: new Map([
    ["assistant", [{ destination: "model-mirror", inside: MIRROR.cidrs, outside: [], undetermined: [], special: [] }]],
    ["library", [{ destination: "model-mirror", inside: ["198.51.100.7/32"], outside: [], undetermined: ["2001:db8:1::7/128"], special: [] }, { destination: "weather", inside: [], outside: ["203.0.113.0/28"], undetermined: [], special: [] }]],
  ]),
  changes: { since: "2026-11-01T06:00:00Z", flips: [
    { time: "2026-11-25T10:12:47Z", namespace: "assistant", workload: "assistant/Deployment/open-webui", from: "PROVED", to: "REFUTED" },
    { time: "2026-11-25T10:12:47Z", namespace: "assistant", from: "PROVED", to: "REFUTED" },
    { time: "2026-11-24T16:03:09Z", namespace: "planning", workload: "planning/DaemonSet/agent", to: "UNGOVERNED" },
    { time: "2026-11-20T08:00:00Z", namespace: "library", workload: "library/Job/import", from: "UNDETERMINED" },
  ] },
  guards: [{ policy: "land", status: "True", message: "Every object that the guard must refuse was refused.", older: { objects: 0, first: [] } }, { policy: "city", status: "False", message: "A NetworkPolicy with 0.0.0.0/1 was let through.", older: { objects: 3, first: ["DaemonSet planning/agent: spec.template.spec.hostNetwork, spec.template.spec.hostPID", "Service assistant/search: spec.externalName"] } }],
  probes: [
    { namespace: "assistant", name: "assistant", sealed: "False", message: "The proof does not hold: assistant is REFUTED.", last: { time: "2026-11-25T10:00:12Z", result: "Reached", families: ["IPv4", "IPv6"], reached: [{ name: "metadata", protocol: "TCP", address: "169.254.169.254", port: 80 }] } },
    { namespace: "library", name: "catalogue", sealed: "True", message: "A probe reached nothing, the rules are in force and proved.", last: { time: "2026-11-25T10:05:40Z", result: "Sealed", families: ["IPv4", "IPv6"], reached: [] } },
    { namespace: "planning", name: "drafts", sealed: "Unknown", message: "No probe has ended yet." },
  ],
};

/** Every packet goes where a policy allows; one destination is in a third country. */
export const allProved: ReportData = { ...mixed, proof: proof("PROVED", [LIBRARY]), guards: mixed.guards.slice(0, 1), probes: mixed.probes.slice(1, 2), policies: new Map([["library", policy([MIRROR, WEATHER], [INGRESS, IDENTITY], "EEAWithAdequacy")]]), places: new Map(), changes: { since: mixed.changes.since, flips: [] } };

/** No policy anywhere. */
export const ungoverned: ReportData = { ...allProved, proof: proof("UNGOVERNED", [LITELLM]), policies: new Map(), guards: [], probes: [] };
