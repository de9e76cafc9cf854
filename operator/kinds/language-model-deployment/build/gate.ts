/**
 * The gate: an init container that ends when the pod is seen to be sealed, so that the server does not start before. Rules
 * come into force some time after a pod has its address; up to 489 connections were counted in between.
 *
 * The pod learns from a ConfigMap where the tripwire is, not from its template: a Service that is made anew gets other
 * addresses, and that must restart nothing.
 */
import type { ConfigMap, Container } from "../../../lib/k8s-types.ts";
import { gateName } from "../../../lib/names.ts";
import { SECCOMP } from "./container.ts";
import type { BuildInput } from "./input.ts";
import { childMetadata } from "./metadata.ts";

/** Name of the container. */
export const GATE = "gate";
/** Key in the ConfigMap, and the variable that gets its value. */
const KEY = "tripwire";
const VARIABLE = "TRIPWIRE";
/** The user of Hoheit's own image. */
export const OWN_USER = { runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532 };

/** Undefined while the tripwire has no address: what is there stays, so that pods that run can be started again. */
export function buildGateConfig({ deployment, tripwire }: BuildInput): ConfigMap | undefined {
  if (tripwire === undefined) return undefined;
  const metadata = { ...childMetadata(deployment), name: gateName(deployment.metadata.name) };
  return { apiVersion: "v1", kind: "ConfigMap", metadata, data: { [KEY]: tripwire.addresses.join(",") } };
}

export function buildGate(name: string, image: string): Container {
  const env = [{ name: VARIABLE, valueFrom: { configMapKeyRef: { name: gateName(name), key: KEY, optional: false } } }];
  return { ...buildOwnContainer(GATE, image, ["gate", `--tripwire=$(${VARIABLE})`]), env };
}

/** A container of Hoheit's own image: a gate or a probe. */
export function buildOwnContainer(name: string, image: string, args: string[]): Container {
  return {
    name,
    image,
    imagePullPolicy: "IfNotPresent",
    // The image's own entry point; another command would be another gate.
    command: [],
    args,
    env: [],
    envFrom: [],
    resources: { limits: { memory: "256Mi" }, requests: { cpu: "10m", memory: "32Mi" } },
    volumeMounts: [],
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { add: [], drop: ["ALL"] },
      privileged: false,
      readOnlyRootFilesystem: true,
      ...OWN_USER,
      seccompProfile: SECCOMP,
    },
    // It is our own program, and what it writes there is what status.waitingFor says of it.
    terminationMessagePolicy: "File",
    terminationMessagePath: "/dev/termination-log",
    stdin: false,
    tty: false,
  };
}
