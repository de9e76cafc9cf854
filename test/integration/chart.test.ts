/**
 * The charts, by the real helm on a real API server: what they render is accepted under Pod Security restricted, says
 * what the operator understands, and carries the names and ports that the code counts on. Whether it then works as a pod
 * is for the e2e tier.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump, loadAll } from "js-yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { loadConfig, settingHelp } from "../../operator/config.ts";
import { OPERATOR_LABELS } from "../../operator/lib/labels.ts";
import type { Deployment, NetworkPolicy, PodTemplate, Service } from "../../operator/lib/k8s-types.ts";
import { CONTROL_PORT, TRIPWIRE_PORT, TRIPWIRE_SERVICE } from "../../operator/lib/names.ts";
import { CHART, CRDS_CHART, helm } from "../support/helm.ts";
import { rawCall, startControlPlane, uniqueNamespace, type ControlPlane } from "../support/control-plane.ts";
import { podSecurityViolations } from "../support/pod-security.ts";

const folder = mkdtempSync(join(tmpdir(), "hoheit-chart-test-"));
let plane: ControlPlane;

beforeAll(async () => {
  await helm(["version"]);
  plane = await startControlPlane();
}, 600_000);
afterAll(async () => {
  await plane?.stop();
  rmSync(folder, { recursive: true });
});

interface Case {
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** What its NetworkPolicy says of these. */
  readonly api: { readonly cidrs: readonly string[]; readonly ports: readonly number[] };
  readonly scraped: readonly object[];
  readonly reported: readonly object[];
}

