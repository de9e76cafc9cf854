#!/usr/local/bin/node
/**
 * A stand-in for vLLM: takes the same command line, serves the paths that probes and clients use, and does what tests ask
 * of it. From its very first moment, before anything else, it tries to reach the addresses in HAMMER (as `address port`,
 * comma-separated), again and again until it ends: what a model server that wants to phone home would do.
 *
 * GET  /health, /v1/models       as vLLM
 * POST /v1/chat/completions      answers with the last message
 * GET  /hammered                 {tried, connected}
 * POST /crash                    ends with status 1
 * POST /eat                      takes memory until it is killed
 */
import { createServer } from "node:http";
import { connect } from "node:net";

const hammered = { tried: 0, connected: 0 };
const AT_A_TIME = 4;
/** As fast as it can while it starts; later slowly enough to leave the machine to others if everything gets through. */
const START_MS = 5000;
const pauseMs = () => (performance.now() < START_MS ? 1 : 50);

/** The next attempt starts when the last has ended, a second at most: refusals come at once. */
function hammer(host, port) {
  hammered.tried += 1;
  const socket = connect({ host, port, timeout: 1000 });
  socket.once("connect", () => { hammered.connected += 1; socket.destroy(); });
  socket.once("timeout", () => socket.destroy());
  socket.on("error", () => undefined);
  socket.once("close", () => { setTimeout(hammer, pauseMs(), host, port); });
}

for (const target of (process.env.HAMMER ?? "").split(",").filter((part) => part !== "")) {
  const [host, port] = target.split(" ");
  for (let each = 0; each < AT_A_TIME; each++) hammer(host, Number(port));
}

const args = process.argv.slice(2);
const valueOf = (name) => args.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1);
const model = args[args.indexOf("--served-model-name") + 1];

async function bodyOf(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

const eaten = [];
const paths = {
  "GET /health": () => "",
  "GET /v1/models": () => ({ object: "list", data: [{ id: model, object: "model" }] }),
  "GET /hammered": () => hammered,
  "POST /crash": () => process.exit(1),
  "POST /eat": () => { setInterval(() => eaten.push(Buffer.alloc(64 << 20, 1)), 10); return ""; },
  "POST /v1/chat/completions": async (request) => {
    const { messages } = JSON.parse(await bodyOf(request));
    return { object: "chat.completion", model, choices: [{ index: 0, message: { role: "assistant", content: messages.at(-1).content }, finish_reason: "stop" }] };
  },
};

const server = createServer(async (request, response) => {
  const answer = paths[`${request.method} ${request.url}`];
  if (answer === undefined) { response.writeHead(404).end(); return; }
  const result = await answer(request);
  response.end(typeof result === "string" ? result : JSON.stringify(result));
});
server.listen(Number(valueOf("--port")), valueOf("--host"));

// As vLLM: what runs may finish; the hammering goes on until the end.
process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
