/**
 * `npm run bench -- take-over`: how long nobody works after the leader was killed, and after it was told to end. Three
 * replicas of the operator as shipped, with the lease times that we ship, and N converged LanguageModelDeployments.
 *
 * Right after the signal a Service is deleted, so that there is something to mend. Measured are, from the signal, the new
 * leader's first write (the Lease) and its first write to an object (the Service), both by the API server's audit log,
 * which tells the replicas apart by their user names. The signal comes at a random moment between two renewals.
 */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { build } from "../../hack/build.ts";
import type { ControlPlane, Identity } from "../../hack/cluster/control-plane.ts";
import { SERVICES, type Resource } from "../../operator/kube/resources.ts";
import type { KubeObject } from "../../operator/lib/k8s-types.ts";
import { DEFAULT_LEASE_TIMES } from "../../operator/runtime/elector.ts";
import { keep, show, spread } from "./figures.ts";
import { DEPLOYED, join, manifestOf, nameOf, NAMESPACE, requestsOf, side, startBenchHouse, startOperator, until, WRITES, type Operator, type Request } from "./house.ts";

type Signal = "SIGKILL" | "SIGTERM";

/** Who is who in the audit log; all have the permissions of the shipped account. */
const REPLICAS: readonly Identity[] = ["a", "b", "c"].map((letter) => ({ name: `replica-${letter}`, user: `replica-${letter}`, groups: ["bench:operators", "system:authenticated"] }));

const RBAC = (plural: string, kind: string, namespaced: boolean): Resource => ({ group: "rbac.authorization.k8s.io", version: "v1", plural, kind, namespaced });

interface Taken { readonly leaseSeconds: number; readonly workSeconds: number }

export async function takeOver(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { n: { type: "string", default: "1000" }, runs: { type: "string", default: "3" } } });
  const [n, rounds] = [Number(values.n), Number(values.runs)];
  const bundle = await build();
  const taken: Record<Signal, Taken[]> = { SIGKILL: [], SIGTERM: [] };
  const plane = await startBenchHouse(REPLICAS);
  const running = new Map<string, Operator>();
  try {
    await permit(plane);
    for (const { name } of REPLICAS) running.set(name, startOperator(plane, bundle, name));
    await Promise.all([...running.values()].map(({ ready }) => ready));
    let leader = await Promise.race([...running].map(([name, { leads }]) => leads.then(() => name)));
    await converge(plane, n);
    for (let round = 1; round <= rounds; round += 1) {
      for (const signal of ["SIGKILL", "SIGTERM"] as const) {
        const one = await oneTakeOver(plane, { leader, running, signal });
        taken[signal].push(one);
        console.log(`round ${round}, ${signal}, N=${n}, load ${loadavg()[0]?.toFixed(1)}: ${JSON.stringify(one)}`);
        running.set(leader, startOperator(plane, bundle, leader));
        await running.get(leader)?.ready;
        leader = one.leader;
      }
    }
  } finally {
    for (const operator of running.values()) await operator.end("SIGKILL");
    await plane.stop();
  }
  report(n, taken);
}

async function permit(plane: ControlPlane): Promise<void> {
  using admin = join(plane, "admin");
  const bind = async (kind: "Role" | "ClusterRole", namespace: string | undefined): Promise<void> => {
    const name = namespace === undefined ? "bench-operators" : "bench-operators-here";
    const binding = { apiVersion: "rbac.authorization.k8s.io/v1", kind: `${kind}Binding`, metadata: { name, ...(namespace !== undefined && { namespace }) }, roleRef: { apiGroup: "rbac.authorization.k8s.io", kind, name: "hoheit-operator" }, subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "bench:operators" }] };
    await admin.client.create<KubeObject>(RBAC(`${kind.toLowerCase()}bindings`, binding.kind, namespace !== undefined), binding);
  };
  await bind("ClusterRole", undefined);
  await bind("Role", "hoheit-system");
}

async function converge(plane: ControlPlane, n: number): Promise<void> {
  using admin = join(plane, "admin");
  await side(n, async (i) => void (await admin.client.create<KubeObject>(DEPLOYED, manifestOf(i))));
  const work = (): number => writesOf(plane).filter(({ objectRef }) => objectRef?.resource !== "leases").length;
  for (let [before, now] = [-1, 0]; before !== now || now < n;) {
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    [before, now] = [now, work()];
  }
}

interface Case { readonly leader: string; readonly running: ReadonlyMap<string, Operator>; readonly signal: Signal }

async function oneTakeOver(plane: ControlPlane, { leader, running, signal }: Case): Promise<Taken & { leader: string }> {
  using admin = join(plane, "admin");
  await new Promise((resolve) => setTimeout(resolve, 2_000 + Math.random() * DEFAULT_LEASE_TIMES.retryMs));
  const at = Date.now();
  const ended = running.get(leader)?.end(signal);
  await admin.client.delete(SERVICES, { namespace: NAMESPACE, name: nameOf(0) });
  const others = (): Request[] => writesOf(plane).filter(({ user, requestReceivedTimestamp }) => user.username !== leader && Date.parse(requestReceivedTimestamp) >= at);
  // A standby may try for the Lease and lose; the winner is who mends.
  const mend = (): Request | undefined => others().find(({ objectRef }) => objectRef?.resource === SERVICES.plural);
  await until(() => mend() !== undefined, 60_000, 200);
  await ended;
  const winner = mend()?.user.username ?? "";
  const first = others().find(({ user, objectRef }) => user.username === winner && objectRef?.resource === "leases");
  const seconds = (request: Request | undefined): number => (Date.parse(request?.requestReceivedTimestamp ?? "") - at) / 1000;
  return { leader: winner, leaseSeconds: seconds(first), workSeconds: seconds(mend()) };
}

const writesOf = (plane: ControlPlane): Request[] => requestsOf(plane).filter(({ verb, responseStatus }) => WRITES.has(verb) && (responseStatus?.code ?? 0) < 300);

function report(n: number, taken: Readonly<Record<Signal, readonly Taken[]>>): void {
  const figures = Object.fromEntries(Object.entries(taken).map(([signal, all]) => [signal, {
    "to the Lease, s": spread(all.map(({ leaseSeconds }) => leaseSeconds)),
    "to the first write to an object, s": spread(all.map(({ workSeconds }) => workSeconds)),
  }]));
  console.table(Object.fromEntries(Object.entries(figures).map(([signal, all]) => [signal, Object.fromEntries(Object.entries(all).map(([what, value]) => [what, show(value)]))])));
  keep(`take-over-${n}`, { n, figures });
}
