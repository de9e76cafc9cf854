/** What the gate of a pod waits for or has found, in words for people. Pure. Takes nothing over from its message but words that are known here. */
import { FAMILIES } from "../../lib/addresses.ts";

/** The end of the gate's container, as the kubelet tells it; undefined while it runs for the first time. */
interface End {
  readonly exitCode: number;
  readonly reason?: string;
  readonly message?: string;
}

const WAITS = "the gate waits until the network plugin enforces the seal";
const PLUGIN = "Look whether the cluster has a network plugin that enforces NetworkPolicies for both families, and whether it runs on that node.";

/** By `result` of the gate's verdict (workloads/gate/gate.ts). */
const WORDS: ReadonlyMap<string, (family: string) => string> = new Map(Object.entries({
  Open: (family: string) => `the gate gave up: over ${family} the pod reaches what the seal forbids. ${PLUGIN}`,
  NoTripwire: (family: string) => `the gate gave up: the tripwire did not answer steadily over ${family}, so that nothing is known of the seal. Look whether the operator's pods are ready, and whether a policy in its namespace or the service proxy on that node keeps the pod from its control port.`,
  Unaddressed: (family: string) => `the pod has an ${family} address and the tripwire has none, so that nothing is known of the seal there. Give the Service hoheit-tripwire both families (ipFamilyPolicy: PreferDualStack).`,
  Offline: () => "the gate gave up: the pod has no address with which to try the seal. Look at the network plugin on that node.",
  Failed: () => "the gate gave up: it could not open connections. Look at limits of that node, such as file descriptors.",
}));

export function gateWords(end: End | undefined): string {
  if (end === undefined || end.exitCode === 0) return `${WAITS}.`;
  const { result, family } = parsed(end.message);
  const words = WORDS.get(result)?.(FAMILIES.find((known) => known === family) ?? "one family");
  return words ?? `the gate ended with code ${end.exitCode} and is started again; kubectl logs -c gate shows why.`;
}

function parsed(message = ""): { result: string; family: string } {
  try {
    const { hoheit, result, family } = JSON.parse(message) as Record<string, unknown>;
    return hoheit === "gate" ? { result: String(result), family: String(family) } : { result: "", family: "" };
  } catch {
    return { result: "", family: "" };
  }
}
