import { describe, expect, it } from "vitest";
import { lmd } from "../../test/support/makers.ts";
import type { Deployment, Live } from "../lib/k8s-types.ts";
import { MODEL_DIGEST } from "../lib/labels.ts";
import { deployments, languageModelDeployments } from "./caches.ts";

const noted = (annotations: Record<string, string>) => lmd("a").metadata({ annotations, labels: { team: "x" }, finalizers: ["y"] }).live();

describe("what is kept of an object", () => {
  it("has no annotations of others, which a tenant may fill, and everything else", () => {
    const { annotations: _, ...metadata } = noted({}).metadata;
    expect(languageModelDeployments.keep?.(noted({ note: "x".repeat(250_000) }))).toEqual({ ...noted({}), metadata });
  });

  it("has our own annotations, by which we know what a child runs", () => {
    const child = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a", uid: "u", resourceVersion: "1", annotations: { [MODEL_DIGEST]: "sha256:x", note: "y" } } } as Live<Deployment>;
    expect(deployments.keep?.(child).metadata.annotations).toEqual({ [MODEL_DIGEST]: "sha256:x" });
  });
});
