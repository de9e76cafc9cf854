import { expect, test } from "vitest";
import { ApiError } from "../kube/errors.ts";
import { createLogger, type Logger, type LogLevel } from "./log.ts";

function capture(level: LogLevel): { log: Logger; lines: () => Record<string, unknown>[]; text: () => string } {
  let text = "";
  const log = createLogger({ level, destination: { write: (line) => void (text += line) } });
  return { log, text: () => text, lines: () => text.split("\n").filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>) };
}

const MARKER = "PLANTED";
const base64 = Buffer.from(MARKER).toString("base64");
const jwt = `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.${MARKER}`;

const secret = {
  apiVersion: "v1", kind: "Secret",
  metadata: {
    name: "s", namespace: "llm",
    annotations: { "kubectl.kubernetes.io/last-applied-configuration": `{"data":{"k":"${MARKER}"}}` },
    managedFields: [{ fieldsV1: { [`f:${MARKER}`]: {} } }],
  },
  data: { k: base64 }, stringData: { k: MARKER },
};

class HttpError extends Error {
  readonly response = { headers: { authorization: `Bearer ${MARKER}` }, body: MARKER };
  readonly options = { headers: { Authorization: `Bearer ${MARKER}` } };
}

test.each<[string, object]>([
  ["a Secret", { object: secret }],
  ["a Secret among others, in a list", { items: [{ kind: "Service" }, secret] }],
  ["a Secret in a map", { caches: new Map([["llm/s", secret]]) }],
  ["Secrets in a set", { seen: new Set([secret]) }],
  ["a Secret as the fields themselves", secret],
  ["a ConfigMap's bytes", { binaryData: { k: MARKER } }],
  ["credentials", { headers: { Authorization: `Bearer ${MARKER}`, cookie: MARKER }, token: MARKER, "id-token": MARKER, "client-key-data": MARKER, password: MARKER, refreshToken: MARKER }],
  ["a bearer token in a text", { why: `sent authorization: Bearer ${MARKER} to the server` }],
  ["a JWT in a text", { why: `token ${jwt} has expired` }],
  ["an address with credentials in it", { url: new URL(`https://user:${MARKER}@example.test/path?token=${MARKER}`) }],
  ["bytes", { body: Buffer.from(MARKER) }],
  ["an error that carries its request and answer", { err: new HttpError("request failed") }],
  ["an error as the fields themselves", new HttpError("request failed")],
  ["the cause of an error", { err: new Error("outer", { cause: new HttpError(`Bearer ${MARKER}`) }) }],
  ["an error inside an object", { outcome: { error: new HttpError("x") } }],
])("%s leaves no secret byte in the log, at any level, with a child or without", (_, fields) => {
  for (const level of ["debug", "info"] as const) {
    const { log, text } = capture(level);
    log.error(fields, "it failed");
    log.child(fields).warn({}, "so did this");
    log.child({}).child({}).info(fields, "and this");
    expect(text().split("\n").length).toBe(4);
    expect(text()).not.toMatch(new RegExp(`${MARKER}|${base64}|${Buffer.from(MARKER).toString("hex")}`));
  }
});

test("a token in the message itself is not printed either", () => {
  const { log, text } = capture("info");
  log.info({}, `server said no to Bearer ${MARKER}`);
  expect(text()).not.toContain(MARKER);
  expect(text()).toContain("server said no to [redacted]");
});

test("what may be read is there: names, reasons, codes, causes", () => {
  const { log, lines } = capture("info");
  const error = new ApiError("apply services llm/chat", { code: 409, reason: "Conflict", message: "changed" });
  log.child({ kind: "Widget", object: "llm/chat" }).warn({ err: new Error("outer", { cause: error }), delayMs: 50, at: new Date(0), seen: new Set(["a"]) }, "will be tried again");
  expect(lines()).toEqual([expect.objectContaining({
    level: "warn", msg: "will be tried again", kind: "Widget", object: "llm/chat", delayMs: 50, at: "1970-01-01T00:00:00.000Z", seen: ["a"],
    err: { name: "Error", message: "outer", cause: { name: "ApiError", message: "apply services llm/chat: 409 Conflict: changed", code: 409 } },
  })]);
});

test("stacks are printed at level debug only", () => {
  const stackOf = (level: LogLevel): unknown => {
    const { log, lines } = capture(level);
    log.error({ err: new Error("x") }, "failed");
    return (lines()[0]?.["err"] as { stack?: string } | undefined)?.stack;
  };
  expect(stackOf("info")).toBeUndefined();
  expect(stackOf("debug")).toContain("log.test.ts");
});

test("of bytes only their number is printed", () => {
  const { log, lines } = capture("info");
  log.info({ body: Buffer.from("abc") }, "x");
  expect(lines()[0]?.["body"]).toBe("[3 bytes]");
});

test("below the level nothing is printed", () => {
  const { log, text } = capture("warn");
  log.info({}, "x");
  log.debug({}, "x");
  expect(text()).toBe("");
});

test("what refers to itself is cut, not followed for ever", () => {
  const { log, lines } = capture("info");
  const loop: { self?: object; name: string } = { name: "n" };
  loop.self = loop;
  log.info({ loop, big: 2n ** 70n }, "x");
  expect(lines()[0]).toMatchObject({ loop: { name: "n" }, big: "1180591620717411303424" });
});
