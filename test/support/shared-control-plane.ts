/** vitest's global set-up for the projects `crd` and `integration`: one control plane for all their files. */
import type { TestProject } from "vitest/node";
import { startControlPlane, type ControlPlane } from "../../hack/cluster/control-plane.ts";
import { IDENTITIES, type SharedPlane } from "./control-plane.ts";

declare module "vitest" {
  interface ProvidedContext {
    controlPlane: SharedPlane;
  }
}

interface Holder { plane: Promise<ControlPlane>; users: number }

// Each project loads this module for itself, but all run in one process: the symbol is where they meet.
const HOLDER = Symbol.for("hoheit.test.control-plane");
const meeting = globalThis as unknown as Record<symbol, Holder | undefined>;

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const holder = meeting[HOLDER] ??= { plane: start(), users: 0 };
  holder.users += 1;
  const plane = await holder.plane;
  project.provide("controlPlane", {
    url: plane.url, ca: plane.ca, tokens: plane.tokens,
    kubeconfigs: Object.fromEntries(Object.keys(plane.tokens).map((name) => [name, plane.kubeconfig(name)])),
    auditLogFile: plane.auditLogFile ?? "",
  });
  return async () => {
    holder.users -= 1;
    if (holder.users > 0) return;
    meeting[HOLDER] = undefined;
    await plane.stop();
  };
}

function start(): Promise<ControlPlane> {
  return startControlPlane({
    controllerManager: true, scheduler: true, nodes: true, identities: IDENTITIES,
    // Only what the operator's own identity does: controllers and kwok would fill the disk.
    audit: { users: IDENTITIES.map(({ user }) => user) },
    progress: { step: (text) => console.log(text), tick: () => undefined },
  });
}
