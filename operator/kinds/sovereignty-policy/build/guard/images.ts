/** Images: from the registries that the policy names, and by digest, so that what was approved is what runs. */
import { changes, POD_MAKERS, POLICY, quote, templateOf, WHAT } from "./cel.ts";
import type { Concern } from "./concern.ts";
import { CONTAINERS } from "./pods.ts";

/** `registry.example/hoheit` of `registry.example/hoheit:1.2@sha256:...`. */
export const repositoryOf = (image: string): string => image.replace(/@.*$/, "").replace(/:[^/:]*$/, "");

/** Hoheit's own image is the provider's choice, and gates may run from an older one of it: whatever comes from there passes. */
const isOwn = (image: string): string => `(i.startsWith(${quote(`${repositoryOf(image)}:`)}) || i.startsWith(${quote(`${repositoryOf(image)}@`)}))`;

const isModelServer = "request.kind.kind == 'LanguageModelDeployment'";
const specOf = (object: string): string => `(${isModelServer} ? dyn(${object}).spec.engine.image : ${templateOf(object)}.spec)`;

const fromElsewhere = "variables.images.filter(i, !params.spec.images.registries.exists(registry, i.startsWith(registry + '/')))";
const withoutDigest = "variables.images.filter(i, !i.matches('@sha256:[0-9a-f]{64}$'))";
const hasRules = "has(params.spec.images)";

/** @param own image that the operator runs from */
export const images = (own: string): Concern => ({
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
    containers: CONTAINERS,
    named: `${isModelServer} ? [dyn(object).spec.engine.image] : variables.containers.map(c, c.?image.orValue('')) + variables.pod.?volumes.orValue([]).filter(v, has(v.image)).map(v, v.image.?reference.orValue(''))`,
    images: `variables.named.filter(i, !${isOwn(own)})`,
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
});
