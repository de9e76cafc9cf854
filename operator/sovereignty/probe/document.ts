/**
 * What a probe leaves behind: one JSON document in the container's termination message, which the kubelet cuts at 4096
 * bytes. It is written in the probe's pod and read by the operator, which trusts its observations only as far as the pod
 * is one of its own, and judges them itself.
 */
import { z } from "zod";
import { FAMILIES } from "../../lib/addresses.ts";
import { MOST_NAME_SERVERS, MOST_OWN_TARGETS, probePlan } from "./plan.ts";
import { CONTROL_OUTCOMES, resultOf, TARGET_OUTCOMES, type Observations, type Result } from "./verdict.ts";

/** Bytes that the kubelet keeps of a termination message (kubelet, `MaxContainerTerminationMessageLength`). */
export const LONGEST_DOCUMENT = 4096;

const KIND = "HoheitProbe";
const VERSION = 1;
const MOST_CONTROLS = 4;
/** Tripwire, API server and metadata. */
const MOST_TARGETS = 4 + 1 + 2 + 2 * MOST_NAME_SERVERS + MOST_OWN_TARGETS;

const { name, address, port, protocol } = probePlan.shape.own.element.shape;
const where = [name, protocol.unwrap(), address, port] as const;
const note = z.string().regex(/^[A-Za-z0-9]{1,16}$/);

/** A check is a list, so that the longest document fits: name, protocol, address, port, outcome, for a name server what it answered. */
const document = z.object({
  kind: z.literal(KIND),
  version: z.literal(VERSION),
  of: probePlan.shape.of,
  result: z.enum(["Sealed", "Reached", "Inconclusive"]),
  families: z.array(z.enum(FAMILIES)).max(2),
  /** Times that everything was tried; the last one counts. */
  rounds: z.int().min(1).max(1000),
  /** Milliseconds from the start of the probe to the start of the last round. */
  settledMs: z.int().min(0).max(600_000),
  /** Targets reached in the first round: the window between a pod's start and the network's rules. */
  reachedAtFirst: z.int().min(0).max(MOST_TARGETS),
  controls: z.array(z.tuple([...where, z.enum(CONTROL_OUTCOMES)])).max(MOST_CONTROLS),
  targets: z.array(z.tuple([...where, z.enum(TARGET_OUTCOMES)], note)).max(MOST_TARGETS).refine((all) => all.every((one) => one.length <= 6)),
});

/** What a probe saw, in full. */
export interface ProbeReport extends Observations {
  readonly of: string;
  readonly rounds: number;
  readonly settledMs: number;
  readonly reachedAtFirst: number;
}

/** The document, at most `LONGEST_DOCUMENT` bytes for every plan that parses. */
export function encodeReport(report: ProbeReport): string {
  const { of, families, rounds, settledMs, reachedAtFirst, controls, targets } = report;
  return JSON.stringify({
    kind: KIND, version: VERSION, of, result: resultOf(report), families, rounds, settledMs, reachedAtFirst,
    controls: controls.map((one) => [one.name, one.protocol, one.address, one.port, one.outcome]),
    targets: targets.map((one) => [one.name, one.protocol, one.address, one.port, one.outcome, ...(one.note === undefined ? [] : [one.note])]),
  });
}

/** The report in a termination message, or undefined if there is none that is whole and at one with itself. */
export function decodeReport(text: string): (ProbeReport & { readonly result: Result }) | undefined {
  const parsed = document.safeParse(jsonOf(text));
  if (!parsed.success) return undefined;
  const { kind: _kind, version: _version, result, controls, targets, ...rest } = parsed.data;
  const report = {
    ...rest,
    controls: controls.map(([called, over, to, at, outcome]) => ({ name: called, protocol: over, address: to, port: at, outcome })),
    targets: targets.map(([called, over, to, at, outcome, answer]) => ({ name: called, protocol: over, address: to, port: at, outcome, ...(answer !== undefined && { note: answer }) })),
  };
  return resultOf(report) === result ? { ...report, result } : undefined;
}

function jsonOf(text: string): unknown {
  if (text.length > LONGEST_DOCUMENT) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
