/** Who a tenant of the cluster is: somebody with every right in the namespaces that are hers (`handOver`), and none beside them. */
export const TENANT = { name: "tenant", user: "tina", groups: ["system:authenticated"] } as const;
