/** Two judges for one manifest: the real API server, by a dry run with strict field validation, and zod, as `hoheit render` asks it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { crdOf } from "../../hack/generate/crd.ts";
import { call } from "../../hack/cluster/http.ts";
import { fromYaml } from "../../operator/cli/yaml.ts";
import { parseManifest, type Kind } from "../../operator/kinds/define.ts";
import { kinds } from "../../operator/kinds/index.ts";
import type { Violation } from "../../operator/kinds/violations.ts";
import { API_GROUP, API_VERSION } from "../../operator/lib/names.ts";
import { eventually, rawCall, sharedPlane } from "../support/control-plane.ts";

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; [member: string]: unknown };
  spec: unknown;
}

interface LiveCrd {
  metadata: { name: string };
  status?: { conditions?: { type: string; status: string; message: string }[] };
}

const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/** Applies every CRD and waits until the server serves it. May be called by several test files at once. */
export async function installCrds(): Promise<LiveCrd[]> {
  const plane = sharedPlane();
  for (const crd of kinds.map(crdOf)) {
    await rawCall(plane, "PATCH", `${CRDS}/${crd.metadata.name}?fieldManager=test&force=true&fieldValidation=Strict`, { body: crd, contentType: "application/apply-patch+yaml" });
  }
  return Promise.all(kinds.map((kind) => eventually(async () => {
    const live = await rawCall<LiveCrd>(plane, "GET", `${CRDS}/${kind.plural}.${API_GROUP}`);
    // Established comes before the handler is there.
    await rawCall(plane, "GET", `/apis/${API_VERSION}/${kind.plural}`);
    return live.status?.conditions?.some(({ type, status }) => type === "Established" && status === "True") === true ? live : Promise.reject(new Error(JSON.stringify(live.status)));
  })));
}

/** Of the collection without a name. `namespace` says nothing of what lives in the cluster. */
export const pathOf = (kind: Kind, namespace: string, name = ""): string =>
  `/apis/${API_VERSION}${kind.namespaced ? `/namespaces/${namespace}` : ""}/${kind.plural}${name === "" ? "" : `/${name}`}`;

/** `language-model-deployment` for LanguageModelDeployment: the folder of its fixtures. */
const folderOf = (kind: Kind): string => kind.kind.replaceAll(/(?<=[a-z])[A-Z]/g, "-$&").toLowerCase();

export async function fixture(kind: Kind, file: string): Promise<unknown> {
  return fromYaml(await readFile(join(import.meta.dirname, folderOf(kind), file), "utf8"), file)[0];
}

/** Nothing to object to: []. */
export type Verdict = readonly Violation[];

export function zodVerdict(kind: Kind, manifest: unknown): Verdict {
  const parsed = parseManifest(kind, manifest);
  return parsed.ok ? [] : parsed.violations;
}

interface Status {
  reason?: string;
  message?: string;
  details?: { causes?: { field?: string; message?: string }[] };
}

/** `over`: judge an update of the object of that name instead of a creation. Nothing is stored either way. */
export async function serverVerdict(kind: Kind, namespace: string, manifest: unknown, over?: string): Promise<Verdict> {
  const { url, ca, tokens } = sharedPlane();
  const path = `${pathOf(kind, namespace, over)}?dryRun=All&fieldValidation=Strict&fieldManager=test`;
  const answer = await call({ method: over === undefined ? "POST" : "PUT", url: url + path, ca, token: tokens["admin"] ?? "", body: manifest, timeoutMs: 30_000 });
  if (answer.status < 300) return [];
  if (answer.status !== 422 && answer.status !== 400) throw new Error(`${path}: ${answer.status} ${answer.body}`);
  return violationsIn(JSON.parse(answer.body) as Status);
}

function violationsIn({ message = "", details }: Status): Violation[] {
  const causes = (details?.causes ?? []).map((cause) => ({ path: cause.field ?? "", message: cause.message ?? "" }));
  const unknown = [...message.matchAll(/unknown field "([^"]*)"/g)].map(([, path = ""]) => ({ path, message: "unknown field" }));
  const all = [...unknown, ...causes];
  return all.length > 0 ? all : [{ path: "", message }];
}

/** "path: message", one a line: readable where an expectation fails. */
export const words = (verdict: Verdict): string => verdict.map(({ path, message }) => `${path}: ${message}`).join("\n");
