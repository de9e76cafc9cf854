/** The closed catalogue of what can go wrong between us and the API server. Messages carry paths and reasons, never bodies or headers. */

/** The server answered and refused. `reason` is metav1.Status.reason ("Conflict", "Forbidden", ...). */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: number;
  readonly reason: string;
  /** Fields that the server complains about, in its words. */
  readonly causes: readonly { field: string; message: string }[];
  readonly retryAfterMs: number | undefined;

  constructor(call: string, status: { code: number; reason: string; message: string; causes?: { field: string; message: string }[]; retryAfterMs?: number }) {
    super(`${call}: ${status.code} ${status.reason}: ${status.message}`);
    this.code = status.code;
    this.reason = status.reason;
    this.causes = status.causes ?? [];
    this.retryAfterMs = status.retryAfterMs;
  }
}

/** No usable answer: connection, TLS, time-out, truncated body. The request may or may not have been carried out. */
export class TransportError extends Error {
  override readonly name = "TransportError";
  constructor(call: string, why: string, options?: ErrorOptions) {
    super(`${call}: ${why}`, options);
  }
}

/** This process is not, or no longer surely, the leader; nothing was sent. */
export class FencedError extends Error {
  override readonly name = "FencedError";
  constructor(call: string) {
    super(`${call}: not sent, this replica does not hold the leader lease`);
  }
}

const codeIs = (error: unknown, code: number): boolean => error instanceof ApiError && error.code === code;

export const isNotFound = (error: unknown): boolean => codeIs(error, 404);
/** 409 for a failed precondition, a field conflict, or a name that is taken (see `isAlreadyExists`). */
export const isConflict = (error: unknown): boolean => codeIs(error, 409);
export const isAlreadyExists = (error: unknown): boolean => codeIs(error, 409) && (error as ApiError).reason === "AlreadyExists";
/** 410: the asked version is compacted; read anew. */
export const isGone = (error: unknown): boolean => codeIs(error, 410);
/** 422 or 400: asking again changes nothing. */
export const isInvalid = (error: unknown): boolean => codeIs(error, 422) || codeIs(error, 400);

/** Codes by which the API server says that the same request will not do, now or without somebody's help. */
const REFUSALS: ReadonlySet<number> = new Set([400, 403, 404, 422]);

/** An admission webhook that cannot be reached is somebody's to mend, too; the API server tells it as an error of its own. */
const isWebhookDown = ({ code, message }: ApiError): boolean => code === 500 && message.includes("failed calling webhook");

/** Quota, admission, missing rights: users can mend it. Anything else is a race or a failure of transport, and passes by itself. */
export const isRefusal = (error: unknown): error is ApiError => error instanceof ApiError && (REFUSALS.has(error.code) || isWebhookDown(error));
