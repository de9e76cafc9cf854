/**
 * Objects for tests, valid from the start, so that a test says only what it is about: `lmd("x").gpus(2).live()`.
 *
 * Every step returns a new maker. `manifest()` is what a person would write (no defaults filled in), `object()` is what
 * the schema makes of it, `live()` is that with identity and version, as a cache has it.
 */
import { USUAL_PROBE } from "../../operator/kinds/language-model-deployment/build/index.ts";
import { parse, type CustomResource, type Kind } from "../../operator/kinds/define.ts";
import { languageModelDeployment, type LanguageModelDeployment } from "../../operator/kinds/language-model-deployment/schema.ts";
import { languageModel, type LanguageModel } from "../../operator/kinds/language-model/schema.ts";
import { modelApproval, type ModelApproval } from "../../operator/kinds/model-approval/schema.ts";
import { processingActivity, type ProcessingActivity } from "../../operator/kinds/processing-activity/schema.ts";
import { sovereigntyPolicy, type SovereigntyPolicy } from "../../operator/kinds/sovereignty-policy/schema.ts";
import type { KubeObject, Live, ObjectMeta } from "../../operator/lib/k8s-types.ts";
import { API_VERSION } from "../../operator/lib/names.ts";

/** The digest that makers agree on: model, approval and deployment fit together unless a test says otherwise. */
export const DIGEST = `sha256:${"0f".repeat(32)}`;
export const OTHER_DIGEST = `sha256:${"a1".repeat(32)}`;
const NAMESPACE = "assistant";
const IMAGE = `registry.example/vllm/vllm-openai@sha256:${"5e".repeat(32)}`;

/** Anything below a manifest; tests change it freely, the schema judges the result. */
type Loose = Record<string, unknown>;
interface Manifest extends KubeObject { spec: Loose }
type Client = LanguageModelDeployment["spec"]["clients"][number];

/** What all kinds have in common. */
class Maker<K extends Kind> {
  readonly #kind: K;
  readonly #manifest: Manifest;

  constructor(kind: K, manifest: Manifest) {
    this.#kind = kind;
    this.#manifest = manifest;
  }

