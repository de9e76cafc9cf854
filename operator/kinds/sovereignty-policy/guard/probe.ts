/**
 * Whether the guard holds: seen, not assumed. Admission policies come into force some seconds after they are written, on each
 * replica of the API server by itself, so what they must refuse is tried from time to time, without storing anything.
 */
import { ApiError } from "../../../kube/errors.ts";
import type { KubeApi } from "../../../kube/api.ts";
import { buildProbes, type GuardProbe, type ProbedPolicy } from "../build/guard/probes.ts";
import { admissionPolicyName } from "../build/guard/concern.ts";

/** What one trial showed. `Unclear`: something else refused, so nobody knows what the guard would have done. */
export interface GuardFinding {
  readonly what: string;
  readonly outcome: "AsItShould" | "LetThrough" | "RefusedAll" | "Unclear";
  /** The words of the API server, where it refused and should not have, or somebody else refused. */
  readonly message: string | undefined;
}

/**
 * Tries everything that the guard of a policy must refuse in one of its namespaces, one after the other. Throws what is no
 * answer of the API server: then nothing was seen.
 */
export async function probeGuard(api: Pick<KubeApi, "create" | "mergePatch">, namespace: string, policy: ProbedPolicy): Promise<readonly GuardFinding[]> {
  const findings: GuardFinding[] = [];
  for (const probe of buildProbes(namespace, policy)) findings.push(judge(probe, await refusalOf(api, probe)));
  return findings;
}

/** What was answered instead of doing it; undefined if it would have been done. */
async function refusalOf(api: Pick<KubeApi, "create" | "mergePatch">, { resource, object, changes }: GuardProbe): Promise<string | undefined> {
  try {
    await (changes ? api.mergePatch(resource, { name: object.metadata.name }, object, { dryRun: true }) : api.create(resource, object, { dryRun: true }));
    return undefined;
  } catch (error) {
    if (error instanceof ApiError && error.code < 500 && error.code !== 429) return error.message;
    throw error;
  }
}

function judge({ concern, what }: GuardProbe, refusal: string | undefined): GuardFinding {
  if (concern === undefined) return { what, outcome: refusal === undefined ? "AsItShould" : "RefusedAll", message: refusal };
  if (refusal === undefined) return { what, outcome: "LetThrough", message: undefined };
  const byGuard = refusal.includes(`ValidatingAdmissionPolicy '${admissionPolicyName({ name: concern })}'`) && !refusal.includes("resulted in error");
  return byGuard ? { what, outcome: "AsItShould", message: undefined } : { what, outcome: "Unclear", message: refusal };
}

/** The condition `Guarded`, but for its time. */
export interface GuardVerdict {
  readonly status: "True" | "False" | "Unknown";
  readonly reason: "Guarded" | "LetThrough" | "RefusedAll" | "ProbeUnclear" | "NotProbed";
  readonly message: string;
}

/** At most so many trials are named in a message. */
const NAMED = 3;

/** What the findings say together: the worst first. */
export function verdictOf(findings: readonly GuardFinding[]): GuardVerdict {
  if (findings.length === 0) return { status: "Unknown", reason: "NotProbed", message: "Nothing was tried yet." };
  const of = (outcome: GuardFinding["outcome"]): readonly GuardFinding[] => findings.filter((finding) => finding.outcome === outcome);
  const through = of("LetThrough");
  if (through.length > 0) return { status: "False", reason: "LetThrough", message: `The API server would have let through ${enumerate(through)}. Is the admission policy there, and its binding?` };
  const [refusedAll] = of("RefusedAll");
  if (refusedAll !== undefined) return { status: "False", reason: "RefusedAll", message: `The API server refused ${refusedAll.what}, which is harmless: ${refusedAll.message ?? ""}` };
  const unclear = of("Unclear");
  if (unclear.length > 0) return { status: "Unknown", reason: "ProbeUnclear", message: `Something other than the guard refused ${enumerate(unclear)}: ${unclear[0]?.message ?? ""}` };
  return { status: "True", reason: "Guarded", message: `The API server refused all ${findings.length - 1} objects that it must refuse, and let the harmless one through.` };
}

function enumerate(findings: readonly GuardFinding[]): string {
  const named = findings.slice(0, NAMED).map(({ what }) => what).join(", ");
  return findings.length > NAMED ? `${named} and ${findings.length - NAMED} more` : named;
}
