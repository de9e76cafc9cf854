/** docs/reachability.md: written from what packets did, and compared with what they do. Verdicts only, no times. */
import type { Attempt } from "../../support/node/attempt.ts";

/** A column: a role, and what a pod in it reached. */
export interface Column {
  readonly role: string;
  readonly attempts: readonly Attempt[];
}

const INTRODUCTION = `# What a pod can reach

Tried by real packets on a real node (containerd, kubelet, kube-proxy, kube-router) in both address families, and counted
where they arrive. \`npm run e2e\` fails when a packet does something else than this page says; \`npm run e2e -- --write-docs\`
writes it anew.

- **Ungoverned**: a pod in a namespace that no SovereigntyPolicy selects, without any NetworkPolicy. It is the positive
  control: everything that is listed can be reached, but what is in a governed namespace; that, the node itself reaches.
- **Application**: a pod of somebody else's in a governed namespace, a declared client of one of two models.
- **Fetch**: a pod that Hoheit makes to reach one address. Purge and Gateway pods are held in the same way.
- **Serving**: a model server in a governed namespace, and its gate, which waits in the same pod for the seal.
- **Probe**: the pod that looks from time to time whether the seal holds.
- **Operator**: Hoheit's own pods, under the NetworkPolicy of the chart.

`;

const NOTES = `
\`–\` is not reached: refused, timed out or unreachable, which of them depends on the network plugin. By design, a
sealed pod reaches the operator's control port alone, where it is told that the tripwire is up; nothing that it sends there
is kept or interpreted (docs/decisions/0006-gate-and-tripwire.md).

**A gap:** on this network, where the pods of a node share a bridge, no NetworkPolicy holds for IPv6 link-local addresses: a
sealed pod reaches its neighbours and its node by them (presumably without IPv6 in the cluster, too). Neither gate nor probe
sees it. SECURITY.md says what helps.
`;

/** Columns must have tried the same targets in the same order. */
export function document(columns: readonly Column[]): string {
  const [first] = columns;
  const rows = (first?.attempts ?? []).map(({ name, address, protocol }, index) => [
    name, protocol ?? "TCP", address.includes(":") ? "IPv6" : "IPv4", ...columns.map(({ attempts }) => (attempts[index]?.outcome === "Reached" ? "reached" : "–")),
  ]);
  const head = ["To", "Protocol", "Family", ...columns.map(({ role }) => role)];
  const table = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return `${INTRODUCTION}${table.join("\n")}\n${NOTES}`;
}