  /** A copy with `change` made to it. */
  with(change: (manifest: Manifest) => void): this {
    const copy = structuredClone(this.#manifest);
    change(copy);
    return new (this.constructor as new (kind: K, manifest: Manifest) => this)(this.#kind, copy);
  }

  /** Sets members of `spec`; undefined removes one. */
  spec(members: Loose): this {
    return this.with(({ spec }) => {
      for (const [name, value] of Object.entries(members)) {
        if (value === undefined) delete spec[name];
        else spec[name] = value;
      }
    });
  }

  metadata(members: Partial<ObjectMeta>): this {
    return this.with(({ metadata }) => Object.assign(metadata, members));
  }

  namespace(namespace: string): this {
    return this.metadata({ namespace });
  }

  /** As after `kubectl delete` while a finalizer holds it. */
  deleting(deletionTimestamp = "2026-11-22T12:00:00Z"): this {
    return this.metadata({ deletionTimestamp });
  }

  status(status: Loose): this {
    return this.with((manifest) => Object.assign(manifest, { status }));
  }

  /** What a person would write. */
  manifest(): Manifest {
    return structuredClone(this.#manifest);
  }

  /** With defaults filled in. Throws if the schema refuses it. */
  object(): CustomResource<K> {
    return this.live();
  }

  /** As a cache has it. Throws if the schema refuses it. */
  live(): Live<CustomResource<K>> {
    const { metadata, ...rest } = this.manifest();
    const identity = { uid: `uid-of-${metadata.name}`, resourceVersion: "1000", generation: 1, creationTimestamp: "2026-11-22T10:00:00Z" };
    const parsed = parse(this.#kind, { ...rest, metadata: { ...identity, ...metadata } });
    if (!parsed.ok) throw new Error(`${this.#kind.kind} ${metadata.name}: ${JSON.stringify(parsed.violations)}`);
    return parsed.value;
  }
}

class DeploymentMaker extends Maker<typeof languageModelDeployment> {
  model(name: string): this {
    return this.spec({ modelRef: { name } });
  }

  gpus(count: number, resource = "nvidia.com/gpu"): this {
    return this.spec({ accelerators: { resource, count } });
  }

  replicas(replicas: number): this {
    return this.spec({ replicas });
  }

  args(...args: string[]): this {
    return this.with(({ spec }) => { Object.assign(spec.engine as Loose, { args }); });
  }

  env(env: Readonly<Record<string, string>>): this {
    return this.with(({ spec }) => { Object.assign(spec.engine as Loose, { env: Object.entries(env).map(([name, value]) => ({ name, value })) }); });
  }

  engine(members: Loose): this {
    return this.with(({ spec }) => { Object.assign(spec.engine as Loose, members); });
  }

  clients(...clients: Client[]): this {
    return this.spec({ clients });
  }
}

class ModelMaker extends Maker<typeof languageModel> {
  claim(claimName: string, path = "."): this {
    return this.spec({ source: { persistentVolumeClaim: { claimName, path } } });
  }

  digest(manifestDigest: string): this {
    return this.spec({ integrity: { manifestDigest } });
  }

  origin(originCountry: string, supplierCountry?: string): this {
    return this.with(({ spec }) => { Object.assign(spec.provenance as Loose, { originCountry, ...(supplierCountry !== undefined && { supplier: { name: "A", country: supplierCountry } }) }); });
  }
}

class ApprovalMaker extends Maker<typeof modelApproval> {
  digest(manifestDigest: string): this {
    return this.spec({ manifestDigest });
  }

  activity(name: string): this {
    return this.spec({ activityRef: { name } });
  }

  expires(expiryTime: string, onExpiry: ModelApproval["spec"]["onExpiry"] = "KeepRunning"): this {
    return this.spec({ expiryTime, onExpiry });
  }
}

class ActivityMaker extends Maker<typeof processingActivity> {}

class PolicyMaker extends Maker<typeof sovereigntyPolicy> {
  selects(matchLabels: Readonly<Record<string, string>>): this {
    return this.spec({ namespaceSelector: { matchLabels } });
  }

  destinations(...destinations: Loose[]): this {
    return this.spec({ destinations });
  }

  inCluster(...inCluster: Loose[]): this {
    return this.spec({ inCluster });
  }

  denies(...deniedOrigins: string[]): this {
    return this.spec({ models: { deniedOrigins } });
  }
}

const manifest = (kind: string, name: string, spec: Loose): Manifest =>
  ({ apiVersion: API_VERSION, kind, metadata: { name, namespace: NAMESPACE }, spec });

/** A client of a deployment: pods with label `app: NAME` in a namespace of the same name. */
export const client = (name: string, activity = "text-assistance"): Client =>
  ({ name, namespace: name, podSelector: { matchLabels: { app: name } }, activityRef: { name: activity } });

/** LanguageModelDeployment of model `mistral-small` on one GPU with one client. */
export const lmd = (name: string): DeploymentMaker => new DeploymentMaker(languageModelDeployment, manifest("LanguageModelDeployment", name, {
  modelRef: { name: "mistral-small" }, task: "Chat", servedNames: ["mistral-small"],
  engine: { version: "0.32", image: IMAGE }, contextLength: 32_768, accelerators: { count: 1 }, clients: [client("chat-ui")],
}));

/** LanguageModel on the claim `weights`, with the digest DIGEST. */
export const lm = (name = "mistral-small"): ModelMaker => new ModelMaker(languageModel, manifest("LanguageModel", name, {
  displayName: "Mistral Small", source: { persistentVolumeClaim: { claimName: "weights" } }, integrity: { manifestDigest: DIGEST },
  provenance: { publisher: "Mistral AI", originCountry: "FR", license: "Apache-2.0" },
}));

/** ModelApproval of DIGEST for `text-assistance`, in force for a long time. */
export const approval = (name = "mistral-small-text"): ApprovalMaker => new ApprovalMaker(modelApproval, manifest("ModelApproval", name, {
  manifestDigest: DIGEST, activityRef: { name: "text-assistance" }, decisionReference: "KI-2026-014", expiryTime: "2099-10-01T00:00:00Z",
}));

/** ProcessingActivity `text-assistance`. */
export const activity = (name = "text-assistance"): ActivityMaker => new ActivityMaker(processingActivity, manifest("ProcessingActivity", name, {
  title: "Text assistant for staff", controller: { name: "Stadt Musterstadt", contact: "datenschutz@musterstadt.example" },
  purpose: "Drafting and summarising texts", legalBasis: "Art. 6(1)(e) GDPR with § 3 DSG NRW", dataSubjects: ["Staff"], dataKinds: ["Personal"],
  confidentiality: "Internal", decisionPhase: "None", risk: { level: "Limited" },
}));

/** Label of the namespaces that policies select unless a test says otherwise. */
export const GOVERNED = { "hoheit.dev/governed": "true" };

/** SovereigntyPolicy for namespaces with the label GOVERNED, that names nothing. */
export const svp = (name = "land"): PolicyMaker => new PolicyMaker(sovereigntyPolicy, {
  apiVersion: API_VERSION, kind: "SovereigntyPolicy", metadata: { name }, spec: { namespaceSelector: { matchLabels: GOVERNED } },
});

/** A destination at 198.51.100.7 and 2001:db8:1::7, port 443, for Fetch pods. */
export const destination = (name: string, over: Loose = {}): Loose => ({
  name, cidrs: ["198.51.100.7/32", "2001:db8:1::7/128"], ports: [{ port: 443 }], country: "DE", operator: { name: "IT-Verbund", country: "DE", controlledFrom: "DE" }, purpose: "weights", roles: ["Fetch"], ...over,
});

/** What the operator knows of itself, and where its tripwire is. */
export const OPERATOR = { namespace: "hoheit-system", image: "registry.example/hoheit:test", probe: USUAL_PROBE };
export const TRIPWIRE = { addresses: ["10.96.0.84", "fd00:96::84"] };

export type { LanguageModel, LanguageModelDeployment, ModelApproval, ProcessingActivity, SovereigntyPolicy };
