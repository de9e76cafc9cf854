/** metav1.Status to ApiError. */
import type { Answer } from "./attempt.ts";
import { ApiError } from "./errors.ts";

/** Messages of the API server can quote a whole object; what goes on to logs and conditions is bounded. */
const LONGEST_MESSAGE = 1_000;
const MOST_CAUSES = 20;

const REASON_OF_CODE: Readonly<Record<number, string>> = {
  400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict", 410: "Gone", 422: "Invalid", 429: "TooManyRequests",
  500: "InternalError", 503: "ServiceUnavailable", 504: "Timeout",
};

/** A refusal as an error. The body may be anything: a Status, or nothing that we know. */
export function toApiError(what: string, answer: Answer): ApiError {
  const status = statusOf(answer.json);
  const causes = (status.details?.causes ?? []).slice(0, MOST_CAUSES).map((cause) => ({ field: text(cause.field), message: text(cause.message) }));
  return new ApiError(what, {
    code: answer.code,
    reason: text(status.reason) || (REASON_OF_CODE[answer.code] ?? "Unknown"),
    message: text(status.message) || "the answer carries no message",
    causes,
    ...(answer.retryAfterMs === undefined ? {} : { retryAfterMs: answer.retryAfterMs }),
  });
}

interface StatusLike {
  reason?: unknown;
  message?: unknown;
  details?: { causes?: { field?: unknown; message?: unknown }[] } | null;
}

function statusOf(json: unknown): StatusLike {
  return typeof json === "object" && json !== null && "kind" in json && json.kind === "Status" ? (json as StatusLike) : {};
}

function text(value: unknown): string {
  if (typeof value !== "string") return "";
  return value.length <= LONGEST_MESSAGE ? value : `${value.slice(0, LONGEST_MESSAGE - 1)}…`;
}
