/**
 * Condition types and reasons of a LanguageModelDeployment. Each reason says when it holds; an event's reason is the
 * reason of the condition that changed.
 */

export const READY = "Ready";
/** The referenced LanguageModel can be mounted and served. */
export const MODEL_READY = "ModelReady";
/** At least one pod answers. */
export const AVAILABLE = "Available";
/** Applied, proved where a SovereigntyPolicy governs, and freshly probed: three different things. Unknown until all are seen. */
export const EGRESS_SEALED = "EgressSealed";
/** The namespaces of the deployment and of all its clients are governed; Unknown without any SovereigntyPolicy. */
export const CLIENTS_GOVERNED = "ClientsGoverned";
/** The pods run an older pod template than this operator would render; renewal is a decision. */
export const TEMPLATE_OUTDATED = "TemplateOutdated";

export type Reason =
  /** Everything asked for is there and answers. */
  | "Serving"
  /** `spec.replicas` is 0: nothing runs, as wished. */
  | "ScaledToZero"
  /** The spec breaks a rule that the schema cannot express; message names field and remedy. */
  | "InvalidSpec"
  /** `engine.args` or `engine.env` holds what this engine version does not know or what Hoheit refuses. */
  | "RefusedArgument"
  /** `modelRef` names no LanguageModel in this namespace. */
  | "ModelNotFound"
  /** The LanguageModel exists but is not Ready. */
  | "ModelNotReady"
  /** A client's `activityRef` names no ProcessingActivity in this namespace. */
  | "ActivityNotFound"
  /** No approval of these bytes for an activity: no new start. */
  | "NotApproved"
  /** The approval has expired: no new start; `onExpiry` decides what becomes of running pods. */
  | "ApprovalExpired"
  /** The approval of the running bytes was deleted: scaled to zero. */
  | "ApprovalRevoked"
  /** A SovereigntyPolicy denies the country that the model comes from: no new start; `onExpiry` of the approval decides what becomes of running pods. */
  | "OriginDenied"
  /** One denies some, and the model's origin is no country or the policy cannot be read. As OriginDenied. */
  | "OriginUnknown"
  /** No SovereigntyPolicy selects the deployment's namespace, and one of them says that then nothing new starts. ClientsGoverned: whatever that one says. */
  | "NotGoverned"
  /** The operator's tripwire has no address, so that no pod could tell whether it is sealed: no new start. */
  | "NoTripwire"
  /** The gate of a pod waits for the seal, or gave up: message has what it found. */
  | "NotSealedYet"
  /** An object that is not ours has the name of a child; it is left alone. */
  | "ForeignObject"
  /** A child of a deleted predecessor of the same name is still going away. */
  | "WaitingForGarbageCollection"
  /** The API server refused a child; message has its words. */
  | "ApplyFailed"
  /** The scheduler finds no node now. */
  | "Unschedulable"
  /** No node of this cluster has that many accelerators at all. */
  | "NoNodeFits"
  /** The node of a pod has stopped reporting: whether the server still runs there is not known. */
  | "NodeLost"
  /** The kubelet cannot get the image. */
  | "ImagePullFailed"
  /** The kubelet cannot make the container (volume, configuration). */
  | "ContainerNotCreated"
  /** The server was killed because it used more memory than its limit. */
  | "OutOfMemory"
  /** The server exits again and again. */
  | "Crashing"
  /** Kubernetes refuses to create the pods (quota, admission, Pod Security). */
  | "PodsRefused"
  /** Pods are placed and the server loads weights. */
  | "Starting"
  /** Pods of the previous template are being replaced. */
  | "RollingOut"
  /** The CR is being deleted; the seal stays until the last pod is gone. */
  | "Draining"
  /** EgressSealed: a fresh probe reached nothing, and its controls answered; no SovereigntyPolicy governs the namespace, so nothing is proved. */
  | "ProbeSealed"
  /** EgressSealed: the same, and it is proved that no rule of the cluster lets the pods out. */
  | "ProvedAndProbed"
  /** EgressSealed: the rules of the cluster let the pods out; message names a packet and the smallest repair. */
  | "ProofRefuted"
  /** EgressSealed: nothing has been proved since the operator started. */
  | "NotProved"
  /** EgressSealed: something could not be read, understood or decided, so that nothing is proved; message names it. */
  | "ProofUndetermined"
  /** EgressSealed: the policy is not in the cluster. */
  | "PolicyMissing"
  /** EgressSealed: somebody changed the policy and it could not be put right yet. */
  | "PolicyChanged"
  /** EgressSealed: another NetworkPolicy selects the pods and has egress rules; message names it. */
  | "OtherPolicyAllowsEgress"
  /** EgressSealed: the last probe reached something; message says what. */
  | "ProbeReached"
  /** EgressSealed: nothing runs, so nothing is probed. */
  | "NothingRuns"
  /** EgressSealed: a policy selects model servers and probes differently, so that probes tell nothing of the servers. */
  | "ProbeNotRepresentative"
  /** EgressSealed: the policy is applied and no probe has reported yet. */
  | "NotProbed"
  /** EgressSealed: the seal or what is tried has changed since the last probe. */
  | "ProbeOutdated"
  /** EgressSealed: the last probe is longer ago than two and a half intervals. */
  | "ProbeOverdue"
  /** EgressSealed: the last probe ended without a result, or a control did not answer. */
  | "ProbeInconclusive"
  /** ClientsGoverned: policies select the namespaces of the deployment and of all its clients. */
  | "AllGoverned"
  /** ClientsGoverned: clients run where no policy holds; message names them. */
  | "ClientsNotGoverned"
  /** ClientsGoverned: the cluster has no SovereigntyPolicy. */
  | "NoPolicy"
  /** ModelReady: the model can be mounted. */
  | "ModelAvailable"
  /** Available: pods answer. */
  | "MinimumReplicasAvailable"
  /** Available: no pod answers. */
  | "NoReplicaReady"
  /** TemplateOutdated: what runs is what this operator renders. */
  | "UpToDate"
  /** TemplateOutdated: a newer template waits. */
  | "NewerTemplate"
  /** TemplateOutdated: the gate of the pods runs from the image of an older operator. */
  | "NewerGate";

/** Why a deployment is not as wished. `stalled`: only a person can go on, and `message` says how. */
export interface Violation {
  readonly reason: Reason;
  /** One or two sentences: what, on which object and field, and what to do. */
  readonly message: string;
  readonly stalled: boolean;
  /** Where in the CR, if it is there: `spec.engine.args[2]`. */
  readonly path?: string;
}
