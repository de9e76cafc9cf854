/** The few plain calls that the control plane needs before there is a client: readiness, nodes, compaction. */
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

export interface Call {
  readonly method?: string;
  readonly url: string;
  readonly ca?: string;
  readonly token?: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly timeoutMs?: number;
}

export interface Answer { status: number; body: string }

/** One request, one answer. Rejects on a transport failure or after `timeoutMs` (default 5 s). */
export function call(options: Call): Promise<Answer> {
  const { url, method = "GET", body, contentType = "application/json", ca, token, timeoutMs = 5000 } = options;
  const headers = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(body !== undefined && { "content-type": contentType }),
  };
  const send = url.startsWith("https:") ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const outgoing = send(url, { method, headers, agent: false, signal, ...(ca !== undefined && { ca }) }, (incoming) => {
      let text = "";
      incoming.setEncoding("utf8").on("data", (chunk: string) => { text += chunk; });
      incoming.once("end", () => resolve({ status: incoming.statusCode ?? 0, body: text }));
      incoming.once("error", reject);
    });
    outgoing.once("error", reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Like `call`, but everything except success is an error that says what the server said. */
export async function mustCall(options: Call): Promise<unknown> {
  const answer = await call(options);
  if (answer.status >= 300) throw new Error(`${options.method ?? "GET"} ${options.url}: ${answer.status} ${answer.body.slice(0, 500)}`);
  return JSON.parse(answer.body === "" ? "null" : answer.body);
}
