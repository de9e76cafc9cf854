/**
 * A small second opinion on our own pods: Pod Security `restricted` (the standard of Kubernetes 1.37) as a list of what is
 * wrong. The API server judges too, in the integration tests; this one needs no server and names the field.
 */
import type { Container, PodSpec, PodTemplate } from "../../operator/lib/k8s-types.ts";

const VOLUME_KINDS: ReadonlySet<string> = new Set([
  "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret",
]);

/** Everything that `restricted` would refuse. */
export function podSecurityViolations(template: PodTemplate | undefined): string[] {
  const spec = template?.spec;
  if (spec === undefined) return ["there is no pod"];
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  return [...podViolations(spec), ...containers.flatMap((container) => containerViolations(container, spec).map((wrong) => `${container.name}: ${wrong}`))];
}

function podViolations(spec: PodSpec): string[] {
  return [
    ...when(spec.hostNetwork === true || spec.hostPID === true || spec.hostIPC === true, "host namespaces"),
    ...when((spec.securityContext?.sysctls ?? []).length > 0, "sysctls"),
    ...when(spec.securityContext?.runAsUser === 0, "runs as root"),
    ...(spec.volumes ?? []).flatMap((volume) => Object.keys(volume).filter((kind) => kind !== "name" && !VOLUME_KINDS.has(kind)).map((kind) => `volume ${volume.name} is a ${kind}`)),
  ];
}

function containerViolations(container: Container, spec: PodSpec): string[] {
  const context = container.securityContext;
  const seccomp = context?.seccompProfile?.type ?? spec.securityContext?.seccompProfile?.type;
  return [
    ...when(context?.privileged === true, "privileged"),
    ...when(context?.allowPrivilegeEscalation !== false, "allowPrivilegeEscalation is not false"),
    ...when(context?.capabilities?.drop?.includes("ALL") !== true, "does not drop ALL"),
    ...when((context?.capabilities?.add ?? []).some((capability) => capability !== "NET_BIND_SERVICE"), "adds capabilities"),
    ...when((context?.runAsNonRoot ?? spec.securityContext?.runAsNonRoot) !== true, "runAsNonRoot is not true"),
    ...when(context?.runAsUser === 0, "runs as root"),
    ...when(seccomp !== "RuntimeDefault" && seccomp !== "Localhost", "seccomp is not RuntimeDefault"),
    ...when((container.ports ?? []).some((port) => (port.hostPort ?? 0) !== 0), "host ports"),
    ...when((context?.procMount ?? "Default") !== "Default", "procMount"),
  ];
}

const when = (wrong: boolean, what: string): string[] => (wrong ? [what] : []);
