/** What `hoheit prove` is told, checked. */
import { ConfigError } from "../../config.ts";
import { PROTOCOLS, type Protocol } from "../../sovereignty/policy.ts";
import { isPort } from "../../sovereignty/point/shape.ts";
import type { Source } from "../snapshot/source.ts";

export interface ProveOptions {
  readonly source: Omit<Source, "surroundings"> & { readonly surroundings: Omit<Source["surroundings"], "today"> };
  readonly output: "text" | "json";
  /** Speaks of these alone, and ends with what is found of them. */
  readonly focus: Focus;
  /** Says of everything why it is so. */
  readonly explain: boolean;
  /** One packet is asked about instead. */
  readonly packet?: PacketQuestion | undefined;
  /** All connections are listed instead. */
  readonly connections: boolean;
  /** Files in the form that `hoheit data-set` writes. */
  readonly dataSets: readonly string[];
  /** Folder into which evidence goes, and the key that signs it (a file with PEM). */
  readonly evidence?: string | undefined;
  readonly sign?: string | undefined;
}

export interface Focus {
  readonly namespace?: string | undefined;
  /** `Kind/name`, with its namespace before it or not; kinds in any case, as kubectl takes them. */
  readonly workload?: string | undefined;
}

export interface PacketQuestion {
  /** `namespace/Kind/name`, `namespace/name` or, for any pod that Hoheit did not make, `namespace/*`. */
  readonly from: string;
  /** An address, or a workload as in `from`. */
  readonly to: string;
  readonly port: number;
  readonly protocol: Protocol;
}

/**
 * `TO:PORT/PROTOCOL`, `[2001:db8::1]:443/TCP`; without a protocol it is TCP.
 * @throws ConfigError
 */
export function packetQuestion([from = "", target = "", ...more]: readonly string[]): PacketQuestion {
  const [, bracketed, plain, port, protocol = "TCP"] = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s[\]]+)):(\d{1,5})(?:\/([A-Za-z]+))?$/.exec(target) ?? [];
  const to = bracketed ?? plain;
  const known = PROTOCOLS.find((one) => one === protocol.toUpperCase());
  if (more.length > 0 || to === undefined || known === undefined || !isPort(Number(port))) {
    throw new ConfigError(["--packet takes FROM TO:PORT/PROTOCOL, for example assistant/Deployment/chat 198.51.100.7:443/TCP or assistant/chat [2001:db8::7]:53/UDP; TO may be a workload, too"]);
  }
  return { from, to, port: Number(port), protocol: known };
}
