/** Services and EndpointSlices that lead round the rules, or past them. No verdict depends on them: what a rule lets through it lets through. */
import { parseAddress } from "../addresses/cidr.ts";
import { contains } from "../addresses/intervals.ts";
import { byKey } from "../../lib/order.ts";
import type { Raw } from "../snapshot.ts";
import type { RuleReference } from "../verdict.ts";
import { listOf, membersOf, textOf, Unclear } from "./reading.ts";
import type { Finding } from "./result.ts";
import type { World } from "./world.ts";

/** What `read` finds in each object, by object and kind; what it cannot read is a finding itself. */
export function findDetours(services: readonly Raw[], endpointSlices: readonly Raw[], world: World): Finding[] {
  const findings = [...services.flatMap((one) => inObject(one, ofService)), ...endpointSlices.flatMap((one) => inObject(one, (raw, at) => ofSlice(raw, at, world)))];
  return findings.toSorted(byKey(({ at, kind }) => `${at.kind} ${at.object} ${at.path} ${kind}`));
}

function inObject(raw: Raw, read: (raw: Raw, at: RuleReference) => Finding[]): Finding[] {
  const at: RuleReference = { kind: raw.kind, object: `${raw.metadata.namespace ?? ""}/${raw.metadata.name}`, path: "" };
  try {
    return read(raw, at);
  } catch (error) {
    if (!(error instanceof Unclear)) throw error;
    return [{ kind: "Unclear", at: { ...at, path: error.path }, message: `It could not be read: ${error.path} ${error.message}.` }];
  }
}

function ofService(raw: Raw, at: RuleReference): Finding[] {
  const { type, externalName, externalIPs } = membersOf(raw["spec"], "spec");
  const named = listOf(externalIPs ?? [], "spec.externalIPs");
  const found: Finding[] = named.length === 0 ? [] : [{
    kind: "ExternalIPs", at: { ...at, path: "spec.externalIPs" }, message: `It claims ${named.map((one) => JSON.stringify(one)).join(", ")} for pods of the cluster: what is sent there may never get there (CVE-2020-8554).`,
  }];
  const path = { ...at, path: "spec.type" };
  if (type === "ExternalName") found.push({ kind: "ExternalName", at: path, message: `It is another name for ${JSON.stringify(externalName)}: no way out by itself, but whoever asks for it means an address outside.` });
  if (type === "NodePort" || type === "LoadBalancer") found.push({ kind: type, at: path, message: `As a ${type} it is open to whoever reaches the nodes${type === "LoadBalancer" ? " or its load balancer" : ""}, and answers may leave through them.` });
  return found;
}

function ofSlice(raw: Raw, at: RuleReference, { clusterAddresses }: World): Finding[] {
  const { addressType } = membersOf({ addressType: raw["addressType"] }, "");
  const endpoints = listOf(raw["endpoints"] ?? [], "endpoints");
  const outside = endpoints.flatMap((endpoint, i) => {
    const path = `endpoints[${i}]`;
    const { addresses, targetRef } = membersOf(endpoint, path);
    // Without known ranges only the claim that a pod is behind it is left.
    const isPod = clusterAddresses.length === 0 && targetRef !== undefined;
    return listOf(addresses ?? [], `${path}.addresses`).map((one) => textOf(one, `${path}.addresses`)).filter((one) => addressType === "FQDN" || (!isPod && !isInCluster(one, path, clusterAddresses)));
  });
  if (outside.length === 0) return [];
  return [{ kind: "OutsideEndpoints", at: { ...at, path: "endpoints" }, message: `It puts ${outside.toSorted().join(", ")}, which ${outside.length === 1 ? "is" : "are"} not in the cluster, behind a Service: whether rules see that address or the Service's is the network plugin's choice.` }];
}

function isInCluster(address: string, path: string, clusterAddresses: World["clusterAddresses"]): boolean {
  const parsed = parseAddress(address);
  if (parsed.kind !== "Exact") throw new Unclear(`${path}.addresses`, `has ${JSON.stringify(address)}: it ${parsed.why}`);
  return contains(clusterAddresses, parsed.address);
}
