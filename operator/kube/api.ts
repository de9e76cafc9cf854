/** What the rest of the house sees of the API server: one interface, plain JSON in and out, errors of a closed catalogue. */
import type { KubeObject, Live, ObjectRef } from "../lib/k8s-types.ts";
import type { Resource } from "./resources.ts";

export interface CallOptions {
  /** Ends the call early; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Milliseconds for the call with all its retries; the client's default otherwise. There is no call without a deadline. */
  deadlineMs?: number;
  /** The server does everything but store (`dryRun=All`). */
  dryRun?: boolean;
}

/**
 * 409 unless the live object still is this one (uid) and, where given, this version. Names are not identities. On a
 * subresource the API server ignores the uid; the client then reads first, unless the version is given too: give both.
 */
export interface Preconditions {
  uid?: string;
  resourceVersion?: string;
}

export interface ApplyOptions extends CallOptions, Preconditions {
  subresource?: "status";
  /** Take fields that another manager owns. Default true: what we declare is ours. */
  force?: boolean;
  /** Fail with AlreadyExists (409) instead of touching an object that exists: nothing foreign is ever adopted. */
  createOnly?: boolean;
}

export interface PatchOptions extends CallOptions, Preconditions {
  subresource?: "status" | "scale";
}

export interface DeleteOptions extends CallOptions, Preconditions {
  propagationPolicy?: "Background" | "Foreground" | "Orphan";
  gracePeriodSeconds?: number;
}

export interface ListOptions extends CallOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** How many are asked for at once; the client's page size otherwise. Fewer where they are large: an answer has a limit. */
  limit?: number;
  /** Of each object only its metadata (PartialObjectMetadata). */
  metadataOnly?: boolean;
}

/** RFC 6902 operation, as the API server takes it. */
export type JsonPatch = { op: "test" | "add" | "remove" | "replace"; path: string; value?: unknown }[];

/**
 * The API server. Reads return undefined for "not there" (404); everything else that is not success throws an
 * `ApiError` or a `TransportError` (errors.ts). Writes pass the fence first (see `KubeClient`), so that one who lost
 * the lease writes nothing. 429 and 5xx with Retry-After are waited out within the deadline, with jitter.
 */
export interface KubeApi {
  get<T extends KubeObject>(of: Resource<T>, ref: ObjectRef, options?: CallOptions): Promise<Live<T> | undefined>;
  /** Every object, read in pages of 500 from one consistent version; restarts once when a page has expired (410). */
  list<T extends KubeObject>(of: Resource<T>, options?: ListOptions): Promise<{ items: Live<T>[]; resourceVersion: string }>;
  /** Like `list`, without holding it: `take` gets each object once. Returns the version. Fails with Gone (410) when a page has expired. */
  scan<T extends KubeObject>(of: Resource<T>, options: ListOptions, take: (object: Live<T>) => void): Promise<string>;
  create<T extends KubeObject>(of: Resource<T>, object: T, options?: CallOptions): Promise<Live<T>>;
  /** Server-side apply (KEP-555) with our field manager. Sends `object` exactly as given: no serializer that drops what it does not know. */
  apply<T extends KubeObject>(of: Resource<T>, object: T, options?: ApplyOptions): Promise<Live<T>>;
  /** RFC 7396; lists are replaced whole, null removes. */
  mergePatch<T extends KubeObject>(of: Resource<T>, ref: ObjectRef, patch: object, options?: PatchOptions): Promise<Live<T>>;
  jsonPatch<T extends KubeObject>(of: Resource<T>, ref: ObjectRef, patch: JsonPatch, options?: CallOptions): Promise<Live<T>>;
  /** False if it was already gone. */
  delete(of: Resource, ref: ObjectRef, options?: DeleteOptions): Promise<boolean>;
}
