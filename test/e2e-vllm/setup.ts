/** What the tests of the real vLLM start from: tiny models on a volume, the papers for one of them, servers, and clients. */
import { SERVING_PORT } from "../../operator/lib/names.ts";
import { boundClaim, put } from "../support/house.ts";
import { uniqueNamespace } from "../support/control-plane.ts";
import { activity, approval, lm, lmd } from "../support/makers.ts";
import { serviceAddresses, startClients, untilReady, type Clients } from "../support/node/house.ts";
import { node } from "../support/node/node.ts";
import { ensureVllm, type TinyModel } from "../vllm/index.ts";

export const DEPLOYMENT = "assistant";
const CLAIM = "weights";
/** Long enough for a machine that does other things as well; alone it takes a minute. */
export const START_MS = 300_000;

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

const vllm = () => ensureVllm({ step: console.log, tick: () => undefined });

/** Model servers that are Ready, and pods that would like to ask them. `wish`: members of the spec. */
export async function setTheScene(wish: object): Promise<Scene> {
  const namespace = await uniqueNamespace(node(), { prefix: "vllm", restricted: true });
  const servedName = `tiny-${namespace}`;
  // The volume holds more than one model: servers see the one folder of it that is theirs.
  await boundClaim(node(), namespace, CLAIM, { hostPath: { path: (await vllm()).models, type: "Directory" } });
  const clients = await startClients();
  await deploy(namespace, lmd(DEPLOYMENT).clients(clients.entry).spec({ ...wish, servedNames: [servedName], rollout: { drainSeconds: 300 } }), "chat");
  await untilServing(namespace);
  return { namespace, servedName, clients, urls: (await serviceAddresses(namespace, DEPLOYMENT)).map(urlOf) };
}

/** Applies a deployment of one of the models, and the papers for it. */
export async function deploy(namespace: string, deployment: ReturnType<typeof lmd>, model: TinyModel): Promise<void> {
  const { version, image, digests } = await vllm();
  const papers = [activity(), lm(model).claim(CLAIM, model).digest(digests[model]), approval(model).digest(digests[model])];
  const ordered = deployment.spec({ modelRef: { name: model }, resources: { memory: "3Gi" } }).engine({ version, image }).args(...FOR_CPU.args).env(FOR_CPU.env);
  for (const object of [...papers, ordered]) await put(node(), object.namespace(namespace).manifest());
}

/** Waits until all wanted pods are those of the newest spec and take requests. */
export const untilServing = (namespace: string): Promise<void> => untilReady(namespace, DEPLOYMENT, START_MS);

export const urlOf = (address: string): string => `http://${address.includes(":") ? `[${address}]` : address}:${SERVING_PORT}`;
