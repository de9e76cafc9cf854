/** A network plugin that enforces nothing, as far as packets can tell: kube-router stands still and its rules are gone. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { freeze } from "./node.ts";

const run = promisify(execFile);

/** Where its rules begin. Rules of Services are kube-proxy's, in tables of its own (nftables). */
const CHAINS = ["KUBE-ROUTER-INPUT", "KUBE-ROUTER-FORWARD", "KUBE-ROUTER-OUTPUT"];

/** Until the returned guard is disposed. kube-router then writes its rules anew as soon as it hears of a pod or a policy. */
export async function withoutEnforcement(): Promise<Disposable> {
  const guard = freeze("kube-router");
  try {
    for (const program of ["iptables", "ip6tables"]) for (const chain of CHAINS) await run(program, ["-w", "-F", chain]);
  } catch (error) {
    guard[Symbol.dispose]();
    throw error;
  }
  return guard;
}
