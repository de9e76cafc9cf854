/** What must hold of a model server, whatever its task. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { servers } from "../support/node/house.ts";
import { addressesOf } from "../support/node/pods.ts";
import { askFrom } from "./client.ts";
import { DEPLOYMENT, urlOf, type Scene } from "./setup.ts";

/** The declared client gets an answer and nobody else a connection: by the Service and by each pod's own addresses. */
export async function expectOnlyDeclared(scene: Scene, { pods }: { readonly pods: number }): Promise<void> {
  const addresses = (await servers(scene.namespace, DEPLOYMENT)).flatMap(addressesOf).map(urlOf);
  expect(addresses, "an address of each family for each pod").toHaveLength(2 * pods);
  for (const url of [...scene.urls, ...addresses]) {
    expect(await askFrom(scene.clients.declared, { url: `${url}/health` }), "the positive control").toMatchObject({ status: 200 });
    for (const other of [scene.clients.undeclared, scene.clients.elsewhere]) {
      expect(await askFrom(other, { url: `${url}/health`, timeoutMs: 3000 })).toMatchObject({ status: 0, error: expect.stringMatching(/ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH/) });
    }
  }
}

/** The metrics that dashboards and autoscaling are made for, all of them and no other. */
export async function expectMetrics(scene: Scene): Promise<void> {
  const { body } = await askFrom(scene.clients.declared, { url: `${scene.urls[0]!}/metrics` });
  const shown = [...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
  const names = [...new Set(shown)].filter((line) => !/^(python|process)_|_created /.test(line)).toSorted();
  const recorded = readFileSync(join(import.meta.dirname, "..", "vllm", "metrics.txt"), "utf8").split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  expect(names).toEqual(recorded);
}
