/**
 * The programs of a Kubernetes cluster, built from Go modules and kept by version outside the checkout.
 *
 * No registry and no download page is asked: `go build` verifies every module against the committed go.sum. A binary is
 * built once per version and flags (eight minutes for a control plane on two cores, eight more for a node), published by rename so that nobody ever
 * sees half of one, and programs that are there already (`HOHEIT_BIN_DIR`, `KUBEBUILDER_ASSETS`) are taken if their
 * version fits.
 */
import { createHash } from "node:crypto";
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { buildAll, type Build } from "./go-build.ts";

const run = promisify(execFile);

export type BinaryName =
  | "etcd" | "kube-apiserver" | "kube-controller-manager" | "kube-scheduler" | "kubectl" | "kwok"
  | "kubelet" | "kube-proxy" | "kube-router" | "coredns" | "helm";

/** What happens, for a person to read. `step` lines are worth keeping, `tick` lines may overwrite each other. */
export interface Progress {
  step(text: string): void;
  tick(text: string): void;
}

interface Source {
  /** Folder beside this file with go.mod and go.sum. */
  readonly folder: string;
  readonly module: string;
  readonly package: string;
  /** Arguments that print the version. */
  readonly versionArgs: readonly string[];
  readonly ldflags: (version: string) => string;
  /** Files of the module that the program needs, copied beside it. */
  readonly assets?: { folder: string; files: readonly string[] };
}

/** Without these the API server calls itself v0.0.0 and feature gates fail. */
const kubernetesFlags = (version: string): string => {
  const [major = "", minor = ""] = version.replace(/^v/, "").split(".");
  const at = "k8s.io/component-base/version";
  return `-s -w -X ${at}.gitVersion=${version} -X ${at}.gitMajor=${major} -X ${at}.gitMinor=${minor}`;
};

const kubernetes = (command: string): Source => ({
  folder: "control-plane", module: "k8s.io/kubernetes", package: `k8s.io/kubernetes/cmd/${command}`,
  versionArgs: command === "kubectl" ? ["version", "--client"] : ["--version"], ldflags: kubernetesFlags,
});

const SOURCES: Record<BinaryName, Source> = {
  etcd: {
    folder: "control-plane", module: "go.etcd.io/etcd/server/v3", package: "go.etcd.io/etcd/server/v3",
    versionArgs: ["--version"], ldflags: () => "-s -w",
  },
  "kube-apiserver": kubernetes("kube-apiserver"),
  "kube-controller-manager": kubernetes("kube-controller-manager"),
  "kube-scheduler": kubernetes("kube-scheduler"),
  kubectl: kubernetes("kubectl"),
  kubelet: kubernetes("kubelet"),
  "kube-proxy": kubernetes("kube-proxy"),
  kwok: {
    folder: "kwok", module: "sigs.k8s.io/kwok", package: "sigs.k8s.io/kwok/cmd/kwok", versionArgs: ["--version"], ldflags: () => "-s -w",
    assets: {
      folder: "kustomize/stage",
      files: [
        "node/fast/node-initialize.yaml", "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
        "pod/fast/pod-ready.yaml", "pod/fast/pod-complete.yaml", "pod/fast/pod-delete.yaml",
      ],
    },
  },
  // Newer versions, and the pseudo-version of netlink that this one names, are not obtainable (hence the replace in its go.mod).
  "kube-router": {
    folder: "kube-router", module: "github.com/cloudnativelabs/kube-router/v2", package: "github.com/cloudnativelabs/kube-router/v2/cmd/kube-router",
    versionArgs: ["--version"], ldflags: (version) => `-s -w -X github.com/cloudnativelabs/kube-router/v2/pkg/version.Version=${version}`,
  },
  coredns: {
    folder: "coredns", module: "github.com/coredns/coredns", package: "github.com/coredns/coredns", versionArgs: ["-version"], ldflags: () => "-s -w",
  },
  helm: {
    folder: "helm", module: "helm.sh/helm/v4", package: "helm.sh/helm/v4/cmd/helm",
    versionArgs: ["version", "--short"], ldflags: (version) => `-s -w -X helm.sh/helm/v4/internal/version.version=${version}`,
  },
};

