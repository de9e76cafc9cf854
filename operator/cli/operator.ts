/**
 * `hoheit operator`: puts the pieces together and takes them apart again.
 *
 *   credentials ─▶ caches (every replica) ─▶ election ─▶ workers (the leader) ─▶ stop: workers, events, lease, caches
 *
 * A replica that loses the lease ends with exit code 1 and is started again by Kubernetes: what it remembers is stale.
 */
import { readFileSync } from "node:fs";
import { Caches } from "../kube/caches.ts";
import { KubeClient } from "../kube/client.ts";
import { loadCredentials, type CredentialSource } from "../kube/credentials.ts";
import type { Restart } from "../kube/reflector.ts";
import { Transport } from "../kube/transport.ts";
import { ConfigError, type Config } from "../config.ts";
import { languageModelDeployments, services, sovereigntyPolicies } from "../kinds/caches.ts";
import { tripwireOf } from "../kinds/language-model-deployment/observe.ts";
import { watchNamespaces } from "../kinds/governed-namespace/metrics.ts";
import { statesOf } from "../kinds/governed-namespace/state.ts";
import { controllers, governing } from "../kinds/index.ts";
import type { ProbeFacts } from "../kinds/language-model-deployment/build/index.ts";
import { watchProbes } from "../kinds/language-model-deployment/probe-metrics.ts";
import { dataSetsIn } from "../kinds/sovereignty-policy/proof/data-sets.ts";
import { readHistory } from "../kinds/sovereignty-policy/proof/history.ts";
import { watchPreexisting } from "../kinds/sovereignty-policy/preexisting/metrics.ts";
import { countFlips, watchProofs } from "../kinds/sovereignty-policy/proof/metrics.ts";
import type { Proofs } from "../kinds/sovereignty-policy/proof/proofs.ts";
import { systemClock } from "../lib/clock.ts";
import { LEADER_LEASE } from "../lib/names.ts";
import { nameServers } from "../sovereignty/probe/resolv-conf.ts";
import { VERSION } from "../lib/version.ts";
import { Elector, uniqueIdentity } from "../runtime/elector.ts";
import { EventWriter } from "../runtime/events.ts";
import { loopCheck, startHealthServer, syncedCheck, workerCheck, type HealthServer } from "../runtime/health.ts";
import type { Listener } from "../runtime/http.ts";
import { createLogger, type Logger } from "../runtime/log.ts";
import { Manager } from "../runtime/manager.ts";
import { Metrics } from "../runtime/metrics.ts";
import { overNetwork } from "../runtime/tripwire/network.ts";
import type { Peers } from "../runtime/tripwire/peers.ts";
import { startTripwire, type Tripwire } from "../runtime/tripwire/tripwire.ts";
import { watchLog } from "../runtime/watch-log.ts";
import { proofsFor } from "./proving.ts";
import { gatherReports, type ReportSource } from "./report-source.ts";
import { serveReport } from "./report.ts";

/** SIGTERM hands over within 3 s (controller-runtime waits for reconciles, too); what is under way gets this long. */
const FINISH_MS = 1_500;

/** Why a replica ends that shall be started again. */
const LOST = "lost the leader lease";

interface Parts {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly caches: Caches;
  readonly manager: Manager;
  readonly elector: Elector;
  readonly events: EventWriter;
  readonly proofs: Proofs;
  /** For reads that a standby makes, too. */
  readonly reader: KubeClient;
  readonly transports: readonly Transport[];
  /** Aborts when this replica shall end; the reason tells why. */
  readonly stop: AbortController;
  readonly workers: AbortController;
  /** Resolves when the last reconcile of this leader has ended. */
  led: Promise<void>;
}

/** Runs until SIGTERM, SIGINT or the loss of the lease. Returns the exit code. */
export async function operatorCommand(config: Config): Promise<number> {
  const log = createLogger({ level: config.logLevel });
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort(signal));
  const credentials = await orSorry("cannot find the API server", credentialsFor(config));
  const parts = assemble(config, { log, stop, credentials });
  const tripwire = await orSorry("cannot listen as the tripwire (--listen-control, --listen-tripwire)", layTripwire(parts));
  const health = await orSorry(`cannot listen on ${config.listen.host} port ${config.listen.port} (--listen)`, serve(parts, tripwire));
  const report = await openReport(parts);
  log.info({ version: VERSION, port: health.listening.port }, "started");
  const code = await run(parts, health);
  await report?.close();
  await tripwire.close();
  return code;
}

/** What a setting leads to that the surroundings refuse is said in one sentence, as a wrong setting is. */
function orSorry<T>(what: string, step: Promise<T>): Promise<T> {
  return step.catch((error: unknown) => {
    throw new ConfigError([`${what}: ${error instanceof Error ? error.message : String(error)}`]);
  });
}

function credentialsFor(config: Config): Promise<CredentialSource> {
  const { kubeconfig, context, inCluster } = config;
  return loadCredentials({ ...(kubeconfig !== undefined && { kubeconfig }), ...(context !== undefined && { context }), ...(inCluster !== undefined && { inCluster }) });
}

