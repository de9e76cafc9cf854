/** `KubeApi` over the transport: what Kubernetes adds to HTTP. Objects go out exactly as given and come back as plain JSON. */
import { FIELD_MANAGER } from "../lib/names.ts";
import type { KubeObject, Live, ObjectRef } from "../lib/k8s-types.ts";
import type { ApplyOptions, CallOptions, DeleteOptions, JsonPatch, KubeApi, ListOptions, PatchOptions, Preconditions } from "./api.ts";
import { ApiError, TransportError, isConflict, isGone, isNotFound } from "./errors.ts";
import { resourceName, apiVersionOf, type Resource } from "./resources.ts";
import { toApiError } from "./status.ts";
import type { Call, Transport } from "./transport.ts";
import { collectionPath, objectPath, queryString } from "./url.ts";

export type Verb = "get" | "list" | "create" | "apply" | "patch" | "delete" | "watch";

/** One attempt that reached the server, for metrics. `code` is 0 when no answer came. */
export interface CallReport {
  verb: Verb;
  resource: string;
  code: number;
  seconds: number;
}

export interface ClientOptions {
  transport: Transport;
  /** Called before every attempt of a write, as late as possible; throws FencedError if this replica may not write. */
  fence?: (call: string) => void;
  onCall?: (report: CallReport) => void;
  /** Objects asked for at once by `list` and `scan`; default 500. */
  pageSize?: number;
}

interface Request extends Pick<Call, "method" | "path"> {
  verb: Verb;
  of: Resource;
  ref?: ObjectRef;
  body?: unknown;
  contentType?: string;
  accept?: string | undefined;
  options: CallOptions | undefined;
}

const DEFAULT_PAGE_SIZE = 500;
const METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
/** No object ever has this version and etcd's first revision is 1, so that it means "must not exist yet" (seen on 1.37.1). */
const NEVER_MATCHES = "1";
/** How often a status write by uid alone tries again because the object moved in between. */
const STATUS_TRIES = 3;

export class KubeClient implements KubeApi {
  readonly #transport: Transport;
  readonly #fence: (call: string) => void;
  readonly #onCall: (report: CallReport) => void;
  readonly #pageSize: number;

  constructor(options: ClientOptions) {
    this.#transport = options.transport;
    this.#fence = options.fence ?? (() => {});
    this.#onCall = options.onCall ?? (() => {});
    this.#pageSize = options.pageSize ?? DEFAULT_PAGE_SIZE;
  }

