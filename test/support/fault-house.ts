/** A house on a control plane of its own for bad days: each operator has a fault proxy, and `plane` is what it all runs on. */
import { afterAll, afterEach, beforeAll } from "vitest";
import { IDENTITIES, rawCall, type ControlPlane } from "./control-plane.ts";
import { PATIENT_LEASE, removeDeployments, untilSynced } from "./crash-house.ts";
import { FaultProxy, type Match } from "./fault-proxy.ts";
import { furnishedNamespace, put, startHouse, untilReason } from "./house.ts";
import { lmd } from "./makers.ts";
import { startOperator, type RunningOperator } from "./operator.ts";

export const ONE_OF_EACH = ["configmaps", "cronjobs", "deployments", "networkpolicies", "serviceaccounts", "services"];

export interface Begun {
  readonly operator: RunningOperator;
  readonly proxy: FaultProxy;
  readonly address: string;
}

export interface FaultHouse {
  readonly plane: ControlPlane;
  /**
   * An operator with synced caches and a proxy of its own. Not through it where the API server itself is killed: a
   * listener that is still there tells the operator that a server is in trouble, not that it is away.
   */
  begin(flags?: readonly string[], directly?: boolean): Promise<Begun>;
  /** The namespace of a deployment that serves. */
  served(name?: string): Promise<string>;
}

/** Starts the house before the tests of this file, ends every operator after its test, and all of it at the end. */
export function useFaultHouse(): FaultHouse {
  let plane: ControlPlane | undefined;
  let running: { operator: RunningOperator; proxy: FaultProxy }[] = [];
  const there = (): ControlPlane => {
    if (plane === undefined) throw new Error("the house is only there while tests run");
    return plane;
  };
  beforeAll(async () => {
    plane = await startHouse({ audit: { users: IDENTITIES.map(({ user }) => user) } });
  }, 180_000);
  afterEach(async () => {
    for (const { proxy } of running) proxy.heal();
    if (running.some(({ operator }) => operator.process.exitCode === null)) await removeDeployments(there());
    for (const { operator, proxy } of running.splice(0)) {
      await operator[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    }
    await rawCall(there(), "DELETE", "/apis/coordination.k8s.io/v1/namespaces/hoheit-system/leases/hoheit-operator").catch(() => undefined);
  }, 60_000);
  afterAll(() => plane?.stop());
  return {
    get plane() { return there(); },
    begin: async (flags = PATIENT_LEASE, directly = false) => {
      const proxy = await FaultProxy.start({ url: there().url, ca: there().ca });
      const operator = await startOperator(there(), { flags, ...(!directly && { through: proxy }) });
      running = [...running, { operator, proxy }];
      return { operator, proxy, address: await untilSynced(operator) };
    },
    served: async (name = "assistant") => {
      const namespace = await furnishedNamespace(there());
      await put(there(), lmd(name).namespace(namespace).manifest());
      await untilReason(there(), namespace, name, "Serving");
      return namespace;
    },
  };
}

export const logText = (operator: RunningOperator): string => operator.output.join("\n");
export const writeTo = (namespace: string, plural = ""): Match => ({ isWrite, path }) => isWrite && path.includes(`/namespaces/${namespace}/${plural}`) && !path.endsWith("/events");
