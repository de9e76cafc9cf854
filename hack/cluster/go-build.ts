/** Builds Go programs into the cache: one at a time, under a lock, visible, and with errors that a person understands. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { chmod, copyFile, mkdir, rename, rm, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { withLock } from "./lock.ts";
import { Sorry } from "./sorry.ts";
import { supervise } from "./supervise.ts";
import type { Progress } from "./binaries.ts";

const run = promisify(execFile);
const GIB = 1024 ** 3;
/** Measured: module cache 2.0 GB, build cache 4 GB for the control plane alone. */
const FREE_WHEN_COLD = 7 * GIB;
const FREE_WHEN_WARM = 1 * GIB;

export interface Build {
  readonly name: string;
  readonly version: string;
  /** Holds go.mod and go.sum. */
  readonly folder: string;
  readonly module: string;
  readonly package: string;
  readonly ldflags: string;
  readonly target: string;
  readonly assets?: { folder: string; files: readonly string[] };
}

/** Builds in order; what another process has built meanwhile is left alone. */
export async function buildAll(builds: readonly Build[], progress: Progress): Promise<void> {
  for (const [index, build] of builds.entries()) {
    const home = dirname(build.target);
    await orSorry(mkdir(dirname(home), { recursive: true }), dirname(home));
    await withLock(`${home}.lock`, () => progress.tick(`Waiting for another process that builds ${build.name}`), async () => {
      if (existsSync(build.target)) return;
      const go = await checkGo(build);
      await checkSpace(build, go);
      await buildOne(build, `${index + 1} of ${builds.length}`, progress);
    });
  }
}

interface GoEnv { GOMODCACHE: string; GOCACHE: string; GOVERSION: string }

async function checkGo(build: Build): Promise<GoEnv> {
  const env = await goEnv(build);
  const [, major = "0", minor = "0"] = /^go(\d+)\.(\d+)/.exec(env.GOVERSION) ?? [];
  if (Number(major) === 1 && Number(minor) < 26) throw tooOld(env.GOVERSION);
  return env;
}

async function goEnv(build: Build): Promise<GoEnv> {
  try {
    const { stdout } = await run("go", ["env", "-json", "GOVERSION", "GOMODCACHE", "GOCACHE"], { cwd: build.folder });
    return JSON.parse(stdout) as GoEnv;
  } catch (error) {
    const { code, stderr = "" } = error as { code?: unknown; stderr?: string };
    if (code === "ENOENT") {
      throw new Sorry(`Go is missing, and it is needed to build ${build.name}: install Go 1.26 or newer from https://go.dev/dl/, or name a folder with the finished programs in HOHEIT_BIN_DIR.`);
    }
    // An old Go reads the version in go.mod and refuses in these words.
    const running = /running go ([\d.]+)/.exec(stderr)?.[1];
    throw running === undefined ? new Sorry(`Go does not work: ${lastLine(stderr)}`) : tooOld(`go${running}`);
  }
}

const tooOld = (version: string): Sorry =>
  new Sorry(`Go ${version.replace(/^go/, "")} is too old: install Go 1.26 or newer from https://go.dev/dl/.`);

async function checkSpace(build: Build, go: GoEnv): Promise<void> {
  const cold = !existsSync(join(go.GOMODCACHE, "cache", "download", build.module, "@v", `${build.version}.zip`));
  const needed = cold ? FREE_WHEN_COLD : FREE_WHEN_WARM;
  for (const folder of [dirname(dirname(build.target)), go.GOCACHE, go.GOMODCACHE]) {
    const disk = await statfs(nearest(folder));
    const free = disk.bavail * disk.bsize;
    if (free < needed) {
      throw new Sorry(`The disk is too full to build ${build.name}: ${folder} has ${(free / GIB).toFixed(1)} GiB free and ${needed / GIB} GiB are needed; make room or point HOHEIT_CACHE, GOCACHE and GOMODCACHE at a larger disk.`);
    }
  }
}

