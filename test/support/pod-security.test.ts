import { expect, test } from "vitest";
import type { PodTemplate } from "../../operator/lib/k8s-types.ts";
import { podSecurityViolations } from "./pod-security.ts";

const good: PodTemplate = {
  spec: {
    securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    containers: [{ name: "a", securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } } }],
    volumes: [{ name: "tmp", emptyDir: {} }],
  },
};

const changed = (change: (template: typeof good) => void): PodTemplate => {
  const copy = structuredClone(good);
  change(copy);
  return copy;
};

test("a pod that restricted accepts has no violation", () => {
  expect(podSecurityViolations(good)).toEqual([]);
});

test.each<[string, (template: typeof good) => void]>([
  ["host namespaces", ({ spec }) => { if (spec) spec.hostPID = true; }],
  ["volume tmp is a hostPath", ({ spec }) => { if (spec) spec.volumes = [{ name: "tmp", hostPath: { path: "/" } }]; }],
  ["a: runAsNonRoot is not true", ({ spec }) => { delete spec?.securityContext?.runAsNonRoot; }],
  ["a: seccomp is not RuntimeDefault", ({ spec }) => { delete spec?.securityContext?.seccompProfile; }],
  ["a: allowPrivilegeEscalation is not false", ({ spec }) => { delete spec?.containers[0]?.securityContext?.allowPrivilegeEscalation; }],
  ["a: does not drop ALL", ({ spec }) => { delete spec?.containers[0]?.securityContext?.capabilities; }],
  ["a: adds capabilities", ({ spec }) => { const capabilities = spec?.containers[0]?.securityContext?.capabilities; if (capabilities) capabilities.add = ["SYS_PTRACE"]; }],
  ["a: host ports", ({ spec }) => { const container = spec?.containers[0]; if (container) container.ports = [{ containerPort: 1, hostPort: 1 }]; }],
])("%s is found", (violation, change) => {
  expect(podSecurityViolations(changed(change))).toEqual([violation]);
});
