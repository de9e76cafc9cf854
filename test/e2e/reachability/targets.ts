/** What pods may want to reach, by kind of target: rows of the table in docs/reachability.md. */
import { CONTROL_PORT, SERVING_PORT, TRIPWIRE_PORT } from "../../../operator/lib/names.ts";
import { QUESTION } from "../../../operator/runtime/tripwire/wire.ts";
import type { Target } from "../../support/node/attempt.ts";
import { NAMED_PORT } from "../../support/node/governed.ts";
import { NODE, OUTSIDE, RESOLVER, SERVICES } from "../../support/node/network.ts";

/** Addresses that differ from run to run. IPv4 first where there are two. */
export interface Places {
  readonly apiServer: { readonly address: string; readonly port: number };
  readonly tripwire: readonly string[];
  /** Of another pod in the namespace of the model server, with an open port, and of one in a namespace of its own. */
  readonly neighbour: readonly string[];
  readonly stranger: readonly string[];
  /** Of a model server that the application is a client of, and of one that nobody is. */
  readonly ownServer: readonly string[];
  readonly server: readonly string[];
}

const KUBELET_PORT = 10_250;
const WEB = 443;
const METADATA = 80;
const DNS = 53;

export function targets(places: Places): Target[] {
  return [
    ...both("an address that a policy names for the role", [OUTSIDE.v4, OUTSIDE.v6], NAMED_PORT, "TCP"),
    ...both("the internet", [OUTSIDE.v4, OUTSIDE.v6], WEB, "TCP"),
    ...both("the internet", [OUTSIDE.v4, OUTSIDE.v6], WEB, "UDP"),
    ...both("a cloud's metadata service", [OUTSIDE.metadata4, OUTSIDE.metadata6], METADATA, "TCP"),
    ...both("a name server outside", [RESOLVER.v4, RESOLVER.v6], DNS, "UDP").map((target) => ({ ...target, ask: `direct.${RESOLVER.zone}` })),
    { name: "a name outside, through cluster DNS", address: SERVICES.dns, port: DNS, protocol: "UDP", ask: `asked-by-udp.${RESOLVER.zone}` },
    { name: "a name outside, through cluster DNS", address: SERVICES.dns, port: DNS, protocol: "TCP", ask: `asked-by-tcp.${RESOLVER.zone}` },
    { name: "the API server, through its Service", address: SERVICES.apiServer, port: WEB, protocol: "TCP" },
    { name: "the API server itself", ...places.apiServer, protocol: "TCP" },
    ...both("the node's kubelet", [NODE.v4, NODE.v6], KUBELET_PORT, "TCP"),
    ...both("another pod of the models' namespace", places.neighbour, SERVING_PORT, "TCP"),
    ...both("a pod of another namespace", places.stranger, SERVING_PORT, "TCP"),
    ...both("a model server whose client it is", places.ownServer, SERVING_PORT, "TCP"),
    ...both("a model server whose client it is not", places.server, SERVING_PORT, "TCP"),
    ...both("the operator's control port", places.tripwire, CONTROL_PORT, "TCP"),
    ...both("the operator's control port", places.tripwire, CONTROL_PORT, "UDP").map(asATripwireIsAsked),
    ...both("the operator's tripwire", places.tripwire, TRIPWIRE_PORT, "TCP"),
    ...both("the operator's tripwire", places.tripwire, TRIPWIRE_PORT, "UDP").map(asATripwireIsAsked),
  ];
}

const asATripwireIsAsked = (target: Target): Target => ({ ...target, say: QUESTION.toString() });

const both = (name: string, addresses: readonly string[], port: number, protocol: "TCP" | "UDP"): Target[] =>
  addresses.map((address) => ({ name, address, port, protocol }));
