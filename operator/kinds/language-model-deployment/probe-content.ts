/** By what a pod of ours is told from one that only looks like it. Pure. */
import type { PodSpec } from "../../lib/k8s-types.ts";

/**
 * What a pod runs, and in whose network: what decides whether its word is ours. Nothing that the API server or a usual
 * admission plugin fills in. Also what the cache keeps of a probe's pod.
 */
export function contentOf(spec: PodSpec | undefined): Pick<PodSpec, "containers" | "initContainers" | "ephemeralContainers" | "hostNetwork"> {
  // A volume may lie over the program that the image has; none of ours has one, the account's token included.
  const what = ({ name, image, command = [], args = [], env = [], envFrom = [], volumeMounts = [] }: PodSpec["containers"][number]): PodSpec["containers"][number] =>
    ({ name, ...(image !== undefined && { image }), command, args, env, envFrom, volumeMounts });
  return {
    containers: (spec?.containers ?? []).map(what),
    initContainers: (spec?.initContainers ?? []).map(what),
    ephemeralContainers: (spec?.ephemeralContainers ?? []).map(({ name }) => ({ name })),
    hostNetwork: spec?.hostNetwork ?? false,
  };
}
