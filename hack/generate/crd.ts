/** A kind as CustomResourceDefinition (apiextensions.k8s.io/v1). */
import type { Column, Kind } from "../../operator/kinds/define.ts";
import { API_GROUP } from "../../operator/lib/names.ts";
import { crdSchema, type CrdSchema } from "./json-schema.ts";

export interface Crd {
  apiVersion: "apiextensions.k8s.io/v1";
  kind: "CustomResourceDefinition";
  metadata: { name: string };
  spec: {
    group: string;
    names: { kind: string; listKind: string; plural: string; singular: string; shortNames: readonly string[]; categories: string[] };
    scope: "Namespaced" | "Cluster";
    versions: [CrdVersion];
  };
}

export interface CrdVersion {
  name: string;
  served: true;
  storage: true;
  additionalPrinterColumns: PrinterColumn[];
  selectableFields?: { jsonPath: string }[];
  subresources: { status: object; scale?: { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath: string } };
  schema: { openAPIV3Schema: CrdSchema };
}

interface PrinterColumn {
  name: string;
  type: Column["type"];
  jsonPath: string;
  description: string;
  priority?: 1;
}

export function crdOf(kind: Kind): Crd {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${kind.plural}.${API_GROUP}` },
    spec: {
      group: API_GROUP,
      names: {
        kind: kind.kind, listKind: `${kind.kind}List`, plural: kind.plural, singular: kind.singular, shortNames: kind.shortNames, categories: ["hoheit"],
      },
      scope: kind.namespaced ? "Namespaced" : "Cluster",
      versions: [versionOf(kind)],
    },
  };
}

function versionOf(kind: Kind): CrdVersion {
  const { selectableFields = [], scale } = kind;
  return {
    name: kind.resource.version,
    served: true,
    storage: true,
    additionalPrinterColumns: kind.columns.map(printerColumn),
    ...(selectableFields.length === 0 ? {} : { selectableFields: selectableFields.map((jsonPath) => ({ jsonPath })) }),
    subresources: {
      status: {},
      ...(scale === undefined ? {} : { scale: { specReplicasPath: scale.spec, statusReplicasPath: scale.status, labelSelectorPath: scale.selector } }),
    },
    schema: { openAPIV3Schema: rootSchema(kind) },
  };
}

const printerColumn = ({ wide, ...column }: Column): PrinterColumn => (wide === true ? { ...column, priority: 1 } : column);

function rootSchema(kind: Kind): CrdSchema {
  const status = crdSchema(kind.status);
  return {
    description: kind.description,
    type: "object",
    required: ["metadata", "spec"],
    properties: {
      apiVersion: { description: `Version of this API: ${API_GROUP}/${kind.resource.version}.`, type: "string" },
      kind: { description: `Always ${kind.kind}.`, type: "string" },
      // The name stands here only so that rules can point at it.
      metadata: { type: "object", properties: { name: { type: "string" } } },
      spec: crdSchema(kind.spec),
      // The server sets it when it reads an object without status, so that kstatus sees InProgress and not Current
      // before the operator's first write (fluxcd's CRDs do the same).
      status: { description: status.description ?? "", type: "object", default: { observedGeneration: -1 }, ...status },
    },
    "x-kubernetes-validations": [...kind.rules],
  };
}
