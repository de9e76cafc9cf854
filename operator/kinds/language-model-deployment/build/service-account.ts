/** An account of its own, so that no rights given to the namespace's default account reach the model server; it gets no token. */
import type { ServiceAccount } from "../../../lib/k8s-types.ts";
import type { BuildInput } from "./input.ts";
import { childMetadata } from "./metadata.ts";

export function buildServiceAccount({ deployment }: BuildInput): ServiceAccount {
  return { apiVersion: "v1", kind: "ServiceAccount", metadata: childMetadata(deployment), automountServiceAccountToken: false };
}
