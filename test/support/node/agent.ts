/**
 * Stands in a pod's network for as long as a test runs: answers at some ports, and tries connections when it is asked to.
 * One program for each pod instead of one for each attempt: tests that try thousands would otherwise measure how fast
 * programs start.
 *
 * As a program (`nsenter --net=... node agent.ts JSON`), with the ports as a list: takes a line of JSON with targets, answers
 * with a line of outcomes in their order, and ends when nobody asks any more. The first line says that it answers.
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { attempt, type Target } from "./attempt.ts";

/** What is allowed is answered within milliseconds; what is dropped without a word is waited for so long. */
const TIMEOUT_MS = 1200;

async function listen(port: number): Promise<void> {
  const server = createServer((socket) => { socket.on("error", () => undefined).end("inside\n"); }).listen({ port, host: "::", backlog: 1024 });
  const socket = createSocket("udp6");
  socket.on("message", (_message, from) => socket.send("inside\n", from.port, from.address)).bind(port);
  await Promise.all([once(server, "listening"), once(socket, "listening")]);
}

async function serve(ports: readonly number[]): Promise<void> {
  await Promise.all(ports.map(listen));
  console.log("ready");
  for await (const line of createInterface({ input: process.stdin })) {
    const attempts = await Promise.all((JSON.parse(line) as Target[]).map((target) => attempt(target, { timeoutMs: TIMEOUT_MS })));
    console.log(JSON.stringify(attempts.map(({ outcome }) => outcome)));
  }
  process.exit();
}

if (import.meta.main) await serve(JSON.parse(process.argv[2] ?? "[]") as number[]);
