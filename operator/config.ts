/**
 * The settings of `hoheit operator`, and the only place that reads `process.env`.
 *
 * Every setting has a flag and a variable: `--log-level` and `HOHEIT_LOG_LEVEL`. The flag wins. A setting that does not
 * parse ends the program with the name of the setting and what it takes; nothing is guessed.
 */
import { isIP } from "node:net";
import { hostname } from "node:os";
import { z } from "zod";
import { CONTROL_PORT, OPERATOR_NAMESPACE, TRIPWIRE_PORT } from "./lib/names.ts";
import { ownTargets, probePlan, type ProbePlan } from "./sovereignty/probe/plan.ts";
import { parseSchedule } from "./sovereignty/probe/schedule.ts";

const seconds = () => z.coerce.number({ error: "takes a number of seconds" }).positive();

/** `host:port`, `[v6]:port` or `:port` (all addresses). */
const listenAddress = z.string().transform((text, check) => {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65535) {
    check.addIssue({ code: "custom", message: "takes host:port, [v6]:port or :port" });
    return z.NEVER;
  }
  return { host: match[1] ?? (match[2] === "" ? "::" : (match[2] ?? "::")), port };
});

/** JSON in a flag or variable. */
const json = <T extends z.ZodType>(schema: T) =>
  z.string().transform((text, check): z.output<T> => {
    try {
      const result = schema.safeParse(JSON.parse(text));
      if (result.success) return result.data;
      check.addIssue({ code: "custom", message: result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ") });
    } catch {
      check.addIssue({ code: "custom", message: "is not JSON" });
    }
    return z.NEVER;
  });

const scraper = z.object({ namespace: z.string().min(1).max(63), podSelector: z.record(z.string(), z.string()).refine((labels) => Object.keys(labels).length > 0, "names at least one label") });

/** Without days, so that it is known how old a result may get. */
const schedule = z.string().transform((text, check) => {
  const parsed = parseSchedule(text);
  if (parsed !== undefined) return parsed;
  check.addIssue({ code: "custom", message: "takes MINUTE HOUR * * * (UTC), for example */15 * * * *: at least one probe a day" });
  return z.NEVER;
});

/** Letters, digits and what separates registry, repository, tag and digest: it becomes part of a manifest. */
const IMAGE = /^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}$/;

const settings = z.object({
  kubeconfig: z.string().optional().describe("path of a kubeconfig; without one, $KUBECONFIG, ~/.kube/config or the pod's own account"),
  context: z.string().optional().describe("context of the kubeconfig"),
  namespace: z.string().default(OPERATOR_NAMESPACE).describe("namespace of the operator: its Lease lives there"),
  identity: z.string().min(1).default(() => hostname()).describe("name of this replica in the Lease, followed by a random part"),
  workers: z.coerce.number().int().min(1).max(256).default(10).describe("reconciles at a time, per kind"),
  leaseSeconds: seconds().int().default(15).describe("how long a leader that went silent is waited for"),
  renewSeconds: seconds().default(10).describe("how long a leader goes on without a renewal"),
  retrySeconds: seconds().default(2).describe("pause between renewals"),
  pollSeconds: seconds().default(1).describe("pause between looks of a standby at the Lease"),
  releaseSeconds: seconds().int().default(300).describe("how long a namespace that no SovereigntyPolicy selects any more keeps its NetworkPolicies: the time to undo a mistake"),
  listen: listenAddress.default({ host: "::", port: 8080 }).describe("address of /healthz, /readyz and, without an address of their own, /metrics"),
  listenMetrics: listenAddress.optional().describe("address of /metrics alone, so that Prometheus and the kubelet can be kept apart"),
  listenReport: listenAddress.optional().describe("address of the report for people who audit; without one there is none. It asks nobody who they are: put a proxy before it that does"),
  image: z.string({ error: "names the image of Hoheit that this operator was started from: every pod that it makes waits in it until it is sealed" }).regex(IMAGE, "is no image reference")
    .describe("image of Hoheit, best with a digest, as the kubelets of model servers pull it: the gate of their pods runs from it"),
  listenControl: listenAddress.default({ host: "::", port: CONTROL_PORT }).describe("address, TCP and UDP, at which sealed pods may ask whether the tripwire is up"),
  listenTripwire: listenAddress.default({ host: "::", port: TRIPWIRE_PORT }).describe("address, TCP and UDP, that sealed pods must not reach"),
  logLevel: z.enum(["debug", "info", "warn", "error"]).default("info").describe("least severe level that is logged"),
  metricsScraper: json(scraper).optional().describe('who may read the metrics of model servers, e.g. {"namespace":"monitoring","podSelector":{"app.kubernetes.io/name":"prometheus"}}'),
  probeSchedule: schedule.prefault("*/15 * * * *").describe("when the seal of each deployment is probed, in UTC; every deployment at minutes of its own, moved by less than the distance of two"),
  probeTargets: json(ownTargets).default([]).describe('further addresses that no model server may reach, e.g. [{"name":"proxy","address":"192.0.2.8","port":3128,"protocol":"TCP"}]; at most 16'),
  clusterDns: z.string().transform((text) => text.split(",")).pipe(probePlan.shape.dns).optional()
    .describe("addresses of the cluster's name servers, separated by commas: probes ask them; without it, those of the operator's own pod"),
  probeDnsName: probePlan.shape.dnsName.default("example.com").describe("outside name for which probes ask them; a sealed pod gets no answer"),
}).refine((value) => value.retrySeconds * 1.2 < value.renewSeconds && value.renewSeconds < value.leaseSeconds, { error: "retrySeconds * 1.2 < renewSeconds < leaseSeconds must hold", path: ["leaseSeconds"] });

/** Settings as the commands use them: times in milliseconds, the pod's surroundings read. */
export interface Config extends Omit<z.output<typeof settings>, `${string}Seconds`> {
  readonly releaseMs: number;
  readonly lease: { readonly leaseMs: number; readonly renewDeadlineMs: number; readonly retryMs: number; readonly pollMs: number };
  /** Address of the API server, as Kubernetes tells it to every pod; undefined outside of one. */
  readonly inCluster: { readonly host: string; readonly port: string } | undefined;
}

/** Flag, variable and meaning of each setting, for `--help` and the reference. */
export const settingHelp: readonly { name: string; flag: string; variable: string; help: string }[] = Object.entries(settings.shape).map(([name, schema]) => ({
  name,
  flag: `--${kebab(name)}`,
  variable: `HOHEIT_${kebab(name).replaceAll("-", "_").toUpperCase()}`,
  help: schema.description ?? "",
}));

/**
 * Settings from flags, then variables, then defaults.
 * @throws ConfigError naming every setting that does not parse
 */
export function loadConfig(flags: Readonly<Record<string, unknown>>, environment: Readonly<Record<string, string | undefined>> = process.env): Config {
  const given = Object.fromEntries(
    settingHelp.flatMap(({ name, variable }) => {
      const value = flags[name] ?? environment[variable];
      return value === undefined || value === "" ? [] : [[name, value]];
    }),
  );
  const result = settings.safeParse(given);
  if (result.success) return configOf(result.data, environment);
  throw new ConfigError(result.error.issues.map((issue) => {
    const setting = settingHelp.find(({ name }) => name === issue.path[0]);
    return `${setting?.flag ?? "settings"} (${setting?.variable ?? ""}): ${issue.message}`;
  }));
}

function configOf(parsed: z.output<typeof settings>, { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port }: Readonly<Record<string, string | undefined>>): Config {
  const { leaseSeconds, renewSeconds, retrySeconds, pollSeconds, releaseSeconds, ...rest } = parsed;
  const lease = { leaseMs: leaseSeconds * 1000, renewDeadlineMs: renewSeconds * 1000, retryMs: retrySeconds * 1000, pollMs: pollSeconds * 1000 };
  return { ...rest, releaseMs: releaseSeconds * 1000, lease, inCluster: host === undefined || port === undefined ? undefined : { host, port } };
}

/** What `hoheit probe` is told by the operator, and by Kubernetes. */
export interface ProbeConfig {
  readonly plan: ProbePlan;
  readonly apiServer: Config["inCluster"];
  readonly terminationLog: string;
}

const probeSettings = z.object({ plan: json(probePlan), terminationLog: z.string() });

/** @throws ConfigError naming what does not parse */
export function loadProbeConfig(flags: unknown, environment: Readonly<Record<string, string | undefined>> = process.env): ProbeConfig {
  const result = probeSettings.safeParse(flags);
  if (!result.success) throw new ConfigError(result.error.issues.map((issue) => `--${kebab(String(issue.path[0]))}: ${issue.message}`));
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  return { ...result.data, apiServer: host === undefined || port === undefined ? undefined : { host, port } };
}

/**
 * A list of IP addresses separated by commas.
 * @throws ConfigError naming the first that is none
 */
export function addressesIn(text: string): string[] {
  const addresses = text.split(",");
  const wrong = addresses.find((address) => isIP(address) === 0);
  if (wrong !== undefined) throw new ConfigError([`--tripwire: ${JSON.stringify(wrong)} is no address`]);
  return addresses;
}

export class ConfigError extends Error {
  override readonly name = "ConfigError";
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
  }
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
