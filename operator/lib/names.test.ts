import { expect, test } from "vitest";
import * as labels from "./labels.ts";
import * as names from "./names.ts";

test("names that are for ever are what they always were: another one orphans objects in running clusters", () => {
  const { childName, gateName, probeName, destinationPolicyName, peerPolicyName, clientPolicyName, clusterPolicyName, evidenceName, bundleName, ...values } = names;
  expect(values).toEqual({
    API_GROUP: "hoheit.dev", API_VERSION: "hoheit.dev/v1alpha1", FIELD_MANAGER: "hoheit", SEAL_FINALIZER: "hoheit.dev/seal",
    SERVING_PORT: 8000, SERVING_PORT_NAME: "http", LEADER_LEASE: "hoheit-operator", OPERATOR_NAMESPACE: "hoheit-system",
    CONTROL_PORT: 8446, TRIPWIRE_PORT: 8447, TRIPWIRE_SERVICE: "hoheit-tripwire",
    DEFAULT_DENY: "hoheit-default-deny", APPLICATION_POLICY: "hoheit-application", RESERVED_PREFIX: "hoheit-", POLICY_FINALIZER: "hoheit.dev/governs",
  });
  expect(childName("assistant")).toBe("assistant");
  expect(gateName("assistant")).toBe("assistant-gate");
  expect(probeName("assistant")).toBe("assistant-probe");
  expect(destinationPolicyName("mirror")).toBe("hoheit-destination-mirror");
  expect(destinationPolicyName("mirror+backup")).toBe("hoheit-destination-mirror-and-1f1449b6e0ca0c10");
  expect(peerPolicyName("ingress")).toBe("hoheit-peer-ingress");
  expect(clientPolicyName("assistant/assistant/chat-ui")).toBe("hoheit-client-c7da8b04f1e12a50");
  expect(clusterPolicyName(["land"])).toBe("hoheit-land");
  expect(clusterPolicyName(["land", "stadt"])).toBe("hoheit-land-and-3023b5b4ce1fa5d5");
  expect(evidenceName(`sha256:${"ab".repeat(32)}`)).toBe(`hoheit-evidence-${"ab".repeat(16)}`);
  expect(bundleName(`sha256:${"ab".repeat(32)}`)).toBe(`hoheit-bundle-${"ab".repeat(16)}`);
  expect(probeName("a".repeat(40)).length).toBeLessThanOrEqual(52);
});

test("so are labels and annotations: selectors cannot change, and templates are pinned by annotations", () => {
  const { evidenceLabels, governanceLabels, probeLabels, sealSelector, servingLabels, servingSelector, ...keys } = labels;
  expect(keys).toEqual({
    MANAGED_BY: "app.kubernetes.io/managed-by", HOHEIT: "hoheit", DEPLOYMENT: "hoheit.dev/deployment", ROLE: "hoheit.dev/role", APPLIED_HASH: "hoheit.dev/applied",
    TEMPLATE_REVISION: "hoheit.dev/template-revision", TEMPLATE_INPUTS: "hoheit.dev/template-inputs", MODEL_DIGEST: "hoheit.dev/model-digest",
    SEALED: "hoheit.dev/sealed", RELEASE_TIME: "hoheit.dev/release-time", CLIENT_OF: "hoheit.dev/client-of", CONNECTIONS: "hoheit.dev/connections",
    GUARD_PROBE: "hoheit.dev/guard-probe", MADE_APPS: ["vllm"], NAMESPACE_NAME: "kubernetes.io/metadata.name",
    GATE_IMAGE: "hoheit.dev/gate-image", EVIDENCE: "hoheit.dev/evidence", EVIDENCE_CONTENT: "hoheit.dev/evidence-content", OF_HOHEIT: "app.kubernetes.io/part-of=hoheit",
    OPERATOR_LABELS: { "app.kubernetes.io/name": "hoheit", "app.kubernetes.io/component": "operator" },
  });
  expect(sealSelector("a")).toEqual({ "hoheit.dev/deployment": "a" });
  expect(servingSelector("a")).toEqual({ "hoheit.dev/deployment": "a", "hoheit.dev/role": "Serving" });
  expect(probeLabels("a")).toEqual({ ...servingLabels("a"), "hoheit.dev/role": "Probe", "app.kubernetes.io/component": "probe" });
  expect(governanceLabels()).toEqual({ "app.kubernetes.io/component": "governance", "app.kubernetes.io/part-of": "hoheit", "app.kubernetes.io/managed-by": "hoheit" });
  expect(evidenceLabels("Root")).toEqual({ "app.kubernetes.io/component": "evidence", "app.kubernetes.io/part-of": "hoheit", "hoheit.dev/evidence": "Root" });
  expect(servingLabels("a")).toEqual({
    "app.kubernetes.io/name": "vllm", "app.kubernetes.io/instance": "a", "app.kubernetes.io/component": "model-server", "app.kubernetes.io/part-of": "hoheit",
    "app.kubernetes.io/managed-by": "hoheit", "hoheit.dev/deployment": "a", "hoheit.dev/role": "Serving",
  });
});
