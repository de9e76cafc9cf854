/** A model server through everything that is installed: it gets Ready, declared clients reach it, and nobody else does. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/control-plane.ts";
import { engine, furnished, serve, serviceAddresses, startClients, type Clients } from "../support/node/house.ts";
import { removeNamespace } from "../support/node/node.ts";
import { addressesOf, attemptsFrom, inNetworkOf, type Pod } from "../support/node/pods.ts";
import { SERVING_PORT } from "../../operator/lib/names.ts";

let namespace: string;
let clients: Clients;
let server: Pod;

beforeAll(async () => {
  [namespace, clients] = await Promise.all([furnished(), startClients()]);
  const pods = await serve(namespace, engine("assistant").clients(clients.entry));
  expect(pods).toHaveLength(1);
  server = pods[0]!;
});
afterAll(() => removeNamespace(namespace));

/** Both families of the Service and of the pod itself. */
async function ways(): Promise<{ name: string; address: string; port: number }[]> {
  const services = await serviceAddresses(namespace, "assistant");
  expect(services).toHaveLength(2);
  expect(addressesOf(server)).toHaveLength(2);
  return [...services, ...addressesOf(server)].map((address) => ({ name: address, address, port: SERVING_PORT }));
}

describe("who may connect", () => {
  test("a declared client reaches the Service and the pod in both families", async () => {
    const targets = await ways();
    await eventually(async () => expect((await attemptsFrom(clients.declared, targets)).map(({ outcome }) => outcome)).toEqual(["Reached", "Reached", "Reached", "Reached"]));
  });

  test.each(["undeclared", "elsewhere"] as const)("a client that is not declared does not (%s)", async (who) => {
    const outcomes = (await attemptsFrom(clients[who], await ways())).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(["Refused", "Refused", "Refused", "Refused"]);
  });
});

test("a declared client gets an answer", async () => {
  const [address = ""] = await serviceAddresses(namespace, "assistant");
  const body = JSON.stringify({ model: "mistral-small", messages: [{ role: "user", content: "Guten Tag" }] });
  const script = `fetch("http://${address}:${SERVING_PORT}/v1/chat/completions", { method: "POST", body: ${JSON.stringify(body)} }).then((response) => response.text()).then(console.log)`;
  const { stdout } = await inNetworkOf(clients.declared, process.execPath, "-e", script);
  expect(JSON.parse(stdout)).toMatchObject({ model: "mistral-small", choices: [{ message: { content: "Guten Tag" } }] });
});
