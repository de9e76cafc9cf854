/** Requests from a pod: caller.ts runs in the pod's network, so packets carry the pod's address and its policies hold. */
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { processOf, type Pod } from "../support/node/pods.ts";

export interface Call {
  readonly mode: "one" | "stream" | "load";
  readonly url: string;
  readonly method?: "GET" | "POST";
  readonly body?: object;
  /** Longest silence. Default 30 s. */
  readonly timeoutMs?: number;
  /** For `load`: requests at the same time. */
  readonly parallel?: number;
  /** For `load`: between an answer and the next request. */
  readonly pauseMs?: number;
}

export interface Outcome {
  /** HTTP status; 0 if there was no answer. */
  readonly status: number;
  readonly body: string;
  readonly error?: string;
  /** Milliseconds since 1970. */
  readonly time?: number;
}

interface StreamEvent {
  readonly event: string;
  readonly time: number;
}

export type Line = Outcome | StreamEvent;

type Request = Omit<Call, "mode">;

/** Sends one request. Never throws for what the server or the network says. */
export async function askFrom(pod: Pod, call: Request): Promise<Outcome> {
  const caller = start(pod, { ...call, mode: "one" });
  await caller.ended;
  const [line] = caller.lines;
  if (line === undefined || "event" in line) throw new Error(`the caller in pod ${pod.metadata.name} said nothing: ${caller.errors()}`);
  return line;
}

export interface RunningStream {
  /** What has come so far. */
  readonly events: readonly StreamEvent[];
  /** How it ended. */
  readonly outcome: Promise<Outcome>;
}

export function streamFrom(pod: Pod, call: Request): RunningStream {
  const caller = start(pod, { ...call, mode: "stream" });
  return {
    get events() { return caller.lines.filter((line) => "event" in line); },
    outcome: caller.ended.then(() => {
      const last = caller.lines.at(-1);
      if (last === undefined || "event" in last) throw new Error(`the caller in pod ${pod.metadata.name} ended within a stream: ${caller.errors()}`);
      return last;
    }),
  };
}

export interface RunningLoad {
  readonly outcomes: readonly Outcome[];
  /** Lets what is under way end and starts nothing new. */
  stop(): Promise<readonly Outcome[]>;
}

export function loadFrom(pod: Pod, call: Request): RunningLoad {
  const caller = start(pod, { ...call, mode: "load" });
  const outcomes = (): Outcome[] => caller.lines.filter((line) => "status" in line);
  return {
    get outcomes() { return outcomes(); },
    async stop() {
      caller.child.stdin?.end();
      await caller.ended;
      return outcomes();
    },
  };
}

interface Caller {
  readonly child: ChildProcess;
  readonly lines: Line[];
  readonly ended: Promise<void>;
  errors(): string;
}

function start(pod: Pod, call: Call): Caller {
  const child = spawn("nsenter", [`--net=/proc/${processOf(pod)}/ns/net`, process.execPath, join(import.meta.dirname, "caller.ts")], { stdio: ["pipe", "pipe", "pipe"] });
  const lines: Line[] = [];
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => { errors += text; });
  const output = createInterface({ input: child.stdout }).on("line", (line) => {
    // Only a caller that was killed leaves half a line.
    if (line.endsWith("}")) lines.push(JSON.parse(line) as Line);
    else errors += line.slice(0, 200);
  });
  child.stdin.write(`${JSON.stringify(call)}\n`);
  if (call.mode !== "load") child.stdin.end();
  return { child, lines, ended: new Promise((done) => { output.once("close", () => done()); }), errors: () => errors };
}
