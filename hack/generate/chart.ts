/** What is generated for the Helm charts: the CRDs as the chart hoheit-crds ships them, and the schemas of the values. */
import { z } from "zod";
import { MOST_NAME_SERVERS, MOST_OWN_TARGETS, ownTargets, probePlan } from "../../operator/sovereignty/probe/plan.ts";
import type { Crd } from "./crd.ts";

/** The chart's template puts the user's annotations in the place of this line. */
const KEEP = { "helm.sh/resource-policy": "keep" };

/** A CRD that `helm upgrade` upgrades and `helm uninstall` leaves: with it would go every object of its kind. */
export function chartCrd(crd: Crd): object {
  const { apiVersion, kind, metadata, spec } = crd;
  return { apiVersion, kind, metadata: { ...metadata, labels: { "app.kubernetes.io/part-of": "hoheit" }, annotations: KEEP }, spec };
}

const port = () => z.int().min(1).max(65535);
const labels = () => z.record(z.string(), z.string());
const quantities = () => z.record(z.string(), z.union([z.string(), z.number()]));
const dnsName = () => z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/);

const image = z.strictObject({
  repository: z.string().regex(/^[a-z0-9]([a-z0-9._:/-]*[a-z0-9])?$/).describe("registry and repository, without a tag"),
  tag: z.string().regex(/^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$/).describe("the chart's appVersion, if empty"),
  digest: z.string().regex(/^(sha256:[0-9a-f]{64})?$/).describe("wins over the tag"),
  pullPolicy: z.enum(["Always", "IfNotPresent", "Never"]),
  pullSecrets: z.array(dnsName()).describe("names of Secrets in the operator's namespace"),
});

/** Both or none; two members instead of a union, so that a refusal names the one that is missing. */
const scraper = z.strictObject({ namespace: dnsName().optional(), podSelector: labels().meta({ minProperties: 1 }).optional() })
  .meta({ dependencies: { namespace: ["podSelector"], podSelector: ["namespace"] } });

const report = z.strictObject({
  enabled: z.boolean().describe("serve the report, in the Service hoheit-report"),
  clients: z.strictObject({ namespace: dnsName(), podSelector: labels().meta({ minProperties: 1 }) }).array().max(16).describe("pods that may connect to it, best of one proxy that signs people in; nobody if empty"),
});

const toleration = z.strictObject({
  key: z.string().optional(), operator: z.enum(["Exists", "Equal"]).optional(), value: z.string().optional(),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(), tolerationSeconds: z.int().min(0).optional(),
});

/** What JSON Schema can say of an address; the operator says the rest when it starts. */
const address = () => z.string().max(39).regex(/^[0-9a-fA-F.:]+$/);

const probe = z.strictObject({
  schedule: z.string().regex(/^[0-9*,/-]+ +[0-9*,/-]+ \* \* \*$/).describe("MINUTE HOUR * * * in UTC; at least one probe a day"),
  dnsName: probePlan.shape.dnsName.describe("outside name that probes ask the cluster's name servers for"),
  targets: ownTargets.element.extend({ address: address() }).array().max(MOST_OWN_TARGETS).describe("further addresses that no model server may reach"),
});

/** Values of the chart `hoheit`. Defaults are in its values.yaml, which Helm merges in before it asks this schema. */
const hoheitValues = z.strictObject({
  image,
  replicas: z.int().min(1).max(10).describe("one leads, the others stand by"),
  logLevel: z.enum(["debug", "info", "warn", "error"]),
  workers: z.int().min(1).max(256).describe("reconciles at a time, per kind"),
  metricsScraper: scraper.describe("who may read the metrics; nobody if empty"),
  apiServer: z.strictObject({
    cidrs: z.array(z.string().regex(/^[0-9a-fA-F:.]+\/[0-9]{1,3}$/)).min(1).describe("where the API server is, as NetworkPolicies see it"),
    ports: z.array(port()).min(1),
  }),
  probe,
  report,
  clusterDNS: z.array(address()).max(MOST_NAME_SERVERS).describe("the cluster's name servers; those of the operator's own pod if empty"),
  networkPolicy: z.boolean().describe("restrict the operator's own traffic"),
  resources: z.strictObject({ requests: quantities().optional(), limits: quantities().optional() }),
  nodeSelector: labels(),
  tolerations: z.array(toleration),
  priorityClassName: z.string(),
  global: z.looseObject({}).optional().describe("Helm's own: values for all charts of a release"),
});

const crdsValues = z.strictObject({
  annotations: labels().describe("of every CustomResourceDefinition"),
  global: z.looseObject({}).optional().describe("Helm's own: values for all charts of a release"),
});

/** Path -> schema as Helm 3 and 4 read it (draft 7). */
export const valuesSchemas: ReadonlyMap<string, object> = new Map([
  ["charts/hoheit/values.schema.json", jsonSchema(hoheitValues)],
  ["charts/hoheit-crds/values.schema.json", jsonSchema(crdsValues)],
]);

function jsonSchema(schema: z.ZodType): object {
  return z.toJSONSchema(schema, { target: "draft-7", io: "input", reused: "inline" });
}
