import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isAlive } from "../../hack/cluster/supervise.ts";
import { auditLog, eventually, rawCall, sharedPlane, startControlPlane, uniqueNamespace } from "../support/control-plane.ts";

interface Pod { status: { phase: string; conditions?: { type: string; status: string; message?: string }[] } }

const pod = (name: string, gpus: number): object => ({
  apiVersion: "v1", kind: "Pod", metadata: { name },
  spec: { containers: [{ name: "main", image: "registry.example/none:1", resources: { limits: { "nvidia.com/gpu": String(gpus) } } }] },
});

describe("the shared control plane", () => {
  test("places a pod on a simulated GPU node and makes it ready", async () => {
    const namespace = await uniqueNamespace();
    await rawCall(sharedPlane(), "POST", `/api/v1/namespaces/${namespace}/pods`, { body: pod("fits", 1) });
    await eventually(async () => {
      const { status } = await rawCall<Pod>(sharedPlane(), "GET", `/api/v1/namespaces/${namespace}/pods/fits`);
      expect(status.phase).toBe("Running");
    });
  });

  test("says in the scheduler's own words why a pod cannot be placed", async () => {
    const namespace = await uniqueNamespace();
    await rawCall(sharedPlane(), "POST", `/api/v1/namespaces/${namespace}/pods`, { body: pod("too-big", 16) });
    await eventually(async () => {
      const { status } = await rawCall<Pod>(sharedPlane(), "GET", `/api/v1/namespaces/${namespace}/pods/too-big`);
      expect(status.conditions?.find(({ type }) => type === "PodScheduled")?.message).toContain("0/3 nodes are available: 3 Insufficient nvidia.com/gpu");
    });
  });

  test("binds a claim on weights to a volume", async () => {
    const namespace = await uniqueNamespace();
    const claim = {
      apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "weights" },
      spec: { storageClassName: "weights", accessModes: ["ReadOnlyMany"], resources: { requests: { storage: "100Gi" } } },
    };
    await rawCall(sharedPlane(), "POST", `/api/v1/namespaces/${namespace}/persistentvolumeclaims`, { body: claim });
    await eventually(async () => {
      const { status } = await rawCall<{ status: { phase: string } }>(sharedPlane(), "GET", `/api/v1/namespaces/${namespace}/persistentvolumeclaims/weights`);
      expect(status.phase).toBe("Bound");
    });
  });

  test("enforces Pod Security in a namespace that asks for it", async () => {
    const namespace = await uniqueNamespace(sharedPlane(), { restricted: true });
    await expect(rawCall(sharedPlane(), "POST", `/api/v1/namespaces/${namespace}/pods`, { body: pod("careless", 1) })).rejects.toThrow("violates PodSecurity");
  });

  test("writes what the operator asks into the audit log before it answers", async () => {
    const namespace = await uniqueNamespace();
    await expect(rawCall(sharedPlane(), "GET", `/api/v1/namespaces/${namespace}/secrets`, { as: "operator" })).rejects.toThrow("403");
    const entries = await auditLog(sharedPlane(), { namespace });
    expect(entries.map(({ verb, responseStatus }) => [verb, responseStatus?.code])).toEqual([["list", 403]]);
  });
});

describe("a control plane of one's own", () => {
  test("keeps its data and its address when the API server and etcd are killed and restarted", async () => {
    await using plane = await startControlPlane();
    const namespace = await uniqueNamespace(plane);
    await plane.apiServer.kill("SIGKILL");
    expect(plane.apiServer.running).toBe(false);
    await expect(rawCall(plane, "GET", `/api/v1/namespaces/${namespace}`)).rejects.toThrow("ECONNREFUSED");
    await plane.etcd.restart("SIGKILL");
    await plane.apiServer.start();
    const read = await rawCall<{ metadata: { name: string } }>(plane, "GET", `/api/v1/namespaces/${namespace}`);
    expect(read.metadata.name).toBe(namespace);
  });

  test("compacts etcd", async () => {
    await using plane = await startControlPlane();
    await expect(plane.compact()).resolves.toBeUndefined();
  });
});

describe("whatever ends the process that started a control plane", () => {
  const starter = `
    const { startControlPlane } = await import(${JSON.stringify(new URL("../../hack/cluster/control-plane.ts", import.meta.url).href)});
    const plane = await startControlPlane({ controllerManager: true });
    const pids = [plane.etcd.pid, plane.apiServer.pid, plane.controllerManager.pid];
    console.log(JSON.stringify({ folder: plane.folder, pids }));
  `;

  test.each(["SIGKILL", "SIGINT", "SIGTERM"] as const)("%s leaves no process and no file", async (signal) => {
    const starting = spawn(process.execPath, ["--input-type=module", "-e", starter], { stdio: ["ignore", "pipe", "inherit"] });
    const line = await new Promise<string>((resolve) => starting.stdout.once("data", (data: Buffer) => resolve(data.toString())));
    const { folder, pids } = JSON.parse(line) as { folder: string; pids: number[] };
    expect(pids.map(isAlive)).toEqual([true, true, true]);
    starting.kill(signal);
    await eventually(() => expect([...pids.map(isAlive), existsSync(folder)]).toEqual([false, false, false, false]));
  });
});
