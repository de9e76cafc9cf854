/** One look at every control and at every target, side by side. */
import type { Clock } from "../../lib/clock.ts";
import type { Attempt } from "../../runtime/reach/attempt.ts";
import { attemptTcp } from "../../runtime/reach/tcp.ts";
import { attemptUdp } from "../../runtime/reach/udp.ts";
import { ANSWER, QUESTION, wordOf } from "../../runtime/tripwire/wire.ts";
import { CLUSTER_DNS, type Destination } from "../../sovereignty/probe/plan.ts";
import type { ControlCheck, TargetCheck } from "../../sovereignty/probe/verdict.ts";
import { dnsNote, dnsQuestion, overTcp } from "./dns.ts";

/** What is sent to a target of the provider over UDP; nothing over TCP, where the handshake tells. */
const KNOCK = Buffer.from("hoheit-probe");

export interface Limits {
  readonly clock: Clock;
  /** For one attempt, in milliseconds. */
  readonly timeoutMs: number;
}

/** Answered only by a tripwire that reaches its own forbidden port: one that is dead would look like a seal. */
export async function tryControl(control: Destination, limits: Limits): Promise<ControlCheck> {
  if (control.protocol === "UDP") {
    const attempt = await attemptUdp(control, { ...limits, payload: QUESTION });
    return { ...control, outcome: controlOutcome(attempt, attempt.answer === ANSWER.toString("latin1")) };
  }
  const attempt = await attemptTcp(control, { ...limits, listen: true });
  return { ...control, outcome: controlOutcome(attempt, wordOf(attempt.answer)?.listening === true) };
}

function controlOutcome({ outcome }: Attempt, listening: boolean): ControlCheck["outcome"] {
  if (outcome !== "Reached") return outcome;
  return listening ? "Answered" : "NotListening";
}

export async function tryTarget(target: Destination, dnsName: string, limits: Limits): Promise<TargetCheck> {
  if (target.name === CLUSTER_DNS) return askNameServer(target, dnsName, limits);
  const { outcome } = target.protocol === "TCP"
    ? await attemptTcp(target, limits)
    : await attemptUdp(target, { ...limits, payload: target.name === "tripwire" ? QUESTION : KNOCK });
  return { ...target, outcome };
}

async function askNameServer(target: Destination, dnsName: string, limits: Limits): Promise<TargetCheck> {
  const question = dnsQuestion(dnsName);
  const tcp = target.protocol === "TCP";
  const { outcome, answer = "" } = tcp
    ? await attemptTcp(target, { ...limits, listen: true, payload: overTcp(question) })
    : await attemptUdp(target, { ...limits, payload: question });
  const note = dnsNote(Buffer.from(answer, "latin1").subarray(tcp ? 2 : 0));
  return { ...target, outcome, ...(note !== undefined && { note }) };
}
