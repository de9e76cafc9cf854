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
    ...(spec.volumes ?? []).flatMap((volume) => Object.keys(volume).filter((kind) => kind !== "name" && !VOLUME_KINDS.has(kind)).map((kind) => `volume ${volume.name} is a ${kind}`)),
  ];
}

type Rule = readonly [wrong: string, holds: (context: SecurityContext, container: Container) => boolean];
type SecurityContext = NonNullable<Container["securityContext"]>;

/** What must hold of a container, with what it inherits from its pod filled in. */
const CONTAINER_RULES: readonly Rule[] = [
  ["privileged", ({ privileged }) => privileged !== true],
  ["allowPrivilegeEscalation is not false", ({ allowPrivilegeEscalation }) => allowPrivilegeEscalation === false],
  ["does not drop ALL", ({ capabilities }) => capabilities?.drop?.includes("ALL") === true],
  ["adds capabilities", ({ capabilities }) => (capabilities?.add ?? []).every((capability) => capability === "NET_BIND_SERVICE")],
  ["runAsNonRoot is not true", ({ runAsNonRoot }) => runAsNonRoot === true],
  ["runs as root", ({ runAsUser }) => runAsUser !== 0],
  ["seccomp is not RuntimeDefault", ({ seccompProfile }) => ["RuntimeDefault", "Localhost"].includes(seccompProfile?.type ?? "")],
  ["procMount", ({ procMount }) => procMount === undefined || procMount === "Default"],
  ["host ports", (_context, { ports }) => (ports ?? []).every(({ hostPort }) => hostPort === undefined || hostPort === 0)],
];

function containerViolations(container: Container, { securityContext }: PodSpec): string[] {
  const { runAsNonRoot, runAsUser, seccompProfile } = securityContext ?? {};
  const context = { ...(runAsNonRoot !== undefined && { runAsNonRoot }), ...(runAsUser !== undefined && { runAsUser }), ...(seccompProfile && { seccompProfile }), ...container.securityContext };
  return CONTAINER_RULES.filter(([, holds]) => !holds(context, container)).map(([wrong]) => wrong);
}

const when = (wrong: boolean, what: string): string[] => (wrong ? [what] : []);
