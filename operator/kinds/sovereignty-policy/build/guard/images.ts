/** Images: from the registries that the policy names, and by digest, so that what was approved is what runs. */
import { ROLE } from "../../../../lib/labels.ts";
import { changes, POD_MAKERS, POLICY, quote, templateOf, WHAT } from "./cel.ts";
import type { Concern } from "./concern.ts";
import { CONTAINERS } from "./pods.ts";

/** Containers of Hoheit's own image. Only the operator can write pods with a role, and which image is its own is the provider's choice. */
const OWN = ["gate", "probe"];

const isModelServer = "request.kind.kind == 'LanguageModelDeployment'";
const specOf = (object: string): string => `(${isModelServer} ? dyn(${object}).spec.engine.image : ${templateOf(object)}.spec)`;

const fromElsewhere = "variables.images.filter(i, !params.spec.images.registries.exists(registry, i.startsWith(registry + '/')))";
const withoutDigest = "variables.images.filter(i, !i.matches('@sha256:[0-9a-f]{64}$'))";
const hasRules = "has(params.spec.images)";

export const images: Concern = {
  name: "images",
  reach: "Governed",
  match: {
    resourceRules: [
      ...POD_MAKERS.map(({ apiGroups, resources }) => ({ apiGroups: [...apiGroups], apiVersions: ["*"], resources: [...resources], operations: ["CREATE", "UPDATE"] })),
      { apiGroups: [""], apiVersions: ["v1"], resources: ["pods/ephemeralcontainers"], operations: ["UPDATE"] },
      { apiGroups: ["hoheit.dev"], apiVersions: ["*"], resources: ["languagemodeldeployments"], operations: ["CREATE", "UPDATE"] },
    ],
  },
  when: { "changes-its-images": changes(specOf) },
  variables: {
    what: WHAT,
    pod: `${isModelServer} ? {} : ${templateOf("object")}.spec`,
    isOwn: `${isModelServer} ? false : ${quote(ROLE)} in ${templateOf("object")}.?metadata.?labels.orValue({})`,
    containers: CONTAINERS,
    images: `${isModelServer} ? [dyn(object).spec.engine.image] : variables.containers.filter(c, !(variables.isOwn && c.name in [${OWN.map(quote).join(", ")}])).map(c, c.?image.orValue(''))` +
      " + variables.pod.?volumes.orValue([]).filter(v, has(v.image)).map(v, v.image.?reference.orValue(''))",
  },
  rules: [
    {
      holds: `!${hasRules} || ${fromElsewhere}.size() == 0`,
      otherwise: `variables.what + ': images ' + ${fromElsewhere}.join(', ') + ' come from none of the registries of ' + ${POLICY} + ' (' + params.spec.images.registries.join(', ') + '); mirror them there'`,
    },
    {
      holds: `!${hasRules} || params.spec.images.?digests.orValue('Required') != 'Required' || ${withoutDigest}.size() == 0`,
      otherwise: `variables.what + ': images ' + ${withoutDigest}.join(', ') + ' are not named by digest, which ' + ${POLICY} + ' requires (spec.images.digests); write NAME@sha256:...'`,
    },
  ],
};
