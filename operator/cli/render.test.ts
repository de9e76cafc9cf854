import { describe, expect, test } from "vitest";
import { activity, approval, client, GOVERNED, lm, lmd, OPERATOR, OTHER_DIGEST, svp, TRIPWIRE } from "../../test/support/makers.ts";
import type { KubeObject } from "../lib/k8s-types.ts";
import { renderCommand } from "./render.ts";
import { fromYaml, toYaml } from "./yaml.ts";

const NOW = Date.parse("2026-11-22T12:00:00Z");

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function render(files: Readonly<Record<string, string>>, namespace = "default", tripwire?: readonly string[]): Promise<Result> {
  let out = "";
  let err = "";
  const code = await renderCommand({ files: Object.keys(files), namespace, operator: OPERATOR, tripwire }, {
    read: async (file) => files[file] ?? Promise.reject(new Error(`ENOENT: no such file or directory, open '${file}'`)),
    out: (chunk) => { out += chunk; },
    err: (chunk) => { err += chunk; },
    now: () => NOW,
  });
  return { code, out, err };
}

const yaml = (...objects: object[]): string => objects.map(toYaml).join("---\n");
const governance = () => yaml(activity().manifest(), lm().manifest(), approval().manifest());
const deployment = (maker = lmd("assistant")) => yaml(maker.manifest());

describe("what fits together", () => {
  test("becomes every object, in the order in which it is applied, with its source above it", async () => {
    const { code, out, err } = await render({ "a.yaml": governance(), "b.yaml": deployment(lmd("assistant").replicas(2)) });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const kinds = fromYaml(out, "out").map((object) => (object as { kind: string }).kind);
    expect(kinds).toEqual(["NetworkPolicy", "ServiceAccount", "Service", "PodDisruptionBudget", "Deployment"]);
    expect(out).toContain("# b.yaml: LanguageModelDeployment assistant/assistant becomes this NetworkPolicy\n");
    expect(out).toContain("# a.yaml: ModelApproval assistant/mistral-small-text becomes no object of its own");
  });

  test("becomes the ConfigMap of the gate and the CronJob of the probe as well, when it is said where the tripwire is", async () => {
    const files = { "a.yaml": governance(), "b.yaml": deployment() };
    const { code, out } = await render(files, "default", TRIPWIRE.addresses);
    expect(code).toBe(0);
    const objects = fromYaml(out, "out") as KubeObject[];
    expect(objects.map(({ kind }) => kind)).toEqual(["NetworkPolicy", "ServiceAccount", "Service", "ConfigMap", "Deployment", "CronJob"]);
    expect(objects[3]).toMatchObject({ metadata: { name: "assistant-gate" }, data: { tripwire: TRIPWIRE.addresses.join(",") } });
    expect(JSON.stringify(objects[5])).toContain(TRIPWIRE.addresses[0]);
    expect(out).not.toContain("(--tripwire)");
    expect((await render(files)).out).toContain("(--tripwire)");
  });

  test("can be applied and deleted again: the seal's finalizer, which only the operator takes off, is left out", async () => {
    const { out } = await render({ "a.yaml": governance(), "b.yaml": deployment() });
    expect(out).toContain("kind: NetworkPolicy");
    expect(out).not.toContain("finalizers");
  });

  test("has no budget for one replica, and the same text every time", async () => {
    const files = { "a.yaml": governance(), "b.yaml": deployment() };
    const { out } = await render(files);
    expect(out).not.toContain("PodDisruptionBudget");
    expect((await render(files)).out).toBe(out);
  });

  test("may be a list, lie beside other kinds and name no namespace", async () => {
    const items = [activity(), lm(), approval(), lmd("assistant").clients(client("chat-ui"))].map((maker) => {
      const object = maker.manifest();
      delete object.metadata.namespace;
      return object;
    });
    const { code, out, err } = await render({ "-": yaml({ apiVersion: "v1", kind: "List", items }, { apiVersion: "v1", kind: "Namespace", metadata: { name: "x" } }) }, "town");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("namespace: town");
  });
});

test("what lives in the cluster is put into no namespace, and refused in one", async () => {
  const policy = { apiVersion: "hoheit.dev/v1alpha1", kind: "SovereigntyPolicy", metadata: { name: "land" }, spec: { namespaceSelector: { matchLabels: { governed: "yes" } } } };
  expect(await render({ "a.yaml": yaml(policy) }, "town")).toMatchObject({ code: 0, out: expect.stringContaining("# a.yaml: SovereigntyPolicy land holds in") });
  const misplaced = { ...policy, metadata: { name: "land", namespace: "town" } };
  expect(await render({ "a.yaml": yaml(misplaced) })).toMatchObject({ code: 1, err: "a.yaml: SovereigntyPolicy town/land: metadata.namespace: remove it: a SovereigntyPolicy lives in the cluster, not in a namespace\n" });
});