const nearest = (folder: string): string => existsSync(folder) ? folder : nearest(dirname(folder));

async function buildOne(build: Build, position: string, progress: Progress): Promise<void> {
  const home = dirname(build.target);
  const draft = `${home}.draft`; // ours alone: we hold the lock
  await rm(draft, { recursive: true, force: true });
  try {
    await orSorry(mkdir(draft, { recursive: true }), draft);
    await compile(build, join(draft, build.name), position, progress);
    if (build.assets) await copyAssets(build, draft);
    await rm(home, { recursive: true, force: true });
    await orSorry(rename(draft, home), home);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

const logOf = (build: Build): string => `${dirname(build.target)}.log`;

/** Under a keeper, so that a build does not go on when nobody waits for it any more. */
async function compile(build: Build, output: string, position: string, progress: Progress): Promise<void> {
  const started = Date.now();
  const seconds = (): string => `${Math.round((Date.now() - started) / 1000)} s`;
  const what = `${build.name} ${build.version} (${position})`;
  progress.step(`Building ${what}`);
  // -v names each package as it is compiled: that is the only sign of life that go build gives.
  const args = ["build", "-v", "-mod=readonly", "-trimpath", "-ldflags", build.ldflags, "-o", output, build.package];
  const env = { ...process.env, CGO_ENABLED: "0", GOWORK: "off", GOFLAGS: "" };
  await rm(logOf(build), { force: true });
  const child = await supervise({ command: "go", args, cwd: build.folder, env, logFile: logOf(build) });
  const ticker = setInterval(() => progress.tick(`Building ${what}: ${seconds()}, ${linesOf(build).length} packages compiled`), 1000);
  const code = await child.exited.finally(() => clearInterval(ticker));
  if (code !== 0) throw failure(build, linesOf(build), code);
  await rm(logOf(build), { force: true });
  progress.step(`Built ${what} in ${seconds()}`);
}

function linesOf(build: Build): string[] {
  return readFileSync(logOf(build), "utf8").split("\n").filter((line) => line !== "");
}

function failure(build: Build, lines: readonly string[], code: number): Sorry {
  const text = lines.join("\n");
  if (/no space left on device/.test(text)) {
    return new Sorry(`The disk filled up while ${build.name} was built: make room or point HOHEIT_CACHE, GOCACHE and GOMODCACHE at a larger disk.`);
  }
  if (/dial tcp|no such host|i\/o timeout|connection refused|TLS handshake|proxyconnect|module lookup disabled/.test(text)) {
    return new Sorry(`The Go module proxy cannot be reached, which is needed once to build ${build.name}: check the network, GOPROXY and HTTPS_PROXY (${lastLine(text)}).`);
  }
  return new Sorry(`Building ${build.name} failed with status ${code}; the whole output is in ${logOf(build)}, it ends with: ${lines.slice(-5).join(" | ")}`);
}

async function copyAssets(build: Build, draft: string): Promise<void> {
  const { stdout } = await run("go", ["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", build.module], { cwd: build.folder });
  for (const file of build.assets?.files ?? []) {
    const target = join(draft, "stages", file);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(join(stdout.trim(), build.assets?.folder ?? "", file), target);
    await chmod(target, 0o644); // the module cache is read-only, and so would the copy be
  }
}

async function orSorry<T>(work: Promise<T>, path: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOSPC") throw new Sorry(`The disk is full: ${path} cannot be written; make room or point HOHEIT_CACHE at a larger disk.`);
    if (code !== undefined && ["EACCES", "EROFS", "EPERM", "ENOTDIR", "EEXIST"].includes(code)) throw new Sorry(`${path} cannot be written: point HOHEIT_CACHE at a folder that is yours.`);
    throw error;
  }
}

const lastLine = (text: string): string => text.trim().split("\n").at(-1) ?? "";
