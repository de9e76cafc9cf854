import { describe, expect, test } from "vitest";
import { client, lmd, OPERATOR, TRIPWIRE } from "../../../../test/support/makers.ts";
import { compare } from "../../../lib/diff.ts";
import { DEPLOYMENT, probeLabels, ROLE } from "../../../lib/labels.ts";
import { SEAL_FINALIZER } from "../../../lib/names.ts";
import type { LanguageModelDeployment } from "../schema.ts";
import { buildChildren, type BuildInput } from "./index.ts";

const model = { claimName: "weights", path: ".", digest: `sha256:${"0f".repeat(32)}` };

const build = (deployment: LanguageModelDeployment, change: Partial<BuildInput> = {}) => buildChildren({
  deployment, clients: deployment.spec.clients, metricsScraper: undefined, operator: OPERATOR, tripwire: TRIPWIRE,
  start: { model, replicas: deployment.spec.replicas, liveAnnotations: undefined }, ...change,
});

const podOf = (deployment: LanguageModelDeployment) => {
  const spec = build(deployment).deployment?.spec?.template.spec;
  if (spec === undefined) throw new Error("no pod was built");
  return spec;
};

const containerOf = (deployment: LanguageModelDeployment) => {
  const [container] = podOf(deployment).containers;
  if (container === undefined) throw new Error("no container was built");
  return container;
};

describe("the seal", () => {
  test("no way out but to the tripwire's control port, no way in but for the declared clients that were admitted", () => {
    const deployment = lmd("a").clients(client("chat-ui"), client("gateway")).object();
    const { networkPolicy } = build(deployment, { clients: deployment.spec.clients.slice(1) });
    expect(networkPolicy.spec?.egress).toEqual([{
      to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": OPERATOR.namespace } }, podSelector: { matchLabels: { "app.kubernetes.io/name": "hoheit", "app.kubernetes.io/component": "operator" } } }],
      ports: [{ protocol: "TCP", port: 8446 }, { protocol: "UDP", port: 8446 }],
    }]);
    expect(networkPolicy.spec).toMatchObject({ policyTypes: ["Ingress", "Egress"], podSelector: { matchLabels: { [DEPLOYMENT]: "a" } } });
    expect(networkPolicy.spec?.ingress).toEqual([{
      from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "gateway" } }, podSelector: { matchLabels: { app: "gateway" } } }],
      ports: [{ protocol: "TCP", port: 8000 }],
    }]);
    expect(networkPolicy.metadata.finalizers).toEqual([SEAL_FINALIZER]);
  });

  test("however many get in, the rule is one: network plugins that go by the place of a rule would cut some off while another comes before them", () => {
    const [rule, ...others] = build(lmd("a").clients(client("b"), client("a"), client("c")).object()).networkPolicy.spec?.ingress ?? [];
    expect([rule?.from?.map(({ podSelector }) => podSelector?.matchLabels), others]).toEqual([[{ app: "a" }, { app: "b" }, { app: "c" }], []]);
  });

  test("without clients and scraper nobody gets in, and the list says so", () => {
    expect(build(lmd("a").clients().object()).networkPolicy.spec?.ingress).toEqual([]);
  });

  test("it exists whether or not anything may start", () => {
    const children = build(lmd("a").object(), { start: undefined });
    expect(children.deployment).toBeUndefined();
    expect(children.networkPolicy).toEqual(build(lmd("a").object()).networkPolicy);
  });

  test("holds every pod of the deployment; Deployment, Service and budget select the model servers alone", () => {
    const seal = { [DEPLOYMENT]: "a" };
    const servers = { ...seal, [ROLE]: "Serving" };
    const { deployment, service, podDisruptionBudget, networkPolicy } = build(lmd("a").replicas(2).object());
    expect(deployment).toMatchObject({ spec: { template: { metadata: { labels: servers } } } });
    for (const selected of [deployment?.spec?.selector, podDisruptionBudget?.spec?.selector]) expect(selected).toEqual({ matchLabels: servers });
    expect(service.spec?.selector).toEqual(servers);
    expect(networkPolicy.spec?.podSelector).toEqual({ matchLabels: seal });
    expect(probeLabels("a")).toMatchObject(seal);
    expect(probeLabels("a")[ROLE]).not.toBe(servers[ROLE]);
  });
});

