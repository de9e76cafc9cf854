/** Services and what stands behind them: the rules of build/guard/services.ts. */
import type { Service } from "../../../lib/k8s-types.ts";
import type { Existing, Judge } from "./index.ts";

const SERVICE_NAME = "kubernetes.io/service-name";

export function serviceFindings(objects: readonly Existing[]): Judge {
  // Kubernetes writes the endpoints of Services that select pods, and of no others.
  const selecting = new Set(objects.filter((object) => object.kind === "Service" && selects(object)).map(keyOf));
  const isByHand = (object: Existing, service: string): boolean => !selecting.has(`${object.metadata.namespace}/${service}`);
  return (object) => {
    switch (object.kind) {
      case "Service":
        return fieldsOf(object).map((field) => ["services", field] as const);
      case "Endpoints":
        return hasItems(object["subsets"]) && isByHand(object, object.metadata.name) ? [["services", "subsets"]] : [];
      case "EndpointSlice":
        return hasItems(object["endpoints"]) && isByHand(object, object.metadata.labels?.[SERVICE_NAME] ?? "") ? [["services", "endpoints"]] : [];
      default:
        return [];
    }
  };
}

const keyOf = ({ metadata }: Existing): string => `${metadata.namespace}/${metadata.name}`;
const hasItems = (list: unknown): boolean => Array.isArray(list) && list.length > 0;
const specOf = (object: Existing): NonNullable<Service["spec"]> => object["spec"] ?? {};
const selects = (object: Existing): boolean => Object.keys(specOf(object).selector ?? {}).length > 0;

function fieldsOf(object: Existing): string[] {
  const { type = "ClusterIP", externalIPs = [] } = specOf(object);
  return [
    ...(type === "ClusterIP" ? [] : ["spec.type"]),
    ...(externalIPs.length > 0 ? ["spec.externalIPs"] : []),
    ...(type === "ExternalName" || selects(object) ? [] : ["spec.selector"]),
  ];
}
