/** How the runtime drives namespaces: what governing them reads, and which of them have to look again when it changes. */
import { NAMESPACES } from "../../kube/resources.ts";
import type { Live, ObjectRef } from "../../lib/k8s-types.ts";
import { RESERVED_PREFIX } from "../../lib/names.ts";
import type { Context, Controller, Read } from "../../runtime/kind.ts";
import { BY_NAMESPACE, byUidAndLabels, byUidAndSpec, clientNamespaces, languageModelDeployments, namespaces, networkPolicies, sovereigntyPolicies } from "../caches.ts";
import { languageModelDeployment, type LanguageModelDeployment } from "../language-model-deployment/schema.ts";
import type { SovereigntyPolicy } from "../sovereignty-policy/schema.ts";
import { takes } from "./governance.ts";
import type { Options } from "./observe.ts";
import { rules } from "./rbac.ts";
import { reconcile } from "./reconcile.ts";

type Lookup = Pick<Context, "cache">;

const named = (names: Iterable<string>): ObjectRef[] => [...new Set(names)].map((name) => ({ name }));

/** Clients get a way to a model only while its namespace is governed, too. */
const clientsOfModelsIn = (namespace: string, { cache }: Lookup): string[] => cache(languageModelDeployment.resource).by(BY_NAMESPACE, namespace).flatMap(clientNamespaces);

const reads: readonly Read[] = [
  {
    cache: sovereigntyPolicies,
    matters: byUidAndSpec,
    wakes: (policy, caches) => {
      const selected = caches.cache(NAMESPACES).list().filter((namespace) => takes(policy as Live<SovereigntyPolicy>, namespace)).map(({ metadata }) => metadata.name);
      return named(selected.flatMap((name) => [name, ...clientsOfModelsIn(name, caches)]));
    },
  },
  { cache: namespaces, matters: byUidAndLabels, wakes: (namespace, caches) => named(clientsOfModelsIn(namespace.metadata.name, caches)) },
  { cache: languageModelDeployments, wakes: (deployment) => named(clientNamespaces(deployment as Live<LanguageModelDeployment>)) },
  {
    // Ours, and whatever stands in the place of ours.
    cache: networkPolicies,
    wakes: ({ metadata: { name, namespace = "", ownerReferences = [] } }) =>
      (name.startsWith(RESERVED_PREFIX) || ownerReferences.some(({ kind }) => kind === NAMESPACES.kind) ? named([namespace]) : []),
  },
];

export const governedNamespaceController = (options: Options): Controller => ({
  name: "GovernedNamespace",
  owns: namespaces,
  reads,
  rules,
  conditions: [],
  reconcile: (ref, context) => reconcile(ref, context, options),
});