describe("the pod", () => {
  test("has no token, no service links and no name server that answers", () => {
    expect(podOf(lmd("a").object())).toMatchObject({
      automountServiceAccountToken: false, enableServiceLinks: false, dnsPolicy: "None", dnsConfig: { nameservers: ["127.0.0.1"] }, hostNetwork: false,
    });
    expect(build(lmd("a").object()).serviceAccount.automountServiceAccountToken).toBe(false);
  });

  test("is killed only after the pause, the drain and the exit", () => {
    for (const drainSeconds of [0, 120, 3600]) {
      const pod = podOf(lmd("a").spec({ rollout: { drainSeconds } }).object());
      const pause = pod.containers[0]?.lifecycle?.preStop?.sleep?.seconds ?? 0;
      expect(pause).toBeGreaterThan(0);
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(pause + drainSeconds);
      expect(pod.containers[0]?.args).toContain(`--shutdown-timeout=${drainSeconds}`);
    }
  });

  test("is given the whole start-up time by the probe, by the server itself and by the rollout", () => {
    for (const startupSeconds of [60, 65, 14_400]) {
      const deployment = lmd("a").spec({ rollout: { startupSeconds } }).object();
      const { startupProbe, env } = containerOf(deployment);
      expect((startupProbe?.periodSeconds ?? 0) * (startupProbe?.failureThreshold ?? 0)).toBeGreaterThanOrEqual(startupSeconds);
      expect(startupProbe?.initialDelaySeconds).toBeUndefined();
      expect(env).toContainEqual({ name: "VLLM_ENGINE_READY_TIMEOUT_S", value: String(startupSeconds) });
      expect(build(deployment).deployment?.spec?.progressDeadlineSeconds).toBeGreaterThan(startupSeconds);
    }
  });

  test("never copies its log into the API", () => {
    expect(containerOf(lmd("a").object()).terminationMessagePolicy).toBe("File");
  });

  test("has shared memory that grows with tensor parallelism, never below what vLLM needs", () => {
    const sizes = [1, 2, 8].map((count) => podOf(lmd("a").gpus(count).object()).volumes?.find(({ name }) => name === "shm")?.emptyDir);
    expect(sizes).toEqual([{ medium: "Memory", sizeLimit: "512Mi" }, { medium: "Memory", sizeLimit: "2Gi" }, { medium: "Memory", sizeLimit: "8Gi" }]);
  });

  test("mounts the approved folder read-only", () => {
    const children = build(lmd("a").object(), { start: { model: { ...model, path: "./mistral//small/" }, replicas: 1, liveAnnotations: undefined } });
    const [container] = children.deployment?.spec?.template.spec?.containers ?? [];
    expect(container?.volumeMounts?.filter(({ readOnly }) => readOnly === true)).toEqual([{ name: "model", mountPath: "/models/weights", readOnly: true, subPath: "mistral/small" }]);
  });

  test("has a bound on every place that can be written to", () => {
    const [claim, ...others] = podOf(lmd("a").object()).volumes ?? [];
    expect(claim).toEqual({ name: "model", persistentVolumeClaim: { claimName: "weights", readOnly: true } });
    expect(others.map(({ emptyDir }) => emptyDir?.sizeLimit)).toEqual(["512Mi", "2Gi", "1Gi", "32Gi"]);
  });

  test("mounts the root of the volume without a sub-path", () => {
    for (const path of [".", "./", "./."]) {
      const children = build(lmd("a").object(), { start: { model: { ...model, path }, replicas: 1, liveAnnotations: undefined } });
      expect(children.deployment?.spec?.template.spec?.containers[0]?.volumeMounts?.[0]).toEqual({ name: "model", mountPath: "/models/weights", readOnly: true });
    }
  });

  test("every path that vLLM is told to write to lies on a writable volume", () => {
    const { env, volumeMounts } = containerOf(lmd("a").object());
    const writable = (volumeMounts ?? []).filter(({ readOnly }) => readOnly !== true).map(({ mountPath }) => mountPath);
    const paths = (env ?? []).filter(({ name, value }) => value?.startsWith("/") === true && name !== "TIKTOKEN_ENCODINGS_BASE");
    expect(paths.length).toBeGreaterThan(10);
    expect(paths.filter(({ value }) => !writable.some((mount) => value === mount || value?.startsWith(`${mount}/`) === true))).toEqual([]);
  });

  test("takes the start-up time that a user sets for the engine, once", () => {
    const { env } = containerOf(lmd("a").env({ VLLM_ENGINE_READY_TIMEOUT_S: "5" }).object());
    expect(env?.filter(({ name }) => name === "VLLM_ENGINE_READY_TIMEOUT_S")).toEqual([{ name: "VLLM_ENGINE_READY_TIMEOUT_S", value: "5" }]);
  });

  test("asks for accelerators in requests and limits, and for memory as the API server writes it", () => {
    const { resources } = containerOf(lmd("a").gpus(4, "amd.com/gpu").spec({ resources: { cpu: "2000m", memory: "2048Mi" } }).object());
    expect(resources).toEqual({ limits: { "amd.com/gpu": "4", memory: "2Gi" }, requests: { cpu: "2", "amd.com/gpu": "4", memory: "2Gi" } });
  });
});

