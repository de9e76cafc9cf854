/** Name servers of a resolv.conf(5), as far as a probe can try them. */
import { isIP } from "node:net";
import { MOST_NAME_SERVERS } from "./plan.ts";

export const nameServers = (text: string): string[] =>
  text.split("\n").flatMap((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? []).filter((address) => isIP(address) !== 0).slice(0, MOST_NAME_SERVERS);
