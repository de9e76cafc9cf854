/** Pods and what makes them: the rules of build/guard/{pods,second-networks,images,nodes}.ts. */
import type { Container, PodSpec } from "../../../lib/k8s-types.ts";
import { repositoryOf } from "../build/guard/images.ts";
import { CAPABILITIES, VOLUMES } from "../build/guard/pods.ts";
import { choosesNetwork } from "./annotations.ts";
import type { Found, Judge, Judged } from "./index.ts";
import { templateOf, type Template } from "./template.ts";

export const podFindings = (policy: Judged): Judge => (object) => {
  const template = templateOf(object);
  if (template === undefined) return [];
  const found: Found = [
    ...fieldsOf(template.spec).map((field) => ["pods", `spec.${field}`] as const),
    ...Object.keys(template.metadata.annotations ?? {}).filter(choosesNetwork).map((key) => ["second-networks", `metadata.annotations[${key}]`] as const),
    ...imagesOf(template.spec).filter(([, image]) => isForeign(image, policy)).map(([at]) => ["images", `spec.${at}`] as const),
    ...nodeFields(template, policy).map((field) => ["nodes", `spec.${field}`] as const),
  ];
  return found.map(([concern, field]) => [concern, template.at + field] as const);
};

/** Every container, and where it is. */
function containersOf({ containers, initContainers = [], ephemeralContainers = [] }: PodSpec): readonly (readonly [at: string, container: Container])[] {
  const all = { containers, initContainers, ephemeralContainers };
  return Object.entries(all).flatMap(([list, items]) => items.map((container) => [`${list}[${container.name}]`, container] as const));
}

function fieldsOf(spec: PodSpec): string[] {
  const shared = (["hostNetwork", "hostPID", "hostIPC"] as const).filter((field) => spec[field] === true);
  const volumes = (spec.volumes ?? []).filter((volume) => Object.keys(volume).some((key) => key !== "name" && !VOLUMES.includes(key)));
  const ofContainers = containersOf(spec).flatMap(([at, container]) => [
    ...(container.ports ?? []).filter(({ hostPort = 0 }) => hostPort !== 0).map(({ containerPort }) => `${at}.ports[${containerPort}].hostPort`),
    ...(isPrivileged(container) ? [`${at}.securityContext`] : []),
    ...handlersElsewhere(container).map((handler) => `${at}.${handler}`),
  ]);
  return [...shared, ...volumes.map(({ name }) => `volumes[${name}]`), ...ofContainers];
}

function isPrivileged({ securityContext = {} }: Container): boolean {
  const { privileged = false, windowsOptions, capabilities, procMount = "Default" } = securityContext;
  return privileged || windowsOptions?.hostProcess === true || procMount !== "Default" || (capabilities?.add ?? []).some((name) => !CAPABILITIES.includes(name));
}

function handlersElsewhere({ livenessProbe, readinessProbe, startupProbe, lifecycle }: Container): string[] {
  const handlers = { livenessProbe, readinessProbe, startupProbe, "lifecycle.postStart": lifecycle?.postStart, "lifecycle.preStop": lifecycle?.preStop };
  const names = (host: string | undefined): boolean => host !== undefined && host !== "";
  return Object.entries(handlers).filter(([, handler]) => names(handler?.httpGet?.host) || names(handler?.tcpSocket?.host)).map(([name]) => name);
}

function imagesOf(spec: PodSpec): readonly (readonly [at: string, image: string])[] {
  const volumes = (spec.volumes ?? []).filter(({ image }) => image !== undefined);
  return [
    ...containersOf(spec).map(([at, { image = "" }]) => [`${at}.image`, image] as const),
    ...volumes.map(({ name, image }) => [`volumes[${name}].image.reference`, image?.reference ?? ""] as const),
  ];
}

function isForeign(image: string, { spec: { images }, ownImage }: Judged): boolean {
  const own = repositoryOf(ownImage);
  if (images === undefined || image.startsWith(`${own}:`) || image.startsWith(`${own}@`)) return false;
  return !images.registries.some((registry) => image.startsWith(`${registry}/`)) || (images.digests === "Required" && !/@sha256:[0-9a-f]{64}$/.test(image));
}

/** Which node a running pod was given says nothing of who chose it, so of pods only their wish is looked at. */
function nodeFields({ spec, at }: Template, { spec: { nodes } }: Judged): string[] {
  if (nodes === undefined) return [];
  const asks = Object.entries(nodes.selector.matchLabels).every(([key, value]) => spec.nodeSelector?.[key] === value);
  return [...(asks ? [] : ["nodeSelector"]), ...(at !== "" && (spec.nodeName ?? "") !== "" ? ["nodeName"] : [])];
}