  async get<T extends KubeObject>(of: Resource<T>, ref: ObjectRef, options?: CallOptions): Promise<Live<T> | undefined> {
    try {
      return await this.#send<Live<T>>({ verb: "get", method: "GET", of, ref, path: objectPath(of, ref), options });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async list<T extends KubeObject>(of: Resource<T>, options: ListOptions = {}): Promise<{ items: Live<T>[]; resourceVersion: string }> {
    try {
      return await this.#list(of, options);
    } catch (error) {
      if (isGone(error)) return this.#list(of, options);
      throw error;
    }
  }

  async create<T extends KubeObject>(of: Resource<T>, object: T, options?: CallOptions): Promise<Live<T>> {
    const path = collectionPath(of, object.metadata.namespace) + queryString({ ...dryRun(options), fieldManager: FIELD_MANAGER });
    return this.#send({ verb: "create", method: "POST", of, ref: object.metadata, path, body: object, options });
  }

  /**
   * With `createOnly` the object carries a resourceVersion that cannot match: the server creates what is absent and
   * answers 409 to what is there, in one call, and the fields are ours by Apply from the start. A POST would enter
   * them as an Update of ours, which a later apply could no longer remove.
   */
  async apply<T extends KubeObject>(of: Resource<T>, object: T, options: ApplyOptions = {}): Promise<Live<T>> {
    const { createOnly, subresource, force } = options;
    const send = (only: Preconditions): Promise<Live<T>> => this.#send({
      verb: "apply", method: "PATCH", of, ref: object.metadata, options, contentType: "application/apply-patch+yaml", body: conditioned(object, only),
      path: objectPath(of, object.metadata, subresource) + queryString({ ...dryRun(options), fieldManager: FIELD_MANAGER, force: force ?? true }),
    });
    if (createOnly !== true) return this.#guarded(of, object.metadata, options, send);
    try {
      return await send({ resourceVersion: NEVER_MATCHES });
    } catch (error) {
      throw isConflict(error) ? alreadyExists(of, object.metadata, error as ApiError) : error;
    }
  }

  async mergePatch<T extends KubeObject>(of: Resource<T>, ref: ObjectRef, patch: object, options: PatchOptions = {}): Promise<Live<T>> {
    return this.#guarded(of, ref, options, (only) => this.#send({
      verb: "patch", method: "PATCH", of, ref, options, contentType: "application/merge-patch+json", body: conditioned(patch, only),
      path: objectPath(of, ref, options.subresource) + queryString({ ...dryRun(options), fieldManager: FIELD_MANAGER }),
    }));
  }

  async jsonPatch<T extends KubeObject>(of: Resource<T>, ref: ObjectRef, patch: JsonPatch, options?: CallOptions): Promise<Live<T>> {
    const path = objectPath(of, ref) + queryString({ ...dryRun(options), fieldManager: FIELD_MANAGER });
    return this.#send({ verb: "patch", method: "PATCH", of, ref, path, contentType: "application/json-patch+json", body: patch, options });
  }

  async delete(of: Resource, ref: ObjectRef, options: DeleteOptions = {}): Promise<boolean> {
    const { propagationPolicy, gracePeriodSeconds } = options;
    // In the body: with a body, the API server ignores dryRun in the query and deletes for real.
    const dry = options.dryRun === true ? { dryRun: ["All"] } : {};
    const body = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy, gracePeriodSeconds, preconditions: preconditionsOf(options), ...dry };
    try {
      await this.#send({ verb: "delete", method: "DELETE", of, ref, path: objectPath(of, ref), body, options });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  /**
   * Preconditions that hold. The server compares the uid on the object itself, but silently ignores it on /status
   * (seen on 1.37.1 for custom resources): there only the version counts. A caller who gives the uid alone pays a read.
   */
  async #guarded<T>(of: Resource, ref: ObjectRef, options: Preconditions & CallOptions & { subresource?: string }, send: (only: Preconditions) => Promise<T>): Promise<T> {
    const only = preconditionsOf(options);
    if (options.subresource === undefined || only.uid === undefined || only.resourceVersion !== undefined) return send(only);
    for (let attempt = 1; ; attempt += 1) {
      const live = await this.get(of, ref, options);
      if (live?.metadata.uid !== only.uid) throw otherObject(of, ref);
      try {
        return await send({ uid: only.uid, resourceVersion: live.metadata.resourceVersion });
      } catch (error) {
        if (!isConflict(error) || attempt === STATUS_TRIES) throw error;
      }
    }
  }

  async scan<T extends KubeObject>(of: Resource<T>, options: ListOptions, take: (object: Live<T>) => void): Promise<string> {
    let next: string | undefined;
    let resourceVersion = "";
    do {
      const query = { limit: options.limit ?? this.#pageSize, labelSelector: options.labelSelector, fieldSelector: options.fieldSelector, continue: next };
      const path = collectionPath(of, options.namespace) + queryString(query);
      const page: ListPage<T> = await this.#send({ verb: "list", method: "GET", of, path, options, accept: options.metadataOnly === true ? METADATA_ONLY : undefined });
      // Items of built-in lists carry neither apiVersion nor kind.
      for (const item of page.items ?? []) take({ ...item, apiVersion: apiVersionOf(of), kind: of.kind });
      next = page.metadata.continue || undefined;
      resourceVersion = page.metadata.resourceVersion;
    } while (next !== undefined);
    return resourceVersion;
  }

  async #list<T extends KubeObject>(of: Resource<T>, options: ListOptions): Promise<{ items: Live<T>[]; resourceVersion: string }> {
    const items: Live<T>[] = [];
    return { resourceVersion: await this.scan(of, options, (object) => items.push(object)), items };
  }

  async #send<A>(request: Request): Promise<A> {
    const { verb, of, method, path, contentType, accept } = request;
    const { signal, deadlineMs } = request.options ?? {};
    const read = verb === "get" || verb === "list";
    const what = describe(verb, of, request.ref);
    const answer = await this.#transport.call({
      what, method, path, contentType, accept, signal, deadlineMs,
      body: request.body === undefined ? undefined : JSON.stringify(request.body),
      idempotent: read,
      beforeSend: read ? () => {} : () => this.#fence(what),
      onAttempt: (code, seconds) => this.#onCall({ verb, resource: resourceName(of), code, seconds }),
    });
    if (answer.code >= 400) throw uidMismatchAsConflict(what, toApiError(what, answer));
    if (typeof answer.json !== "object" || answer.json === null) throw new TransportError(what, `the answer (${answer.code}) is not an object`);
    return answer.json as A;
  }
}

interface ListPage<T extends KubeObject> {
  metadata: { resourceVersion: string; continue?: string };
  items?: Live<T>[];
}

/** "apply deployments.apps llm/chat": how errors and logs name a call. */
export function describe(verb: Verb, of: Resource, ref?: ObjectRef): string {
  const object = ref === undefined ? "" : ` ${ref.namespace === undefined ? "" : `${ref.namespace}/`}${ref.name}`;
  return `${verb} ${resourceName(of)}${object}`;
}

const dryRun = (options: CallOptions | undefined): { dryRun?: "All" } => (options?.dryRun === true ? { dryRun: "All" } : {});

function preconditionsOf({ uid, resourceVersion }: Preconditions): Preconditions {
  return { ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) };
}

/** The same object with preconditions in its metadata, which is where apply and patch take them. */
function conditioned(object: object & { metadata?: object }, only: Preconditions): object {
  return Object.keys(only).length === 0 ? object : { ...object, metadata: { ...object.metadata, ...only } };
}

/** For apply and patch the server answers another uid with 422 "field is immutable": the same thing as delete's 409. */
function uidMismatchAsConflict(what: string, error: ApiError): ApiError {
  if (error.code !== 422 || error.causes.length === 0 || !error.causes.every((cause) => cause.field === "metadata.uid")) return error;
  return new ApiError(what, { code: 409, reason: "Conflict", message: "the object has another uid: it was deleted and made anew" });
}

function otherObject(of: Resource, ref: ObjectRef): ApiError {
  return new ApiError(describe("patch", of, ref), { code: 409, reason: "Conflict", message: "the object is gone or has another uid" });
}

function alreadyExists(of: Resource, ref: ObjectRef, error: ApiError): ApiError {
  return new ApiError(describe("apply", of, ref), { code: 409, reason: "AlreadyExists", message: "an object of this name exists", causes: [...error.causes] });
}
