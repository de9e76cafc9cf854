/** `--context NAME`: somebody's cluster. Says what will happen there before anything does, and asks. */
import { createInterface } from "node:readline/promises";
import { crdFiles, OPERATOR_ACCOUNT, OPERATOR_NAMESPACE } from "../cluster/install.ts";
import { Sorry } from "../cluster/sorry.ts";
import type { Kubectl } from "./kubectl.ts";
import type { Sample, Samples } from "./samples.ts";

/** What the demo will do to a cluster, for a person to read and agree to. */
export function announcement(context: string, server: string, samples: Samples): string {
  const namespaces = samples.namespaces.map(({ metadata }) => metadata.name).join(", ");
  const { inside = [], outside = [] } = Object.groupBy(samples.objects, ({ metadata }) => (metadata.namespace === undefined ? "outside" : "inside"));
  return [
    `This uses the cluster of context ${context} (${server}) and will`,
    `  1. create or update ${crdFiles().length} CustomResourceDefinitions of group hoheit.dev,`,
    `  2. create the namespace ${OPERATOR_NAMESPACE} with the service account ${OPERATOR_ACCOUNT}, a ClusterRole, a Role and their bindings (charts/hoheit/generated/rbac.yaml),`,
    `  3. run the operator on this machine, as that service account, with a token for 24 hours,`,
    `  4. create ${outside.length === 0 ? "" : `${countsOf(outside)}, `}the namespaces ${namespaces} and in them ${countsOf(inside)}: their pods ask for GPUs of this cluster and for the images named in samples/,`,
    `  5. at the end delete the samples that it has created, and leave 1 and 2 in place.`,
  ].join("\n");
}

const countsOf = (objects: readonly Sample[]): string =>
  [...Map.groupBy(objects, ({ kind }) => kind)].map(([kind, some]) => `${some.length} ${kind}`).join(", ");

/** Throws `Sorry` if the person does not say yes. */
export async function askForConsent(): Promise<void> {
  if (!process.stdin.isTTY) throw new Sorry("Nobody is there to agree: run it in a terminal, or agree beforehand with --yes.");
  const dialogue = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await dialogue.question("Go on? [y/N] ").finally(() => dialogue.close());
  if (!/^y(es)?$/i.test(answer.trim())) throw new Sorry("Nothing was done.");
}

/** An operator that runs there already would reconcile the samples with us. */
export async function refuseIfInstalled(kubectl: Kubectl): Promise<void> {
  const found = await kubectl(["get", "deployments", "--all-namespaces", `--selector=app.kubernetes.io/name=${OPERATOR_ACCOUNT}`, "-o", "name"]);
  if (found.trim() !== "") throw new Sorry(`Hoheit already runs in that cluster (${found.trim()}): the demo would get in its way.`);
}

/** Which of `objects` are not there yet: those will be ours to delete. */
export async function absentOnes<T extends Sample>(kubectl: Kubectl, objects: readonly T[]): Promise<T[]> {
  const absent: T[] = [];
  for (const object of objects) {
    const namespace = object.metadata.namespace === undefined ? [] : [`--namespace=${object.metadata.namespace}`];
    const there = await kubectl(["get", object.kind, object.metadata.name, ...namespace, "--ignore-not-found", "-o", "name"]);
    if (there.trim() === "") absent.push(object);
  }
  return absent;
}

/** Deletes objects and waits for their finalizers, for which the operator must still run. */
export async function remove(kubectl: Kubectl, objects: readonly Sample[]): Promise<void> {
  if (objects.length === 0) return;
  const list = { apiVersion: "v1", kind: "List", items: objects };
  await kubectl(["delete", "--ignore-not-found", "--wait", "--timeout=120s", "-f", "-"], JSON.stringify(list));
}
