import { expect, it } from "vitest";
import { PolicyHouse, POLICIES } from "../../../test/support/fake-policy-house.ts";
import { GOVERNED, lmd, OPERATOR, svp } from "../../../test/support/makers.ts";
import { NAMESPACES } from "../../kube/resources.ts";
import { languageModelDeployment } from "../language-model-deployment/schema.ts";
import { observe } from "./observe.ts";
import { NO_DATA_SETS } from "./proof/data-sets.ts";
import { NO_PROOFS } from "./proof/proofs.ts";

const OPTIONS = { governing: { operatorNamespace: OPERATOR.namespace, nameServers: [], releaseMs: 0 }, image: OPERATOR.image, metricsScraper: undefined, proofs: NO_PROOFS, dataSets: NO_DATA_SETS };

it("is one snapshot: the policy as it was judged, others as they can be read, and one that cannot guards as strictly as any", () => {
  const { cluster } = new PolicyHouse();
  const judged = svp("land").live();
  cluster.put(POLICIES, svp("land").selects({ moved: "on" }).metadata({ uid: judged.metadata.uid }).live());
  cluster.put(POLICIES, svp("a").spec({ enforcement: { guard: "Off" } }).live());
  cluster.put(POLICIES, { ...svp("newer").live(), spec: { ...svp("newer").live().spec, jurisdictions: { profile: "Mars" } } } as never);
  const { policy, policies, guarded } = observe(judged, cluster.context, OPTIONS);
  expect(policy).toBe(judged);
  expect(policies.map(({ metadata: { name }, spec }) => [name, spec.namespaceSelector.matchLabels])).toEqual([["a", GOVERNED], ["land", GOVERNED]]);
  expect(guarded.map(({ metadata: { name }, spec }) => [name, spec.enforcement.guard])).toEqual([["a", "Off"], ["land", "Enforce"], ["newer", "Enforce"]]);
});

it("has the namespaces that it selects, in order, what is deployed in them, and how much nobody governs", () => {
  const { cluster } = new PolicyHouse();
  for (const [name, labels] of [["ui", GOVERNED], ["assistant", GOVERNED], ["free", {}], ["kube-system", GOVERNED]] as const) cluster.put(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
  for (const namespace of ["ui", "free", "kube-system"]) cluster.put(languageModelDeployment.resource, lmd("a").namespace(namespace).live());
  const policy = cluster.put(POLICIES, svp().live());
  const { states, deployments, ungoverned } = observe(policy, cluster.context, OPTIONS);
  expect(states.map(({ namespace, reason }) => [namespace, reason])).toEqual([["assistant", "NotApplied"], ["kube-system", "Exempt"], ["ui", "NotApplied"]]);
  expect(new Set(deployments.map(({ metadata }) => metadata.namespace))).toEqual(new Set(["kube-system", "ui"]));
  expect(ungoverned, "in free and in kube-system").toBe(2);
});
