import { describe, expect, it } from "vitest";
import { FakeCluster } from "../../../test/support/fake-cluster.ts";
import { GOVERNED, svp } from "../../../test/support/makers.ts";
import { NAMESPACES } from "../../kube/resources.ts";
import { sovereigntyPolicy } from "../sovereignty-policy/schema.ts";
import { governedNamespaceController } from "./controller.ts";
import { isGoverned, originRulesFor } from "./governance.ts";

const OPERATOR = "hoheit-system";
const cluster = new FakeCluster(governedNamespaceController({ operatorNamespace: OPERATOR, nameServers: [], releaseMs: 0 }));
for (const name of ["ui", OPERATOR, "kube-system"]) cluster.put(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name, labels: GOVERNED } });
cluster.put(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name: "free" } });
cluster.put(sovereigntyPolicy.resource, svp("land").denies("CN").live());
cluster.put(sovereigntyPolicy.resource, svp("house").live());
cluster.put(sovereigntyPolicy.resource, svp("other").selects({ some: "thing" }).denies("RU").live());

describe("a namespace is governed", () => {
  const governed = (name: string): boolean => isGoverned(name, cluster.context, OPERATOR);

  it("where a policy selects it, and never if it is Kubernetes' or the operator's own, or not there", () => {
    expect(["ui", "free", OPERATOR, "kube-system", "gone"].map(governed)).toEqual([true, false, false, false, false]);
  });

  it("and only then policies say which models it may serve", () => {
    const rules = (name: string) => originRulesFor(name, cluster.context, OPERATOR);
    expect(rules("ui")).toEqual([{ policy: "house", denied: [] }, { policy: "land", denied: ["CN"] }]);
    for (const name of ["free", OPERATOR, "kube-system", "gone"]) expect(rules(name), name).toEqual([]);
  });
});
