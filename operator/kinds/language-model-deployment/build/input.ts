/** What the builders are given: the deployment as it was parsed, and what was decided about it. Nothing here was read from a cluster by them. */
import type { Destination } from "../../../sovereignty/probe/plan.ts";
import type { Schedule } from "../../../sovereignty/probe/schedule.ts";
import type { LanguageModelDeployment } from "../schema.ts";

/** The approved weights, as pods mount them. */
export interface ServedModel {
  readonly claimName: string;
  /** Folder in the volume, relative to its root; `.` is the root. */
  readonly path: string;
  /** Manifest digest, `sha256:...`. */
  readonly digest: string;
}

/** Pods of a namespace that may read the metrics of every model server (`hoheit operator --metrics-scraper`). */
export interface MetricsScraper {
  readonly namespace: string;
  /** `matchLabels`; at least one. */
  readonly podSelector: Readonly<Record<string, string>>;
}

/** What the provider set about probes (`hoheit operator --probe-...`). */
export interface ProbeFacts {
  readonly schedule: Schedule;
  /** The provider's own targets. */
  readonly own: readonly Destination[];
  /** Addresses of the cluster's name servers. */
  readonly dns: readonly string[];
  /** The outside name that they are asked for. */
  readonly dnsName: string;
}

/** Every quarter of an hour, nothing of the provider's own. */
export const USUAL_PROBE: ProbeFacts = { schedule: { minutes: [0, 15, 30, 45], hours: Array.from({ length: 24 }, (_, hour) => hour) }, own: [], dns: [], dnsName: "example.com" };

/** What the operator knows of itself. */
export interface OperatorFacts {
  /** Where its own pods, and with them the tripwire, run. */
  readonly namespace: string;
  /** Its own image (`hoheit operator --image`), from which gates and probes run. */
  readonly image: string;
  readonly probe: ProbeFacts;
}

/** Where the tripwire is. */
export interface Tripwire {
  /** Addresses of its Service, one for each family, in the order of the Service; at least one. */
  readonly addresses: readonly string[];
}

/** What to run. Absent while nothing may start: then everything but the Deployment is built. */
export interface Start {
  readonly model: ServedModel;
  readonly replicas: number;
  /** Annotations of the live Deployment, which tell what its pods run; undefined when there is none. */
  readonly liveAnnotations: Readonly<Record<string, string>> | undefined;
}

export interface BuildInput {
  readonly deployment: LanguageModelDeployment;
  /** Clients that get in; those of `deployment.spec.clients` whose activity is approved. */
  readonly clients: LanguageModelDeployment["spec"]["clients"];
  readonly metricsScraper: MetricsScraper | undefined;
  readonly operator: OperatorFacts;
  /** Undefined while it has no address: then no pod could tell whether it is sealed, and what tells them of it stays as it is. */
  readonly tripwire: Tripwire | undefined;
  readonly start: Start | undefined;
  /** Replicas that go on running while nothing may start; default 0. */
  readonly running?: number;
}