describe("what does not", () => {
  const says = async (files: Readonly<Record<string, string>>, ...lines: (string | RegExp)[]) => {
    const { code, out, err } = await render(files);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    const printed = err.trimEnd().split("\n");
    expect(printed).toEqual(lines.map((line) => (typeof line === "string" ? line : expect.stringMatching(line))));
  };

  test("says file, object, field, reason and remedy for a refused argument and a refused variable", () =>
    says({ "a.yaml": governance(), "b.yaml": deployment(lmd("assistant").args("--seed=1", "--trust-remote-code").env({ HTTP_PROXY: "http://proxy" })) },
      "b.yaml: LanguageModelDeployment assistant/assistant: spec.engine.args[1]: It runs code that came with the weights or from elsewhere: nobody approved that code. Remove it. Bring code that you trust as part of the image.",
      /^b\.yaml: LanguageModelDeployment assistant\/assistant: spec\.engine\.env\[HTTP_PROXY\]: .*other machines.* Remove it\.$/));

  test("says what the task does not take, in arguments and in fields", async () => {
    const embedding = (maker = lmd("assistant")) => deployment(maker.spec({ task: "Embedding" }));
    await says({ "a.yaml": governance(), "b.yaml": embedding(lmd("assistant").args("--tool-call-parser=mistral", "--runner=generate")) },
      /spec\.engine\.args\[0\]: .*a server of task Embedding writes none\. Remove it\.$/, /spec\.engine\.args\[1\]: Hoheit sets it\. Use spec\.task\.$/);
    await says({ "a.yaml": governance(), "b.yaml": embedding(lmd("assistant").spec({ confidentiality: { content: "CachedInMemory" } })) },
      /spec\.confidentiality\.content: set confidentiality\.content to NotKept/);
    expect((await render({ "a.yaml": governance(), "b.yaml": embedding() })).out).toContain("- --runner=pooling\n");
  });

  test("names an engine version that was not examined", () =>
    says({ "a.yaml": governance(), "b.yaml": deployment(lmd("assistant").engine({ version: "0.99" })) },
      /spec\.engine\.version: vLLM 0\.99 was not examined .* Use an image of 0\.29/));

  test("names every reference that leads nowhere", () =>
    says({ "b.yaml": deployment() }, /There is no LanguageModel mistral-small in namespace assistant/, /spec\.clients\[chat-ui\]\.activityRef\.name: there is no ProcessingActivity text-assistance/));

  test("finds nothing in another namespace", () =>
    says({ "a.yaml": governance(), "b.yaml": deployment(lmd("assistant").namespace("elsewhere")) }, /There is no LanguageModel/, /there is no ProcessingActivity/));

  test("misses the approval of these bytes", () =>
    says({ "a.yaml": yaml(activity().manifest(), lm().digest(OTHER_DIGEST).manifest(), approval().manifest()), "b.yaml": deployment() }, /No ModelApproval in this namespace approves sha256:a1a1/));

  describe("where a SovereigntyPolicy denies the model's origin", () => {
    const namespace = (labels: Record<string, string>): string => yaml({ apiVersion: "v1", kind: "Namespace", metadata: { name: "assistant", labels } });
    const files = (policy = svp().denies("FR")) => ({ "a.yaml": governance(), "b.yaml": deployment(), "c.yaml": yaml(policy.manifest()) });
    const denied = "b.yaml: LanguageModelDeployment assistant/assistant: LanguageModel mistral-small: spec.provenance.originCountry FR is denied by SovereigntyPolicy land (spec.models.deniedOrigins) in namespace assistant: nothing new starts and running pods stay. Serve another model; who may govern can change the policy.";

    test("says so where the policy selects the namespace", () => says({ ...files(), "d.yaml": namespace(GOVERNED) }, denied));

    test("says so, with a reserve, where the files do not say what it selects", () =>
      says(files(), `${denied} The files do not say which labels namespace assistant has, so every policy that may select it counts: add its manifest.`));

    test("says nothing where it selects another, denies another or is not in force", async () => {
      for (const others of [
        { ...files(), "d.yaml": namespace({}) }, { ...files(svp().denies("CN")), "d.yaml": namespace(GOVERNED) }, files(svp().denies("FR").selects({ "kubernetes.io/metadata.name": "elsewhere" })),
        { "a.yaml": yaml(activity().namespace("hoheit-system").manifest(), lm().namespace("hoheit-system").manifest(), approval().namespace("hoheit-system").manifest()), "b.yaml": deployment(lmd("assistant").namespace("hoheit-system")), "c.yaml": yaml(svp().denies("FR").manifest()) },
      ]) expect(await render(others)).toMatchObject({ code: 0, err: "" });
    });

    test("tells an origin that is no country from a denied one", () =>
      says({ ...files(svp().denies("CN")), "a.yaml": governance().replace("originCountry: FR", "originCountry: ZZ"), "d.yaml": namespace(GOVERNED) }, /originCountry ZZ is no country, and SovereigntyPolicy land denies some .* Name spec\.provenance\.originCountry as ISO 3166-1 has it\.$/));
  });

  test("says that an approval has expired, where it stands and where it is needed", () =>
    says({ "a.yaml": yaml(activity().manifest(), lm().manifest(), approval().expires("2026-11-22T11:59:59Z").manifest()), "b.yaml": deployment() },
      /^a\.yaml: ModelApproval assistant\/mistral-small-text: spec\.expiryTime: Expired at/, /^b\.yaml: LanguageModelDeployment assistant\/assistant: .*expired at/));

  test("names an approval for an activity that nobody recorded", () =>
    says({ "a.yaml": yaml(approval().manifest()) }, /^a\.yaml: ModelApproval assistant\/mistral-small-text: spec\.activityRef\.name: There is no ProcessingActivity text-assistance/));

  test("reports a manifest that does not parse, and not what follows from it", () =>
    says({ "a.yaml": governance().replace("originCountry: FR", "originCountry: fr"), "b.yaml": deployment() },
      /^a\.yaml: LanguageModel assistant\/mistral-small: spec\.provenance\.originCountry: /));

  test("names unknown fields and kinds, a foreign version and a document that is no manifest", () =>
    says({
      "a.yaml": yaml({ ...lmd("a").manifest(), spec: { ...lmd("a").manifest().spec, gpus: 2 } }, { ...lm().manifest(), kind: "LanguageModels" }, { ...lm().manifest(), apiVersion: "hoheit.dev/v2" }, ["x"]),
    },
    /^a\.yaml: LanguageModelDeployment assistant\/a: spec\.gpus: unknown field/,
    /^a\.yaml: LanguageModels assistant\/mistral-small: kind: there is no such kind; kinds are ProcessingActivity, LanguageModel/,
    "a.yaml: LanguageModel assistant/mistral-small: apiVersion: write hoheit.dev/v1alpha1",
    "a.yaml: document 4: is no manifest: apiVersion, kind and metadata.name are needed"));

  test("names the line of a YAML error, a missing file, and an object that is there twice", () =>
    says({ "a.yaml": "a: [1\nb: 2", "b.yaml": governance(), "c.yaml": yaml(activity().manifest()) },
      "a.yaml: deficient indentation in \"a.yaml\" (2:1)", "c.yaml: ProcessingActivity assistant/text-assistance: is also in b.yaml: the one applied last would win. Keep one."));

  test("a file that cannot be read", async () => {
    let err = "";
    const code = await renderCommand({ files: ["gone.yaml"], namespace: "default", operator: OPERATOR }, {
      read: () => Promise.reject(new Error("ENOENT: no such file or directory, open 'gone.yaml'")), out: () => undefined, err: (chunk) => { err += chunk; }, now: () => NOW,
    });
    expect({ code, err }).toEqual({ code: 1, err: "gone.yaml: ENOENT: no such file or directory, open 'gone.yaml'\n" });
  });

  test("says so when there is nothing of ours", () =>
    says({ "a.yaml": yaml({ apiVersion: "v1", kind: "Namespace", metadata: { name: "x" } }) }, "a.yaml: there is no object of hoheit.dev in here"));

  test("prints all violations of all files and no object at all", () =>
    says({ "a.yaml": governance(), "b.yaml": deployment(lmd("a").args("--frob")), "c.yaml": deployment(lmd("b").args("--model=/x")) }, /args\[0\]: vLLM 0\.32 has no flag --frob\./, /args\[0\]: Hoheit sets it\. Use spec\.modelRef\./));
});
