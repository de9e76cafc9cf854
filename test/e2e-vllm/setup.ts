/** What the tests of the real vLLM start from: the tiny model on a volume, the papers for it, two servers, two clients. */
import { basename, dirname } from "node:path";
import { SERVING_PORT } from "../../operator/lib/names.ts";
import { boundClaim, put } from "../support/house.ts";
import { uniqueNamespace } from "../support/control-plane.ts";
import { activity, approval, lm, lmd } from "../support/makers.ts";
import { serviceAddresses, startClients, untilReady, type Clients } from "../support/node/house.ts";
import { node } from "../support/node/node.ts";
import { ensureVllm } from "../vllm/index.ts";

export const DEPLOYMENT = "assistant";
const CLAIM = "weights";
/** Long enough for a machine that does other things as well; alone it takes a minute. */
const START_MS = 300_000;

/** What a machine of two cores without a GPU needs beside what Hoheit renders: nothing that a user could not write. */
const FOR_CPU = {
  args: ["--enforce-eager", "--kv-cache-memory-bytes=134217728", "--max-num-seqs=8"],
  env: { OMP_NUM_THREADS: "1", TORCHDYNAMO_DISABLE: "1", VLLM_CPU_OMP_THREADS_BIND: "nobind" },
};

export interface Scene {
  readonly namespace: string;
  /** A word that is in the arguments of the servers, and so in their logs: who searches for it must find it. */
  readonly servedName: string;
  readonly clients: Clients;
  /** `http://CLUSTER-IP:8000`, and the same by IPv6. */
  readonly urls: readonly string[];
}

/** Two model servers that are Ready, and pods that would like to ask them. */
export async function setTheScene(): Promise<Scene> {
  const files = await ensureVllm({ step: console.log, tick: () => undefined });
  const namespace = await uniqueNamespace(node(), { prefix: "vllm", restricted: true });
  const servedName = `tiny-${namespace}`;
  // The volume holds more than the model: servers see the one folder of it that is theirs.
  await boundClaim(node(), namespace, CLAIM, { hostPath: { path: dirname(files.model), type: "Directory" } });
  const clients = await startClients();
  const deployment = lmd(DEPLOYMENT).clients(clients.entry).replicas(2).spec({ servedNames: [servedName], contextLength: 65_536, resources: { memory: "3Gi" }, rollout: { drainSeconds: 300 } })
    .engine({ version: files.version, image: files.image }).args(...FOR_CPU.args).env(FOR_CPU.env);
  const papers = [activity(), lm().claim(CLAIM, basename(files.model)).digest(files.modelDigest), approval().digest(files.modelDigest)];
  for (const object of [...papers, deployment]) await put(node(), object.namespace(namespace).manifest());
  await untilServing(namespace);
  return { namespace, servedName, clients, urls: (await serviceAddresses(namespace, DEPLOYMENT)).map(urlOf) };
}

/** Waits until all wanted pods are those of the newest spec and take requests. */
export const untilServing = (namespace: string): Promise<void> => untilReady(namespace, DEPLOYMENT, START_MS);

export const urlOf = (address: string): string => `http://${address.includes(":") ? `[${address}]` : address}:${SERVING_PORT}`;
