/**
 * Names that are for ever: API group, field manager, finalizer, child names. A change here orphans objects in running
 * clusters, so there is one home for them and a test that pins each.
 */
import { shortHash } from "./hash.ts";

export const API_GROUP = "hoheit.dev";
export const API_VERSION = `${API_GROUP}/v1alpha1`;

/** The field manager of every server-side apply (KEP-555). */
export const FIELD_MANAGER = "hoheit";

/** Holds a deployment, and its network policy, until no pod of it is left: the seal outlives what it seals. */
export const SEAL_FINALIZER = `${API_GROUP}/seal`;

/** `servicePort` of every model server, named `http`; vLLM's own default. */
export const SERVING_PORT = 8000;
export const SERVING_PORT_NAME = "http";

/**
 * Where every replica of the operator answers what is asked from a sealed pod: on the first port, which the seal lets
 * through, and on the second, which nothing lets through. TCP and UDP each; the same numbers at the Service.
 */
export const CONTROL_PORT = 8446;
export const TRIPWIRE_PORT = 8447;
/** The Service, in the operator's namespace, that has both ports. Pods have no DNS: the operator tells them its addresses. */
export const TRIPWIRE_SERVICE = "hoheit-tripwire";

/** Namespace of the operator where nobody says another. */
export const OPERATOR_NAMESPACE = "hoheit-system";

/** The Lease by which replicas of the operator elect a leader. */
export const LEADER_LEASE = "hoheit-operator";

/**
 * Names of the children of a LanguageModelDeployment. Names of custom resources are at most 40 characters, so that
 * every child name, and the pod names derived from it, fits 63.
 */
export const childName = (deployment: string): string => deployment;

/** The ConfigMap that tells the gates of a deployment where the tripwire is. */
export const gateName = (deployment: string): string => `${deployment}-gate`;

/** The CronJob that probes the seal of a deployment; the names of its Jobs have 11 characters more. */
export const probeName = (deployment: string): string => `${deployment}-probe`;

/** Names of NetworkPolicies that begin so are Hoheit's. */
export const RESERVED_PREFIX = "hoheit-";

/** Holds a SovereigntyPolicy that is deleted until no namespace would be left without one. */
export const POLICY_FINALIZER = `${API_GROUP}/governs`;

/** The ClusterNetworkPolicy for what some policies, named in order, allow together. */
export const clusterPolicyName = (policies: readonly string[]): string => (policies.length === 1 ? `hoheit-${policies[0]}` : `hoheit-${policies[0]}-and-${shortHash(policies)}`);

/** NetworkPolicies of a governed namespace: nothing for anybody, name servers for Application, then one for each destination and peer. */
export const DEFAULT_DENY = "hoheit-default-deny";
export const APPLICATION_POLICY = "hoheit-application";
export const destinationPolicyName = (destination: string): string => `hoheit-destination-${entryName(destination)}`;
export const peerPolicyName = (peer: string): string => `hoheit-peer-${entryName(peer)}`;

/** Where several policies hold, what they allow together has all their names, joined by `+`: as many as there are policies. */
function entryName(name: string): string {
  const [first = ""] = name.split("+");
  return first === name ? name : `${first}-and-${shortHash(name)}`;
}

/** The way of one declared client to one deployment, in the namespace of the client. `entry` tells them apart; it may be of any length. */
export const clientPolicyName = (entry: string): string => `hoheit-client-${shortHash(entry)}`;

/** ConfigMaps in the operator's namespace, by the first half of a hash that is written `sha256:...`. */
export const evidenceName = (root: string): string => `hoheit-evidence-${root.slice(7, 39)}`;
export const bundleName = (digest: string): string => `hoheit-bundle-${digest.slice(7, 39)}`;