/** A namespace that YAML would take for a number. */
const SCRAPER = { namespace: "2026", podSelector: { "app.kubernetes.io/name": "prometheus" } };
const SCRAPED = [{
  from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": SCRAPER.namespace } }, podSelector: { matchLabels: SCRAPER.podSelector } }],
  ports: [{ port: 8081, protocol: "TCP" }],
}];
/** Who may look at the report: a list of peers of one rule. */
const CLIENTS = [{ namespace: "oauth2-proxy", podSelector: { app: "oauth2-proxy" } }, { namespace: "2027", podSelector: { app: "audit", tier: "front" } }];
const REPORTED = [{
  from: CLIENTS.map(({ namespace, podSelector }) => ({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } }, podSelector: { matchLabels: podSelector } })),
  ports: [{ port: 8082, protocol: "TCP" }],
}];
const HOUSE = { cidrs: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"], ports: [443, 6443] };
const EXACT = { cidrs: ["10.200.0.2/32", "fd00:200::2/128"], ports: [16443] };
const PROXY = [{ name: "proxy", address: "192.0.2.8", port: 3128, protocol: "TCP" }];
const DIGEST = `sha256:${"a".repeat(64)}`;

const CASES: readonly Case[] = [
  { name: "nothing set", values: {}, api: HOUSE, scraped: [], reported: [] },
  { name: "one replica and no policy of its own", values: { replicas: 1, networkPolicy: false }, api: HOUSE, scraped: [], reported: [] },
  { name: "a report for nobody", values: { report: { enabled: true } }, api: HOUSE, scraped: [], reported: [] },
  { name: "everything set", api: EXACT, scraped: SCRAPED, reported: REPORTED, values: {
    image: { repository: "registry.example:5000/house/hoheit", tag: "ignored", digest: DIGEST, pullPolicy: "Always", pullSecrets: ["registry"] },
    replicas: 3, logLevel: "debug", report: { enabled: true, clients: CLIENTS }, workers: 4, metricsScraper: SCRAPER, apiServer: EXACT,
    resources: { requests: { cpu: 1, memory: "256Mi" }, limits: {} }, nodeSelector: { role: "system" },
    probe: { schedule: "7 3 * * *", dnsName: "outside.example", targets: PROXY }, clusterDNS: ["10.96.0.10", "fd00:96::a"],
    tolerations: [{ key: "role", operator: "Equal", value: "system", effect: "NoSchedule" }], priorityClassName: "system-cluster-critical",
  } },
];

describe.each(CASES)("with $name, the chart", ({ values, api, scraped, reported }) => {
  let namespace = "";
  let deployment: Deployment;
  let options: string[];

  beforeAll(async () => {
    const file = join(folder, "values.json");
    writeFileSync(file, JSON.stringify(values));
    options = ["--values", file];
    namespace = await uniqueNamespace(plane, { restricted: true });
    await helm(["install", "hoheit", CHART, "-n", namespace, ...options], plane.kubeconfig());
    deployment = await rawCall<Deployment>(plane, "GET", `/apis/apps/v1/namespaces/${namespace}/deployments/hoheit-operator`);
  });
  afterAll(() => helm(["uninstall", "hoheit", "-n", namespace], plane.kubeconfig()));

  test("passes helm's strict lint", async () => {
    await helm(["lint", "--strict", CHART, ...options]);
  });

  test("makes pods that Pod Security restricted takes", async () => {
    const { template } = deployment.spec as { template: PodTemplate };
    expect(podSecurityViolations(template)).toEqual([]);
    // A class that no cluster without a scheduler has would be refused for another reason.
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "operator", labels: template.metadata?.labels }, spec: { ...template.spec, priorityClassName: undefined } };
    const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;
    await rawCall(plane, "POST", path, { body: pod });
    const careless = structuredClone(pod) as unknown as { spec: { containers: { securityContext: unknown }[] } };
    for (const container of careless.spec.containers) container.securityContext = { allowPrivilegeEscalation: true };
    await expect(rawCall(plane, "POST", path, { body: careless })).rejects.toThrow("restricted");
  });

  test("gives the container a read-only root, one token and resources", () => {
    const { spec } = (deployment.spec as { template: PodTemplate }).template;
    expect(spec?.automountServiceAccountToken).toBe(true);
    const [container] = spec?.containers ?? [];
    expect(container?.securityContext).toMatchObject({ readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } });
    expect(container?.resources?.requests).toBeDefined();
  });

  test("sets only what the operator knows, to what it takes", () => {
    const [container] = (deployment.spec as { template: PodTemplate }).template.spec?.containers ?? [];
    const environment = Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value ?? "from-the-pod"]));
    const known = settingHelp.map(({ variable }) => variable);
    expect(Object.keys(environment).filter((name) => !known.includes(name))).toEqual([]);
    const config = loadConfig({}, environment);
    expect(config.image).toBe(container?.image);
    expect(config.metricsScraper).toEqual(values["metricsScraper"]);
    expect({ targets: config.probeTargets, dns: config.clusterDns }).toEqual(values["probe"] === undefined ? { targets: [], dns: undefined } : { targets: PROXY, dns: ["10.96.0.10", "fd00:96::a"] });
    expect(container?.image).toBe(values["image"] === undefined ? `localhost/hoheit:${manifest.version}` : `registry.example:5000/house/hoheit@${DIGEST}`);
  });

  test("has the tripwire where the code looks for it", async () => {
    const service = await rawCall<Service>(plane, "GET", `/api/v1/namespaces/${namespace}/services/${TRIPWIRE_SERVICE}`);
    expect(service.metadata?.labels).toMatchObject({ "app.kubernetes.io/part-of": "hoheit" });
    expect(service.spec?.selector).toEqual(OPERATOR_LABELS);
    const wanted = [CONTROL_PORT, TRIPWIRE_PORT].flatMap((port) => ["TCP", "UDP"].map((protocol) => ({ port, targetPort: port, protocol })));
    expect(service.spec?.ports?.map(({ port, targetPort, protocol }) => ({ port, targetPort, protocol }))).toEqual(wanted);
    const template = (deployment.spec as { template: PodTemplate }).template;
    expect(template.metadata?.labels).toMatchObject(OPERATOR_LABELS);
    const exposed = template.spec?.containers[0]?.ports?.map(({ containerPort, protocol = "TCP" }) => `${containerPort}/${protocol}`);
    expect(exposed).toEqual(expect.arrayContaining(wanted.map(({ port, protocol }) => `${port}/${protocol}`)));
  });

  test("serves the report where it is wanted, and nowhere else", async () => {
    const wanted = values["report"] !== undefined;
    const { items } = await rawCall<{ items: Service[] }>(plane, "GET", `/api/v1/namespaces/${namespace}/services`);
    const service = items.find(({ metadata }) => metadata?.name === "hoheit-report");
    expect(service?.spec?.ports?.map(({ port, targetPort }) => [port, targetPort])).toEqual(wanted ? [[8082, 8082]] : undefined);
    expect(service?.spec?.selector).toEqual(wanted ? OPERATOR_LABELS : undefined);
  });

  test("tells the operator to listen for readers of the report where it is wanted, and nowhere else", () => {
    const wanted = values["report"] !== undefined;
    const [container] = (deployment.spec as { template: PodTemplate }).template.spec?.containers ?? [];
    expect(container?.env?.find(({ name }) => name === "HOHEIT_LISTEN_REPORT")?.value).toBe(wanted ? ":8082" : undefined);
    expect(container?.ports?.some(({ containerPort }) => containerPort === 8082)).toBe(wanted);
  });

  test("lets everyone to the tripwire, the scraper to the metrics, named pods to the report, and the operator to the API server and itself", async () => {
    const { items } = await rawCall<{ items: NetworkPolicy[] }>(plane, "GET", `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`);
    const tripwire = [CONTROL_PORT, TRIPWIRE_PORT].flatMap((port) => ["TCP", "UDP"].map((protocol) => ({ port, protocol })));
    const policy = {
      podSelector: { matchLabels: OPERATOR_LABELS }, policyTypes: ["Ingress", "Egress"],
      ingress: [{ ports: tripwire }, ...scraped, ...reported],
      egress: [
        { to: api.cidrs.map((cidr) => ({ ipBlock: { cidr } })), ports: api.ports.map((port) => ({ port, protocol: "TCP" })) },
        { to: [{ podSelector: { matchLabels: OPERATOR_LABELS } }], ports: tripwire },
      ],
    };
    expect(items.map(({ spec }) => spec)).toEqual(values["networkPolicy"] === false ? [] : [policy]);
  });

  test("grants what is generated to the account that the pods run as, in the release's namespace", async () => {
    const rbac = "/apis/rbac.authorization.k8s.io/v1";
    const generated = loadAll(readFileSync(join(CHART, "generated", "rbac.yaml"), "utf8")) as { kind: string; rules?: unknown }[];
    const role = await rawCall<{ rules: unknown }>(plane, "GET", `${rbac}/clusterroles/hoheit-operator`);
    expect(role.rules).toEqual(generated.find(({ kind }) => kind === "ClusterRole")?.rules);
    for (const path of ["clusterrolebindings", `namespaces/${namespace}/rolebindings`]) {
      const { subjects } = await rawCall<{ subjects: unknown }>(plane, "GET", `${rbac}/${path}/hoheit-operator`);
      expect(subjects).toEqual([{ kind: "ServiceAccount", name: (deployment.spec as { template: PodTemplate }).template.spec?.serviceAccountName, namespace }]);
    }
  });
});

