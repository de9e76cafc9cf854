/** The shape of evidence, as far as it is looked into: somebody may have written it by hand. */
import { z } from "zod";
import { FAMILIES } from "../../lib/addresses.ts";
import { PROTOCOLS, ROLES } from "../policy.ts";
import { MISSING_KINDS } from "../prover/result.ts";
import { VERDICTS } from "../verdict.ts";

const input = z.looseObject({ kind: z.string(), object: z.string(), sha256: z.string() });

const packet = z.looseObject({
  from: z.string(), family: z.enum(FAMILIES), address: z.string().optional(), to: z.string().optional(), protocol: z.enum(PROTOCOLS), port: z.int().min(1).max(65_535),
});

const subject = z.looseObject({
  id: z.string(), role: z.enum(ROLES), verdict: z.enum(VERDICTS), missing: z.array(z.looseObject({ kind: z.enum(MISSING_KINDS) })),
  counterexample: z.looseObject({ packet, labels: z.record(z.string(), z.string()).optional() }).optional(),
});

const ports = z.array(z.looseObject({ protocol: z.enum(PROTOCOLS), port: z.number(), endPort: z.number().optional() }));
const roles = z.array(z.enum(ROLES));

const policy = z.looseObject({
  name: z.string(),
  destinations: z.array(z.looseObject({ cidrs: z.array(z.string()), ports, roles })),
  inCluster: z.array(z.looseObject({ namespace: z.string(), podSelector: z.looseObject({ matchLabels: z.record(z.string(), z.string()) }), ports, roles })),
});

const bundle = z.looseObject({
  namespace: z.string(), policy: policy.optional(), inputs: z.array(input), sha256: z.string(),
  proof: z.looseObject({ namespace: z.string(), verdict: z.enum(VERDICTS), workloads: z.array(subject), labelSpace: z.array(subject) }),
});

const cidrs = z.array(z.string());

/** Nothing beside what the root is made of. */
export const evidenceShape = z.strictObject({
  kind: z.string(), version: z.string(),
  facts: z.looseObject({
    asOf: z.iso.datetime(), verdict: z.enum(VERDICTS), cluster: z.object({ pods: cidrs, services: cidrs, nodes: cidrs }), nameServers: z.array(z.string()), operatorNamespace: z.string(),
    unreadable: z.array(z.string()), unknownPolicyKinds: z.array(z.string()), inputs: z.array(input),
  }),
  bundles: z.array(bundle),
  root: z.string(),
});
