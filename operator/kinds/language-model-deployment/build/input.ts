/** What the builders are given: the deployment as it was parsed, and what was decided about it. Nothing here was read from a cluster by them. */
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
  readonly start: Start | undefined;
}
