/** The only reads: everything that the decision needs, in one snapshot, from caches alone. Nothing after it looks at the cluster. */
import { NETWORK_POLICIES } from "../../kube/resources.ts";
import type { Live, Namespace } from "../../lib/k8s-types.ts";
import type { Context } from "../../runtime/kind.ts";
import { BY_CLIENT, BY_NAMESPACE } from "../caches.ts";
import { languageModelDeployment } from "../language-model-deployment/schema.ts";
import { readable } from "../read.ts";
import type { ModelClient } from "./build/index.ts";
import { governanceOf, isExempt, isGoverned, type Governance } from "./governance.ts";
import type { Scene } from "./scene.ts";

export type Lookup = Pick<Context, "cache" | "clock">;

/** What the operator was told. */
export interface Options {
  /** Where the operator runs: governed by nobody. */
  readonly operatorNamespace: string;
  /** Addresses of the cluster's name servers. */
  readonly nameServers: readonly string[];
  /** How long policies stay once no SovereigntyPolicy selects a namespace any more, in milliseconds: the time to undo a mistake. */
  readonly releaseMs: number;
}

export interface Observed extends Scene {
  /** Undefined if no policy selects the namespace. */
  readonly governance: Governance | undefined;
  /** It may not be governed, whatever selects it. */
  readonly isExempt: boolean;
  readonly clients: readonly ModelClient[];
  readonly nameServers: readonly string[];
}

export function observe(namespace: Live<Namespace>, lookup: Lookup, options: Options): Observed {
  const { name } = namespace.metadata;
  return {
    namespace,
    governance: governanceOf(namespace, lookup, lookup.clock.now()),
    isExempt: isExempt(name, options.operatorNamespace),
    clients: clientsIn(name, lookup, options),
    nameServers: options.nameServers,
    networkPolicies: new Map(lookup.cache(NETWORK_POLICIES).by(BY_NAMESPACE, name).map((policy) => [policy.metadata.name, policy])),
  };
}

/**
 * Clients in this namespace of deployments in governed ones. A deployment that nobody governs may have a way out, and one
 * that is being deleted serves until its pods are gone.
 */
function clientsIn(namespace: string, lookup: Lookup, { operatorNamespace }: Options): ModelClient[] {
  return lookup.cache(languageModelDeployment.resource).by(BY_CLIENT, namespace)
    .filter(({ metadata }) => isGoverned(metadata.namespace ?? "", lookup, operatorNamespace))
    .flatMap((live) => readable(languageModelDeployment, live) ?? [])
    .flatMap(({ metadata: { namespace: servedIn = "", name }, spec }) => spec.clients.filter((client) => client.namespace === namespace).map((client) => ({
      entry: `${servedIn}/${name}/${client.name}`, podSelector: client.podSelector.matchLabels, deployment: { namespace: servedIn, name },
    })));
}