/** Paths of programs by name. */
export type Binaries<Names extends BinaryName = BinaryName> = Record<Names, string>;

/**
 * Returns the path of every program in `names`, building what is missing. Two processes that ask at the same time build
 * once. Throws `Sorry` with one sentence that says what to do.
 */
export async function ensureBinaries<Names extends BinaryName>(names: readonly Names[], progress: Progress): Promise<Binaries<Names>> {
  const found: Partial<Record<BinaryName, string>> = {};
  const missing: Build[] = [];
  for (const name of names) {
    const build = buildOf(name);
    const path = await existing(name, build.version, progress) ?? (existsSync(build.target) ? build.target : undefined);
    found[name] = path ?? build.target;
    if (path === undefined) missing.push(build);
  }
  if (missing.length > 0) await buildAll(missing, progress);
  return found as Binaries<Names>;
}

/** `HOHEIT_CACHE`, else the user's cache folder. Everything that outlives a run is here. */
export function cacheFolder(): string {
  const { HOHEIT_CACHE: own, XDG_CACHE_HOME: xdg } = process.env;
  if (own !== undefined && own !== "") return own;
  return join(xdg !== undefined && xdg !== "" ? xdg : join(homedir(), ".cache"), "hoheit");
}

/** Where the stage files of the kwok at `path` are. */
export function kwokStages(path: string): string[] {
  return (SOURCES.kwok.assets?.files ?? []).map((file) => join(dirname(path), "stages", file));
}

function buildOf(name: BinaryName): Build {
  const source = SOURCES[name];
  const folder = join(import.meta.dirname, source.folder);
  const version = moduleVersion(join(folder, "go.mod"), source.module);
  const flags = source.ldflags(version);
  const key = createHash("sha256")
    .update(JSON.stringify([source.package, version, flags, process.platform, process.arch]))
    .update(readFileSync(join(folder, "go.sum")))
    .digest("hex").slice(0, 12);
  const target = join(cacheFolder(), "bin", `${name}-${version}-${key}`, name);
  return { name, version, folder, module: source.module, package: source.package, ldflags: flags, target, ...(source.assets && { assets: source.assets }) };
}

function moduleVersion(goMod: string, module: string): string {
  for (const line of readFileSync(goMod, "utf8").split("\n")) {
    const [path, version] = line.replace(/^require/, "").trim().split(/\s+/);
    if (path === module && version !== undefined) return version;
  }
  throw new Error(`${goMod} does not require ${module}`);
}

/** A program of the same major and minor version in a folder that the user names. */
async function existing(name: BinaryName, version: string, progress: Progress): Promise<string | undefined> {
  for (const variable of ["HOHEIT_BIN_DIR", "KUBEBUILDER_ASSETS"]) {
    const folder = process.env[variable];
    if (folder === undefined || folder === "") continue;
    const path = join(folder, name);
    if (!existsSync(path)) continue;
    const misfit = await whyNot(name, path, version);
    if (misfit === undefined) return path;
    progress.step(`Not using ${path}: ${misfit}`);
  }
  return undefined;
}

async function whyNot(name: BinaryName, path: string, wanted: string): Promise<string | undefined> {
  try {
    // kube-router says it on stderr.
    const { stdout, stderr } = await run(path, [...SOURCES[name].versionArgs], { timeout: 30_000 });
    const actual = /v?(\d+\.\d+)\.\d+/.exec(stdout + stderr)?.[1];
    const needed = /(\d+\.\d+)/.exec(wanted)?.[1];
    if (actual !== needed) return `it is version ${actual ?? "unknown"}, needed is ${needed ?? wanted}`;
  } catch {
    return "it does not run here";
  }
  return name === "kwok" && !kwokStages(path).every((file) => existsSync(file)) ? "its stage files are not beside it" : undefined;
}


