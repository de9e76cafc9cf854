/** `hoheit` as people run it, and what they have instead of a cluster: what kubectl prints of one. */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { rawCall, type Reachable } from "./control-plane.ts";

const MAIN = resolve(import.meta.dirname, "..", "..", "operator", "main.ts");

/** A program of its own, without a cluster in its environment: `home` holds no kubeconfig. */
export function hoheit(home: string, ...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [MAIN, ...args], { env: { PATH: process.env["PATH"] ?? "", HOME: home } }, (error, out, err) => done({ code: error === null ? 0 : Number(error.code), out, err }));
  });
}

/** What kubectl get -o json writes, kind by kind, of all that a proof rests on. */
export async function dumpManifests(plane: Reachable, folder: string): Promise<void> {
  const paths = [
    "/api/v1/namespaces", "/api/v1/services", "/api/v1/nodes", "/api/v1/pods", "/apis/apps/v1/deployments", "/apis/batch/v1/cronjobs", "/apis/networking.k8s.io/v1/networkpolicies", "/apis/networking.k8s.io/v1/servicecidrs",
    "/apis/discovery.k8s.io/v1/endpointslices", "/apis/hoheit.dev/v1alpha1/sovereigntypolicies",
  ];
  mkdirSync(folder, { recursive: true });
  for (const [at, from] of paths.entries()) writeFileSync(join(folder, `${at}.json`), JSON.stringify(await rawCall(plane, "GET", from)));
}
