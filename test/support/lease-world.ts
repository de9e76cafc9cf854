/** A world with one Lease and operators that elect a leader by it; everything in it happens when a test turns its clock. */
import type { KubeApi, Preconditions } from "../../operator/kube/api.ts";
import { ApiError, FencedError, TransportError } from "../../operator/kube/errors.ts";
import type { Clock } from "../../operator/lib/clock.ts";
import type { Lease, Live } from "../../operator/lib/k8s-types.ts";
import { Elector, type LeaseTimes } from "../../operator/runtime/elector.ts";
import type { Logger } from "../../operator/runtime/log.ts";
import { fakeClock, type FakeClock } from "./fake-clock.ts";

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const LEASE = { namespace: "hoheit-system", name: "hoheit-operator" };

/** The API server's side: one Lease, optimistic concurrency, and what can go wrong on the way to it. */
export class World {
  readonly clock: FakeClock = fakeClock();
  lease: Live<Lease> | undefined;
  private version = 0;
  private made = 0;

  put(spec: NonNullable<Lease["spec"]>, uid = this.lease?.metadata.uid ?? `uid-${this.made += 1}`): Live<Lease> {
    const metadata = { ...LEASE, uid, resourceVersion: String(this.version += 1) };
    return (this.lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec });
  }

  patch({ spec }: { spec: NonNullable<Lease["spec"]> }, only: Preconditions): Live<Lease> {
    if (this.lease === undefined) throw refused(404, "NotFound");
    const { uid, resourceVersion } = this.lease.metadata;
    if (only.uid !== uid || only.resourceVersion !== resourceVersion) throw refused(409, "Conflict");
    return this.put({ ...this.lease.spec, ...spec });
  }

  remove(): void {
    this.lease = undefined;
  }

  create({ spec }: Lease): Live<Lease> {
    if (this.lease !== undefined) throw refused(409, "AlreadyExists");
    return this.put(spec ?? {});
  }
}

const refused = (code: number, reason: string): ApiError => new ApiError("lease", { code, reason, message: "no" });

type Way = "open" | "cut" | "answers lost";

/** One operator process: its timers and its connection stand still while it is stopped, the world does not. */
export class Replica {
  readonly world: World;
  readonly elector: Elector;
  readonly gained: number[] = [];
  readonly lost: string[] = [];
  way: Way = "open";
  stopped = false;
  ended = false;
  private readonly missed: (() => void)[] = [];
  private readonly stop = new AbortController();

  constructor(world: World, identity: string, options: { times?: LeaseTimes; random?: () => number } = {}) {
    this.world = world;
    const { clock } = world;
    this.elector = new Elector({
      api: this.api(), log: silent, lease: LEASE, identity, clock: this.clock(), random: () => 0, ...options,
      onGained: () => this.gained.push(clock.monotonic()), onLost: (why) => this.lost.push(why),
    });
    void this.elector.run(this.stop.signal).then(() => (this.ended = true));
  }

  /** SIGSTOP and SIGCONT. */
  halt(): void {
    this.stopped = true;
  }

  wake(): void {
    this.stopped = false;
    for (const callback of this.missed.splice(0)) callback();
  }

  /** SIGTERM. */
  end(): void {
    this.stop.abort();
  }

  writes(): boolean {
    try {
      this.elector.fence("apply");
      return !this.stopped;
    } catch (error) {
      if (!(error instanceof FencedError)) throw error;
      return false;
    }
  }

  private clock(): Clock {
    const { clock } = this.world;
    const whenAwake = (callback: () => void): void => {
      if (this.stopped) this.missed.push(callback);
      else callback();
    };
    return { now: clock.now, monotonic: clock.monotonic, after: (ms, callback) => clock.after(ms, () => whenAwake(callback)) };
  }

  private api(): KubeApi {
    const call = async <T>(act: () => T, deadlineMs = 30_000): Promise<T> => {
      await this.wait(5);
      const way = this.way;
      let result: { value: T } | { error: unknown } | undefined;
      if (way !== "cut") try { result = { value: act() }; } catch (error) { result = { error }; }
      await this.wait(way === "open" ? 5 : deadlineMs - 5);
      if (way !== "open" || result === undefined) throw new TransportError("lease", "no answer");
      if ("error" in result) throw result.error;
      return result.value;
    };
    const { world } = this;
    return {
      get: (_of, _ref, options) => call(() => structuredClone(world.lease), options?.deadlineMs),
      create: (_of, object, options) => call(() => structuredClone(world.create(object as unknown as Lease)), options?.deadlineMs),
      mergePatch: (_of, _ref, patch, options = {}) => call(() => structuredClone(world.patch(patch as Lease & { spec: object }, options)), options.deadlineMs),
    } as Partial<KubeApi> as KubeApi;
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock().after(ms, resolve));
  }
}

/** The first replica of a world, `ms` milliseconds after it began. */
export const one = async (ms = 100): Promise<{ world: World; a: Replica }> => {
  const world = new World();
  const a = new Replica(world, "a");
  await world.clock.run(ms);
  return { world, a };
};