describe("the schema of the values refuses", () => {
  test.each([
    ["a misspelt value", "replica=3", "additional properties 'replica' not allowed"],
    ["no replica", "replicas=0", "at '/replicas': minimum"],
    ["a level that there is not", "logLevel=loud", "value must be one of 'debug', 'info', 'warn', 'error'"],
    ["half a digest", "image.digest=sha256:12", "at '/image/digest'"],
    ["a repository with a tag in it", "image.repository=UPPER/hoheit", "at '/image/repository'"],
    ["a scraper that selects nobody in particular", "metricsScraper.namespace=monitoring", "'podSelector' required, if 'namespace' exists"],
    ["a report for every pod of a namespace", "report.clients[0].namespace=audit", "at '/report/clients/0': missing property 'podSelector'"],
    ["an API server at no port", "apiServer.ports=null", "missing property 'ports'"],
    ["probes on some days only", "probe.schedule=0 3 * * 1", "at '/probe/schedule'"],
    ["a probe of a name instead of an address", "probe.targets[0].name=proxy,probe.targets[0].address=proxy.example,probe.targets[0].port=3128", "at '/probe/targets/0/address'"],
    ["an address that is no range", "apiServer.cidrs={10.0.0.1}", "at '/apiServer/cidrs/0'"],
  ])("%s", async (_what, setting, why) => {
    await expect(helm(["template", "hoheit", CHART, "--set", setting])).rejects.toThrow(why);
  });
});

