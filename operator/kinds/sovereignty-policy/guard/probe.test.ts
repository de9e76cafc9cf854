import { describe, expect, test } from "vitest";
import type { KubeApi } from "../../../kube/api.ts";
import { ApiError, TransportError } from "../../../kube/errors.ts";
import type { KubeObject, Live } from "../../../lib/k8s-types.ts";
import { GUARD_PROBE } from "../../../lib/labels.ts";
import { buildProbes, type ProbedPolicy } from "../build/guard/probes.ts";
import { probeGuard, verdictOf } from "./probe.ts";

const POLICY: ProbedPolicy = {
  spec: {
    namespaceSelector: { matchLabels: { "hoheit.dev/governed": "true" } },
    images: { registries: ["registry.example"], digests: "Required" }, nodes: { selector: { matchLabels: { site: "rz1" } } },
  },
};

const concernOf = (object: KubeObject): string => object.metadata.labels?.[GUARD_PROBE] ?? "";
const refusal = (why: string): ApiError => new ApiError("create", { code: 403, reason: "Forbidden", message: why });
const byGuard = (concern: string): ApiError => refusal(`ValidatingAdmissionPolicy '${concern}.hoheit.dev' with binding 'land.${concern}.hoheit.dev' denied request: no`);

/** An API server that refuses what it must, unless `answer` says otherwise. */
function server(answer: (concern: string) => Error | "ok" | undefined = () => undefined): Pick<KubeApi, "create" | "mergePatch"> & { dryRuns: boolean[] } {
  const dryRuns: boolean[] = [];
  const answerTo = async <T extends KubeObject>(object: T, dryRun: boolean | undefined): Promise<Live<T>> => {
    dryRuns.push(dryRun === true);
    const concern = concernOf(object);
    const said = answer(concern) ?? (concern === "passes" ? "ok" : byGuard(concern));
    if (said !== "ok") throw said;
    return object as Live<T>;
  };
  return {
    dryRuns,
    create: (_of, object, options) => answerTo(object, options?.dryRun),
    mergePatch: async <T extends KubeObject>(_of: unknown, _ref: unknown, patch: object, options?: { dryRun?: boolean }) => answerTo(patch as T, options?.dryRun),
  };
}

const verdict = async (answer?: (concern: string) => Error | "ok" | undefined) => verdictOf(await probeGuard(server(answer), "assistant", POLICY));

describe("the condition Guarded", () => {
  test("is True when all was refused by the guard and the harmless object was not", async () => {
    expect(await verdict()).toMatchObject({ status: "True", reason: "Guarded" });
  });

  test("is False, and names what, when one thing is let through", async () => {
    const { status, reason, message } = await verdict((concern) => (concern === "second-networks" ? "ok" : undefined));
    expect({ status, reason }).toEqual({ status: "False", reason: "LetThrough" });
    expect(message).toContain("a Deployment of pods with a second network");
  });

  test("is False when all is let through, and names some", async () => {
    expect((await verdict(() => "ok")).message).toMatch(/and \d+ more/);
  });

  test("is False when the harmless object is refused, too", async () => {
    expect(await verdict((concern) => (concern === "passes" ? byGuard("network-policies") : undefined))).toMatchObject({ status: "False", reason: "RefusedAll" });
  });

  test("is Unknown when somebody else refused, a guard of another concern included", async () => {
    for (const said of [refusal("violates PodSecurity"), byGuard("roles"), refusal("ValidatingAdmissionPolicy 'seal.hoheit.dev' with binding 'land.seal.hoheit.dev' denied request: expression 'x' resulted in error: no such key")]) {
      expect(await verdict((concern) => (concern === "seal" ? said : undefined))).toMatchObject({ status: "Unknown", reason: "ProbeUnclear" });
    }
  });

  test("is Unknown as long as nothing was tried", () => {
    expect(verdictOf([])).toMatchObject({ status: "Unknown", reason: "NotProbed" });
  });
});

describe("a probe", () => {
  test("stores nothing", async () => {
    const api = server();
    await probeGuard(api, "assistant", POLICY);
    expect(api.dryRuns).toHaveLength(buildProbes("assistant", POLICY).length);
    expect(api.dryRuns.every(Boolean)).toBe(true);
  });

  test("that got no answer shows nothing", async () => {
    await expect(probeGuard(server(() => new TransportError("create", "connection refused")), "assistant", POLICY)).rejects.toThrow("connection refused");
    await expect(probeGuard(server(() => new ApiError("create", { code: 500, reason: "InternalError", message: "etcd" })), "assistant", POLICY)).rejects.toThrow("etcd");
  });

  test("says in its label which concern it is for, once each", () => {
    const probes = buildProbes("assistant", POLICY);
    for (const { concern, object } of probes) expect(concernOf(object)).toBe(concern ?? "passes");
    expect(new Set(probes.map(({ what }) => what)).size).toBe(probes.length);
  });

  test("asks only for what the policy says", () => {
    const { spec: { namespaceSelector } } = POLICY;
    const concerns = new Set(buildProbes("assistant", { spec: { namespaceSelector } }).map(({ concern }) => concern));
    expect(concerns).not.toContain("images");
    expect(concerns).not.toContain("nodes");
    const byName = buildProbes("assistant", { spec: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "assistant" } } } });
    expect(byName.map(({ concern }) => concern)).not.toContain("namespace-labels");
  });
});