function assemble(config: Config, { log, stop, credentials }: { log: Logger; stop: AbortController; credentials: CredentialSource }): Parts {
  const metrics = new Metrics({ version: VERSION });
  const clock = systemClock;
  const transport = new Transport({ credentials });
  const onCall = metrics.called.bind(metrics);
  // A connection of its own: a renewal never waits behind a burst of writes.
  const elections = new Transport({ credentials });
  const unfenced = new KubeClient({ transport, onCall });
  const identity = uniqueIdentity(config.identity);
  const workers = new AbortController();
  const elector = new Elector({
    api: new KubeClient({ transport: elections, onCall }), clock, log, identity, lease: { namespace: config.namespace, name: LEADER_LEASE }, times: config.lease,
    onGained: () => (parts.led = manager.lead(workers.signal)),
    onLost: () => stop.abort(LOST),
  });
  const api = new KubeClient({ transport, onCall, fence: elector.fence });
  const events = new EventWriter({ api, clock, log, instance: identity, onDropped: (why) => metrics.eventDropped(why) });
  const warn = watchLog(log);
  const onRestart = (restart: Restart): void => {
    metrics.watchRestarted(restart);
    warn(restart);
  };
  const caches = new Caches({ transport, client: unfenced, onRestart });
  const { metricsScraper, namespace, image, releaseMs } = config;
  const operator = { namespace, image, probe: probeFacts(config) };
  const proofs = proofsFor({ reader: { api: unfenced, transport }, writer: api }, operator, countFlips(metrics));
  const options = { metricsScraper, operator, releaseMs, proofs, dataSets: dataSetsIn({ api: unfenced, clock, namespace }) };
  const list = controllers(options);
  const manager = new Manager({ controllers: list, api, caches, clock, log, events, metrics, workers: config.workers });
  // What has no conditions of ours is no custom resource.
  for (const { name, owns, conditions } of list) if (conditions.length > 0) metrics.watchObjects(name, () => caches.for(owns).list(), conditions);
  watchProofs(metrics, proofs, () => caches.for(sovereigntyPolicies).list());
  watchProbes(metrics, () => caches.for(languageModelDeployments).list());
  watchNamespaces(metrics, () => statesOf({ ...manager.lookUp, clock }, governing(options)));
  watchPreexisting(metrics, () => caches.for(sovereigntyPolicies).list());
  metrics.watchLeader(() => elector.leading);
  const parts: Parts = { config, log, metrics, caches, manager, elector, events, proofs, reader: unfenced, transports: [transport, elections], stop, workers, led: Promise.resolve() };
  return parts;
}

/** Whom a pod of this cluster would ask for a name stands in the operator's own, unless it is told. */
function probeFacts({ probeSchedule: schedule, probeTargets: own, probeDnsName: dnsName, clusterDns, inCluster }: Config): ProbeFacts {
  return { schedule, own, dnsName, dns: clusterDns ?? (inCluster === undefined ? [] : nameServers(readFileSync("/etc/resolv.conf", "utf8"))) };
}

/** On every replica: a standby's pod is behind the tripwire's Service, too. */
const layTripwire = (parts: Parts): Promise<Tripwire> => {
  const { config, log, metrics } = parts;
  return startTripwire({ control: config.listenControl, tripwire: config.listenTripwire, clock: systemClock, log, onContact: (port, protocol) => metrics.tripwireContacted(port, protocol), peers: peersOf(parts) });
};

/** The ports at the Service and at other replicas are the constants, whatever this one listens at. */
const peersOf = ({ config, caches }: Parts): Peers => ({
  ...overNetwork(systemClock), service: () => tripwireOf(caches.for(services), config)?.addresses ?? [],
});

/** On every replica: whoever asks cannot know which one leads. */
async function openReport({ config: { listenReport: address, namespace }, caches, manager, log, proofs, reader }: Parts): Promise<Pick<Listener, "close"> | undefined> {
  if (address === undefined) return undefined;
  let source: ReportSource | undefined;
  const listener = await orSorry(`cannot listen on ${address.host} port ${address.port} (--listen-report)`, serveReport(address, () => source?.current()));
  log.info({ reportPort: listener.address.port }, "the report can be read");
  void caches.synced().then(() => (source = gatherReports({ clock: systemClock, log, lookup: manager.lookUp, proofs, history: () => readHistory(reader, namespace) })));
  const close = async (): Promise<void> => {
    source?.stop();
    await listener.close();
  };
  return { close };
}

async function serve({ config, metrics, manager, caches }: Parts, tripwire: Tripwire): Promise<HealthServer> {
  let synced = false;
  void caches.synced().then(() => (synced = true));
  const loop = loopCheck(systemClock);
  const server = await startHealthServer({
    listen: config.listen,
    ...(config.listenMetrics !== undefined && { listenMetrics: config.listenMetrics }),
    alive: [loop, workerCheck(() => manager.longestReconcileMs())],
    ready: [syncedCheck(() => synced), tripwire.check],
    metrics: { contentType: metrics.registry.contentType, text: () => metrics.text() },
  });
  const close = async (): Promise<void> => {
    loop.stop();
    await server.close();
  };
  return { ...server, close };
}

async function run(parts: Parts, health: HealthServer): Promise<number> {
  const { caches, elector, events, log, metrics, stop, transports, workers } = parts;
  const watching = new AbortController();
  const reflectors = caches.start(watching.signal);
  const stopped = new Promise<void>((resolve) => stop.signal.addEventListener("abort", () => resolve(), { once: true }));
  await Promise.race([caches.synced(), stopped]);
  const election = new AbortController();
  const elected = stop.signal.aborted ? Promise.resolve() : elector.run(election.signal);
  await stopped;
  log.info({ why: stop.signal.reason as string }, "stopping");
  workers.abort();
  await Promise.race([parts.led, pause(FINISH_MS)]);
  await events.stop(500);
  election.abort();
  await elected;
  watching.abort();
  await reflectors;
  await health.close();
  metrics.close();
  for (const transport of transports) transport.close();
  log.info({}, "stopped");
  return stop.signal.reason === LOST ? 1 : 0;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => void systemClock.after(ms, resolve));
