/**
 * What a pod may not have, because no NetworkPolicy holds for it: the node's network, processes or files, a port of the
 * node, privileges to take them, volumes that the node mounts over its own network, and requests that the kubelet makes.
 * Templates are judged where people see the answer, pods because templates may be older than the policy.
 */
import { changes, list, POD_MAKERS, templateOf, WHAT } from "./cel.ts";
import type { Concern, GuardRule } from "./concern.ts";

/** Volumes that stay in the cluster. Of a claim, the volume behind it is the provider's: a PersistentVolume is no tenant's to make. */
export const VOLUMES: readonly string[] = ["configMap", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret"];

/** What Pod Security `baseline` lets containers add. NET_RAW is not among them. */
export const CAPABILITIES: readonly string[] = ["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"];

const specOf = (object: string): string => `${templateOf(object)}.spec`;

/** As a variable, because rules of several concerns read it. */
export const CONTAINERS = "variables.pod.?containers.orValue([]) + variables.pod.?initContainers.orValue([]) + variables.pod.?ephemeralContainers.orValue([])";

const isPrivileged = "c.?securityContext.?privileged.orValue(false) || c.?securityContext.?windowsOptions.?hostProcess.orValue(false) || " +
  `c.?securityContext.?capabilities.?add.orValue([]).exists(a, !(a in ${list(CAPABILITIES)})) || c.?securityContext.?procMount.orValue('Default') != 'Default'`;

const HANDLERS = ["livenessProbe", "readinessProbe", "startupProbe"].map((probe) => `c.?${probe}`).concat("c.?lifecycle.?postStart", "c.?lifecycle.?preStop");
/** The kubelet asks from the node's network, past every policy. */
const asksElsewhere = HANDLERS.flatMap((handler) => [`${handler}.?httpGet.?host.orValue('') != ''`, `${handler}.?tcpSocket.?host.orValue('') != ''`]).join(" || ");

const usesHost = (field: string): GuardRule => ({
  holds: `!variables.pod.?${field}.orValue(false)`,
  otherwise: `variables.what + ': ${field} is true, and NetworkPolicies do not hold for what a pod shares with its node; remove it'`,
});

const names = (condition: string): string => `variables.containers.filter(c, ${condition}).map(c, c.name).join(', ')`;

export const pods: Concern = {
  name: "pods",
  reach: "Governed",
  match: {
    resourceRules: [
      ...POD_MAKERS.map(({ apiGroups, resources }) => ({ apiGroups: [...apiGroups], apiVersions: ["*"], resources: [...resources], operations: ["CREATE", "UPDATE"] })),
      { apiGroups: [""], apiVersions: ["v1"], resources: ["pods/ephemeralcontainers"], operations: ["UPDATE"] },
    ],
  },
  when: { "changes-its-pod": changes(specOf) },
  variables: { what: WHAT, pod: specOf("object"), containers: CONTAINERS },
  rules: [
    usesHost("hostNetwork"),
    usesHost("hostPID"),
    usesHost("hostIPC"),
    {
      holds: `variables.pod.?volumes.orValue([]).all(v, v.all(k, k == 'name' || k in ${list(VOLUMES)}))`,
      otherwise: `variables.what + ': volumes ' + variables.pod.volumes.filter(v, !v.all(k, k == 'name' || k in ${list(VOLUMES)})).map(v, v.name).join(', ') + ' are on the node or mounted by it over its own network; use one of ${VOLUMES.join(", ")}'`,
    },
    {
      holds: "variables.containers.all(c, c.?ports.orValue([]).all(p, p.?hostPort.orValue(0) == 0))",
      otherwise: `variables.what + ': containers ' + ${names("c.?ports.orValue([]).exists(p, p.?hostPort.orValue(0) != 0)")} + ' have a hostPort, which opens a port of the node; use a Service and an ingress that the policy names'`,
    },
    {
      holds: `!variables.containers.exists(c, ${isPrivileged})`,
      otherwise: `variables.what + ': containers ' + ${names(isPrivileged)} + ' are privileged, or add capabilities beyond Pod Security baseline, with which a pod takes over its node; remove that from securityContext'`,
    },
    {
      holds: `!variables.containers.exists(c, ${asksElsewhere})`,
      otherwise: `variables.what + ': probes or lifecycle hooks of ' + ${names(asksElsewhere)} + ' name a host, and the kubelet would ask it from the network of the node; remove host, the pod itself is meant then'`,
    },
  ],
};
