/**
 * Free TCP ports on loopback. They are taken below the range from which systems give out ports by themselves (32768 and
 * up on Linux, 49152 elsewhere), so that a server can be restarted on its own port, and below Kubernetes' own for Services
 * (30000 to 32767), which firewalls of nodes let through. Another program may still be
 * quicker between our check and the bind: whoever binds must try again with other ports.
 */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

const LOWEST = 20_000;
const HIGHEST = 30_000;
const ATTEMPTS = 200;

export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let attempt = 0; attempt < ATTEMPTS && found.size < count; attempt++) {
    const port = randomInt(LOWEST, HIGHEST);
    if (!found.has(port) && await isFree(port)) found.add(port);
  }
  if (found.size < count) throw new Error(`No ${count} free ports between ${LOWEST} and ${HIGHEST} on 127.0.0.1.`);
  return [...found];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}
