/** Under which name the API server knows the operator: the guard lets it do what it forbids to all others. */
import { SELF_SUBJECT_REVIEWS } from "../../kube/resources.ts";
import type { KubeApi } from "../../kube/api.ts";

/** `system:serviceaccount:NAMESPACE:NAME`, usually. Everybody who is authenticated may ask (system:basic-user). */
export async function whoAmI(api: Pick<KubeApi, "create">): Promise<string> {
  const { status } = await api.create(SELF_SUBJECT_REVIEWS, { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview", metadata: { name: "hoheit" } });
  const username = status?.userInfo?.username;
  if (username === undefined || username === "") throw new Error("the API server does not say who asks (SelfSubjectReview)");
  return username;
}
