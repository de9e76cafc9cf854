/**
 * `hoheit verify`: re-checks evidence without a cluster, by hashes and by the point evaluator, a second code path beside the
 * prover. It shows that evidence and manifests belong together, and says that this is what it shows.
 */
import { dayOf } from "../../kinds/sovereignty-policy/policy.ts";
import { EvidenceError } from "../../sovereignty/evidence/files.ts";
import { parseEvidence, verifyEvidence, type Verification } from "../../sovereignty/evidence/verify.ts";
import { readEvidence, type EvidenceSource } from "../evidence-folder.ts";
import { exitCodeOf } from "../prove/focus.ts";
import { snapshotFrom } from "../snapshot/source.ts";

export interface VerifyOptions {
  readonly evidence: EvidenceSource;
  readonly manifests: readonly string[];
  readonly defaultNamespace: string;
  readonly output: "text" | "json";
}

/** It does not fit the manifests, or not itself. */
const DOES_NOT_FIT = 4;

/** @throws ConfigError for what cannot be read (exit code 3) */
export async function verifyCommand(options: VerifyOptions, out: (text: string) => void): Promise<number> {
  const print = (value: unknown, text: string): void => out(options.output === "json" ? `${JSON.stringify(value, null, 2)}\n` : text);
  try {
    return await verify(options, print);
  } catch (error) {
    // What was edited may not even be evidence any more; what is not signed, or has another root, is not that of which somebody spoke.
    if (!(error instanceof EvidenceError)) throw error;
    print({ problems: [{ where: options.evidence.path, message: error.message }] }, `${options.evidence.path}: ${error.message}\nIt is not as hoheit has written it.\n`);
    return DOES_NOT_FIT;
  }
}

async function verify({ evidence: source, manifests, defaultNamespace }: VerifyOptions, print: (value: unknown, text: string) => void): Promise<number> {
  const evidence = parseEvidence(await readEvidence(source));
  const { asOf, cluster, nameServers, operatorNamespace } = evidence.facts;
  // Adequacy decisions counted as they were on the day of the proof.
  const surroundings = { cluster, nameServers, operatorNamespace, today: dayOf(Date.parse(asOf)) };
  const { snapshot } = await snapshotFrom({ manifests, defaultNamespace, access: {}, surroundings });
  const verification = verifyEvidence(evidence, snapshot);
  print(verification, textOf(verification, { asOf, isSigned: source.keyFile !== undefined }));
  return verification.problems.length > 0 ? DOES_NOT_FIT : exitCodeOf(verification.verdict);
}

interface About {
  readonly asOf: string;
  readonly isSigned: boolean;
}

function textOf({ problems, root, verdict, tried }: Verification, { asOf, isSigned }: About): string {
  const lines = [
    `Evidence of ${asOf}, root ${root}`,
    ...(isSigned ? ["The root is signed with this key."] : []),
    `Tried: ${tried.bundles} namespaces, ${tried.objects} objects, ${tried.counterexamples} counterexamples, ${tried.packets} packets`,
    ...problems.map(({ where, message }) => `${where}: ${message}`),
    ...(problems.length > 0 ? [`It does not fit these manifests: ${problems.length} ${problems.length === 1 ? "problem" : "problems"}.`] : [
      "This shows that the evidence fits these manifests, and no more: not that the cluster held them, nor that its network enforced them.",
      `It fits these manifests, and says ${verdict}.`,
    ]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
