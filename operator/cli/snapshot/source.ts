/** Where a snapshot comes from: files and folders of manifests, or the cluster of a kubeconfig. */
import { globSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { ConfigError } from "../../config.ts";
import { KubeClient } from "../../kube/client.ts";
import { loadCredentials, type LoadOptions } from "../../kube/credentials.ts";
import { Transport } from "../../kube/transport.ts";
import { USUAL_PROBE } from "../../kinds/language-model-deployment/build/index.ts";
import { VERSION } from "../../lib/version.ts";
import type { Snapshot } from "../../sovereignty/snapshot.ts";
import { lineOf, type ReadFile } from "../manifests.ts";
import type { Surroundings } from "./assemble.ts";
import { snapshotOfCluster } from "./cluster.ts";
import { snapshotOfFolder } from "./folder.ts";

export interface Source {
  /** Files and folders; `-` is standard input. None: the cluster. */
  readonly manifests: readonly string[];
  /** Namespace of manifests that name none. */
  readonly defaultNamespace: string;
  readonly access: Pick<LoadOptions, "kubeconfig" | "context">;
  readonly surroundings: Surroundings;
}

export interface Sourced {
  readonly snapshot: Snapshot;
  /** Objects that the operator would make of the manifests, and that are in the snapshot for that: `NetworkPolicy assistant/default-deny`. */
  readonly added: readonly string[];
}

/** Image of the operator that manifests without a cluster are rendered with. No rule depends on it; hashes of workloads do. */
const IMAGE = `hoheit:${VERSION}`;

/** @throws ConfigError for files that cannot be read or understood, and for a cluster that does not answer */
export function snapshotFrom(source: Source): Promise<Sourced> {
  return source.manifests.length > 0 ? fromManifests(source) : fromCluster(source);
}

async function fromManifests({ manifests, defaultNamespace, surroundings }: Source): Promise<Sourced> {
  const files = manifests.flatMap(filesIn);
  if (files.length === 0) throw new ConfigError([`${manifests.join(", ")}: there is no .yaml, .yml or .json in there`]);
  const operator = { image: IMAGE, namespace: surroundings.operatorNamespace, probe: USUAL_PROBE };
  const { snapshot, added, findings } = await snapshotOfFolder({ files, namespace: defaultNamespace, operator }, surroundings, readOnce());
  if (findings.length > 0) throw new ConfigError(findings.map((finding) => lineOf(finding).trimEnd()));
  return { snapshot, added };
}

/** Every manifest below a folder, in one order. */
function filesIn(path: string): string[] {
  const isFolder = path !== "-" && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? globSync("**/*.{yaml,yml,json}", { cwd: path }).toSorted().map((file) => join(path, file)) : [path];
}

/** Standard input can be read once. */
function readOnce(): ReadFile {
  const texts = new Map<string, Promise<string>>();
  return (file) => {
    const known = texts.get(file) ?? (file === "-" ? text(process.stdin) : readFile(file, "utf8"));
    texts.set(file, known);
    return known;
  };
}

async function fromCluster({ access, surroundings }: Source): Promise<Sourced> {
  let transport: Transport | undefined;
  try {
    transport = new Transport({ credentials: await loadCredentials(access) });
    return { snapshot: await snapshotOfCluster({ api: new KubeClient({ transport }), transport }, surroundings), added: [] };
  } catch (error) {
    throw new ConfigError([`cannot read the cluster: ${(error as Error).message}; --manifests reads files instead`]);
  } finally {
    transport?.close();
  }
}
