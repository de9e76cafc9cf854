/** Every allowed connection, as text: senders, and below them to whom and at which ports. */
import type { Connection, End } from "../../sovereignty/prover/connections.ts";
import { isMeant } from "./focus.ts";
import { portsText } from "./explain.ts";
import type { Focus } from "./options.ts";

/** Those at one end of which there is a workload that is asked for; of that end only such workloads. */
export function connectionsOf(all: readonly Connection[], { namespace, workload }: Focus): Connection[] {
  if (namespace === undefined && workload === undefined) return [...all];
  const isAsked = (id: string): boolean => (namespace === undefined || id.startsWith(`${namespace}/`)) && (workload === undefined || isMeant(id, workload));
  const asked = (end: End): End | undefined => {
    if (!("workloads" in end)) return undefined;
    const workloads = end.workloads.filter(isAsked);
    return workloads.length === 0 ? undefined : { workloads };
  };
  return all.flatMap((one) => {
    const [from, to] = [asked(one.from), asked(one.to)];
    const sent = from === undefined ? [] : [{ ...one, from }];
    const received = to === undefined ? [] : [{ ...one, to }];
    return "workloads" in one.from && "workloads" in one.to && from !== undefined && to !== undefined ? [...sent, ...withoutSenders(received, isAsked)] : [...sent, ...received];
  });
}

/** What those that are asked for send to each other is said already. */
const withoutSenders = (received: readonly Connection[], isAsked: (id: string) => boolean): Connection[] => received.flatMap((one) => {
  const others = namesOf(one.from).filter((id) => !isAsked(id));
  return others.length === 0 ? [] : [{ ...one, from: { workloads: others } }];
});

export function connectionsText(connections: readonly Connection[]): string {
  if (connections.length === 0) return "No connection is allowed.\n";
  const bySender = Map.groupBy(connections, ({ from }) => namesOf(from).join(", "));
  return [...bySender].map(([from, lines]) => `${from}\n${lines.map(({ to, ports }) => `  -> ${namesOf(to).join(", ")}  ${portsText(ports)}\n`).join("")}`).join("");
}

const namesOf = (end: End): readonly string[] => ("workloads" in end ? end.workloads : end.addresses);