describe("the chart of the kinds", () => {
  const crdPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const NAME = "languagemodels.hoheit.dev";
  interface Live { metadata: { annotations: Record<string, string> }; spec: { versions: { schema: { openAPIV3Schema: { properties: { spec: { properties: Record<string, unknown> } } } } }[] } }
  const fields = async (): Promise<string[]> => Object.keys((await rawCall<Live>(plane, "GET", `${crdPath}/${NAME}`)).spec.versions[0]!.schema.openAPIV3Schema.properties.spec.properties);

  test("passes helm's strict lint", async () => {
    await helm(["lint", "--strict", CRDS_CHART]);
  });

  test("brings a new field by helm upgrade, keeps the user's annotations, and leaves the kinds when it goes", async () => {
    const namespace = await uniqueNamespace(plane);
    const older = join(folder, "older");
    cpSync(CRDS_CHART, older, { recursive: true });
    const file = join(older, "generated", `${NAME}.yaml`);
    const crd = loadAll(readFileSync(file, "utf8"))[0] as Live;
    delete crd.spec.versions[0]!.schema.openAPIV3Schema.properties.spec.properties["displayName"];
    writeFileSync(file, dump(crd));

    await helm(["install", "kinds", older, "-n", namespace], plane.kubeconfig());
    expect(await fields()).not.toContain("displayName");
    await helm(["upgrade", "kinds", CRDS_CHART, "-n", namespace, "--set-string", "annotations.example\\.com/sync=ServerSideApply"], plane.kubeconfig());
    expect(await fields()).toContain("displayName");
    const { metadata } = await rawCall<Live>(plane, "GET", `${crdPath}/${NAME}`);
    expect(metadata.annotations).toMatchObject({ "helm.sh/resource-policy": "keep", "example.com/sync": "ServerSideApply" });

    await helm(["uninstall", "kinds", "-n", namespace], plane.kubeconfig());
    expect((await rawCall<{ items: unknown[] }>(plane, "GET", crdPath)).items).toHaveLength(readdirSync(join(CRDS_CHART, "generated")).length);
  });

  test("renders the CRDs that are generated, with nothing lost", async () => {
    const rendered = loadAll(await helm(["template", "kinds", CRDS_CHART])) as { metadata: { name: string }; spec: unknown }[];
    const crds = readdirSync(join(CHART, "..", "..", "crds")).map((file) => loadAll(readFileSync(join(CHART, "..", "..", "crds", file), "utf8"))[0] as { metadata: { name: string }; spec: unknown });
    expect(Object.fromEntries(rendered.map(({ metadata, spec }) => [metadata.name, spec]))).toEqual(Object.fromEntries(crds.map(({ metadata, spec }) => [metadata.name, spec])));
  });
});

test.each([CHART, CRDS_CHART])("%s has the version of the release", async (chart) => {
  const [about] = loadAll(await helm(["show", "chart", chart])) as { version: string; appVersion: string }[];
  expect([about?.version, about?.appVersion]).toEqual([manifest.version, manifest.version]);
});
