import { ASSUMPTIONS, RESIDUALS } from "../../sovereignty/prover/result.ts";
import type { Terms } from "./texts.ts";

export const terms: Terms = {
  verdicts: {
    PROVED: { word: "Proved", means: "Every packet that the rules let through goes where a policy allows." },
    REFUTED: { word: "Refuted", means: "The rules let at least one packet through that no policy allows. It is named." },
    UNDETERMINED: { word: "Undetermined", means: "Something could not be read, understood or decided. It is named." },
    UNGOVERNED: { word: "Ungoverned", means: "Nothing holds it: no policy selects its namespace, or it uses the network of its node." },
  },
  roles: {
    Serving: { word: "Serving", means: "model servers" },
    Fetch: { word: "Fetch", means: "jobs that bring in models" },
    Purge: { word: "Purge", means: "jobs that delete what is due" },
    Probe: { word: "Probe", means: "pods that try to get out, to see that they cannot" },
    Gateway: { word: "Gateway", means: "a tenant's door to its models" },
    Application: { word: "Application", means: "everything that Hoheit did not make: user interfaces, search, sign-in" },
  },
  profiles: {
    DE: "Destinations may be in Germany only.",
    EU: "Destinations may be in the member states of the European Union only.",
    EEA: "Destinations may be in the European Economic Area only: the European Union, Iceland, Liechtenstein and Norway.",
    EEAWithAdequacy: "Destinations may be in the European Economic Area, and in countries with an adequacy decision under Art. 45 GDPR in force. Those remain third countries.",
  },
  foreignControl: {
    Refuse: "Operators that can be compelled from elsewhere are excluded.",
    Report: "Operators that can be compelled from elsewhere are reported, not excluded.",
  },
  directions: { Ingress: "may connect to pods here", Egress: "may be connected to from here" },
  addressClasses: {
    Metadata: "metadata services, which hand out credentials", Loopback: "the pod itself (loopback)", LinkLocal: "link-local addresses", Unspecified: "the unspecified address",
    Private: "private addresses (RFC 1918)", SharedCGNAT: "addresses shared by network operators (RFC 6598)", UniqueLocal: "unique local IPv6 addresses", Multicast: "multicast addresses",
    Broadcast: "the broadcast address", Documentation: "addresses for documentation", Benchmarking: "addresses for benchmarks", Mapped: "IPv4 addresses mapped into IPv6",
    Translated: "translated addresses (NAT64)", Reserved: "reserved addresses", Global: "public addresses",
  },
  missing: {
    Unreadable: { word: "Unreadable", means: "An input could not be read." },
    UnknownKind: { word: "Unknown kind of policy", means: "The cluster has a kind of policy that Hoheit does not understand. It might open or close anything." },
    Unclear: { word: "Unclear rule", means: "A rule cannot be parsed, is ambiguous or belongs to a later version of the API." },
    ClusterRange: { word: "Address in the cluster", means: "An address may belong to any pod, Service or node." },
    Relay: { word: "Possible relay", means: "A pod that is not governed, or not proved itself, could pass on what it is told." },
    Combination: { word: "Several rules together", means: "Some pods are held, or let out, only by several rules together." },
    HostNetwork: { word: "Network of the node", means: "It uses the network of its node. No NetworkPolicy holds it." },
    NoPolicy: { word: "No policy", means: "No SovereigntyPolicy selects its namespace." },
  },
  findings: {
    ExternalName: { word: "Name outside", means: "A Service is another word for a name outside the cluster." },
    ExternalIPs: { word: "Foreign addresses", means: "A Service claims addresses that are not the cluster's." },
    OutsideEndpoints: { word: "Endpoints outside", means: "A Service leads to addresses outside the cluster." },
    NodePort: { word: "Port on every node", means: "A Service is open on all nodes of the cluster." },
    LoadBalancer: { word: "Load balancer", means: "A Service is open outside the cluster." },
    Unclear: { word: "Unclear", means: "An object could not be understood." },
  },
  pods: {
    Governed: "governed itself: counts as far as it is proved there",
    InClusterPeer: "peer named by the policy",
    Operator: "control port of Hoheit, which reads nothing",
    DNS: "name server of the cluster",
    Relay: "unsettled: it could pass on what it is told",
  },
  assumptions: ASSUMPTIONS,
  residuals: RESIDUALS,
  guard: { True: "in force", False: "not in force", Unknown: "unknown" },
  sealed: { True: "sealed", False: "not sealed", Unknown: "unknown" },
  probes: { Sealed: "nothing was reached", Reached: "something was reached", Inconclusive: "inconclusive" },
};