describe("the gate", () => {
  const [gate] = podOf(lmd("a").object()).initContainers ?? [];

  test("runs the operator's own image, before the server, and is told by the ConfigMap where the tripwire is", () => {
    expect(podOf(lmd("a").object()).initContainers).toHaveLength(1);
    expect(gate).toMatchObject({ name: "gate", image: OPERATOR.image, args: ["gate", "--tripwire=$(TRIPWIRE)"], imagePullPolicy: "IfNotPresent" });
    const { metadata, data } = build(lmd("a").object()).gateConfig ?? {};
    expect(data).toEqual({ tripwire: "10.96.0.84,fd00:96::84" });
    expect(gate?.env).toEqual([{ name: "TRIPWIRE", valueFrom: { configMapKeyRef: { name: metadata?.name, key: "tripwire", optional: false } } }]);
  });

  test("is given no device, no volume and nothing else that is the server's", () => {
    expect(gate?.volumeMounts).toEqual([]);
    expect(JSON.stringify(gate?.resources)).not.toContain("nvidia");
  });

  test("keeps what it was told while the tripwire has no address, so that pods that run can start again", () => {
    expect(build(lmd("a").object(), { tripwire: undefined }).gateConfig).toBeUndefined();
  });
});

describe("a rollout", () => {
  test("takes no second set of accelerators", () => {
    expect(build(lmd("a").object()).deployment?.spec?.strategy).toEqual({ type: "RollingUpdate", rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } });
  });

  test("a budget exists only where one pod can be spared", () => {
    expect([0, 1, 2].map((replicas) => build(lmd("a").replicas(replicas).object()).podDisruptionBudget?.spec?.maxUnavailable)).toEqual([undefined, undefined, 1]);
  });
});

describe("a change by hand that would open the pod is a difference", () => {
  const gateOf = (pod: Record<string, unknown>): Record<string, unknown> => (pod.initContainers as Record<string, unknown>[])[0]!;
  const desired = build(lmd("a").object()).deployment;
  const changes: readonly [string, (pod: Record<string, unknown>, container: Record<string, unknown>) => void][] = [
    ["host network", (pod) => { pod.hostNetwork = true; }],
    ["a name server", (pod) => { pod.dnsConfig = { nameservers: ["127.0.0.1", "192.0.2.1"] }; }],
    ["DNS", (pod) => { pod.dnsPolicy = "ClusterFirst"; }],
    ["a token", (pod) => { pod.automountServiceAccountToken = true; }],
    ["a second container", (pod) => { (pod.containers as unknown[]).push({ name: "spy", image: "spy" }); }],
    ["an init container", (pod) => { pod.initContainers = [{ name: "spy", image: "spy" }]; }],
    ["another gate", (pod) => { gateOf(pod).image = "spy"; }],
    ["a gate that does nothing", (pod) => { gateOf(pod).command = ["/bin/true"]; }],
    ["a gate that is told of another tripwire", (pod) => { (gateOf(pod).env as unknown[]).push({ name: "X", value: "y" }); }],
    ["a host path", (pod) => { (pod.volumes as unknown[]).push({ name: "spy", hostPath: { path: "/" } }); }],
    ["privileges", (_pod, container) => { (container.securityContext as Record<string, unknown>).privileged = true; }],
    ["root", (_pod, container) => { (container.securityContext as Record<string, unknown>).runAsUser = 0; }],
    ["no seccomp", (_pod, container) => { (container.securityContext as Record<string, unknown>).seccompProfile = { type: "Unconfined" }; }],
    ["a capability", (_pod, container) => { (container.securityContext as { capabilities: Record<string, unknown> }).capabilities.add = ["SYS_PTRACE"]; }],
    ["variables from a Secret", (_pod, container) => { container.envFrom = [{ secretRef: { name: "s" } }]; }],
    ["a variable", (_pod, container) => { (container.env as unknown[]).push({ name: "HTTPS_PROXY", value: "http://x" }); }],
    ["an argument", (_pod, container) => { (container.args as unknown[]).push("--trust-remote-code"); }],
    ["logs in the status", (_pod, container) => { container.terminationMessagePolicy = "FallbackToLogsOnError"; }],
  ];

  test.each(changes)("%s", (_what, change) => {
    const live = structuredClone(desired) as unknown as { spec: { template: { spec: Record<string, unknown> & { containers: Record<string, unknown>[] } } } };
    const pod = live.spec.template.spec;
    expect(compare(desired ?? {}, live)).toEqual({ differs: undefined, extras: [] });
    change(pod, pod.containers[0] ?? {});
    const { differs, extras } = compare(desired ?? {}, live);
    expect(differs !== undefined || extras.length > 0).toBe(true);
  });
});
