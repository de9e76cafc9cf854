/** The pages as JSON, for programs. Nothing is put into words; the messages are those of the prover and of Kubernetes. */
import type { NamespaceProof } from "../sovereignty/prover/result.ts";
import type { ReportData } from "./data.ts";
import type { Page } from "./render.ts";
import { summaryOf } from "./summary.ts";

/** What `page` says. `data` is what the page was found in. */
export function pageJson(page: Page, data: ReportData): object {
  const { time, root, previousRoot } = data;
  return { time, root, previousRoot, ...contentOf(page, data) };
}

function contentOf(page: Page, data: ReportData): object {
  if (page.kind === "namespace") return namespaceJson(page.found, data);
  if (page.kind === "changes") return data.changes;
  const { proof, guards, probes } = data;
  if (page.kind === "complete") return { ...proof, policiesInForce: Object.fromEntries(data.policies), places: Object.fromEntries(data.places), changes: data.changes, guards, probes };
  return { verdict: proof.verdict, namespaces: proof.namespaces.map(summaryOf), guards, probes, assumptions: proof.assumptions, residuals: proof.residuals };
}

function namespaceJson(found: NamespaceProof, { policies, places, probes, changes, proof }: ReportData): object {
  const of = <T extends { readonly namespace: string }>(all: readonly T[]): T[] => all.filter(({ namespace }) => namespace === found.namespace);
  return {
    ...found, policyInForce: policies.get(found.namespace), places: places.get(found.namespace), probes: of(probes), changes: { ...changes, flips: of(changes.flips) },
    assumptions: proof.assumptions, residuals: proof.residuals,
  };
}
