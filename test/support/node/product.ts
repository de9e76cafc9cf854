/** Installs Hoheit as a user does: both charts by helm, the operator as a pod from the image archive that is released. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { OPERATOR_NAMESPACE } from "../../../hack/cluster/install.ts";
import { mustCall } from "../../../hack/cluster/http.ts";
import { ROOT } from "../../../hack/run.ts";
import { OUTSIDE, RESOLVER } from "./network.ts";

const run = promisify(execFile);

export interface Installation {
  /** Path of helm. */
  readonly helm: string;
  readonly url: string;
  readonly ca: string;
  readonly token: string;
  readonly kubeconfig: string;
}

/** Resolves when helm is done; the operator's pods come up meanwhile. */
export async function installProduct({ helm, url, ca, token, kubeconfig }: Installation): Promise<void> {
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  await mustCall({ method: "POST", url: `${url}/api/v1/namespaces`, ca, token, body: { apiVersion: "v1", kind: "Namespace", metadata: { name: OPERATOR_NAMESPACE, labels } } });
  const install = (name: string, ...args: string[]): Promise<unknown> =>
    run(helm, ["install", name, join(ROOT, "charts", name), `--kubeconfig=${kubeconfig}`, `--namespace=${OPERATOR_NAMESPACE}`, ...args], { timeout: 60_000 });
  await install("hoheit-crds");
  await install("hoheit", ...settings(new URL(url).port));
}

/** The image is on the node and nowhere else; probes shall try the world, too, and ask for a name that it knows. */
const settings = (apiPort: string): string[] => [
  "--set=image.pullPolicy=Never", `--set=apiServer.ports={${apiPort}}`, `--set=probe.dnsName=probed.${RESOLVER.zone}`,
  `--set-json=probe.targets=${JSON.stringify([OUTSIDE.v4, OUTSIDE.v6].map((address, index) => ({ name: `outside-${index === 0 ? "v4" : "v6"}`, address, port: 443, protocol: "TCP" })))}`,
];
