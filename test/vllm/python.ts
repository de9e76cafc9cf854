/** Finds a Python 3.12 and lays a copy of it into the tree, with the programs and libraries that the engine needs beside it. */
import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { chmod, cp, copyFile, mkdir, realpath, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { Sorry } from "../../hack/cluster/sorry.ts";

const run = promisify(execFile);
const LARGE = { maxBuffer: 1 << 28 };

/** Where Python is in the tree and in the image. It finds its library by its own place, so the tree runs from anywhere. */
export const PYTHON_HOME = "opt/python";
/** Where pip puts packages, in the tree. */
export const PACKAGES = `${PYTHON_HOME}/lib/python3.12/site-packages`;

export interface Python {
  readonly executable: string;
  /** Folder of the standard library. */
  readonly library: string;
}

const ABOUT = `import sys, sysconfig, json
print(json.dumps(dict(version=list(sys.version_info[:2]), executable=sys.executable, library=sysconfig.get_path("stdlib"))))`;

/** The first Python 3.12 among `HOHEIT_PYTHON`, the PATH and pyenv's folders. The locked wheels are for this version only. */
export async function findPython(): Promise<Python> {
  const named = process.env.HOHEIT_PYTHON;
  const pyenv = globSync(join(process.env.PYENV_ROOT ?? join(homedir(), ".pyenv"), "versions", "3.12.*", "bin", "python3.12")).toSorted();
  for (const candidate of named === undefined || named === "" ? ["python3.12", ...pyenv, "python3"] : [named]) {
    const found = await askPython(candidate);
    if (found !== undefined) return found;
  }
  throw new Sorry("Python 3.12 is missing, and the real vLLM needs it: install it with pip (package python3.12 of your distribution, or `pyenv install 3.12`), or name its executable in HOHEIT_PYTHON.");
}

async function askPython(candidate: string): Promise<Python | undefined> {
  try {
    const { stdout } = await run(candidate, ["-I", "-c", ABOUT]);
    const about = JSON.parse(stdout) as { version: number[]; executable: string; library: string };
    // A virtual environment's executable is a link to the one that knows the library.
    return about.version.join(".") === "3.12" ? { executable: await realpath(about.executable), library: about.library } : undefined;
  } catch {
    return undefined;
  }
}

/** Parts of the standard library that no server imports; packages are the tree's own. */
const NOT_COPIED = /^(site-packages|dist-packages|test|idlelib|tkinter|turtledemo|ensurepip|lib2to3|pydoc_data|config-3\.12.*|_tkinter\..*|__pycache__)$/;

/** Copies `python` to `tree`/opt/python. */
export async function copyPython(python: Python, tree: string): Promise<void> {
  const home = join(tree, PYTHON_HOME);
  await cp(python.library, join(home, "lib", "python3.12"), {
    recursive: true, dereference: true,
    filter: (path) => !relative(python.library, path).split("/").some((part) => NOT_COPIED.test(part)),
  });
  await mkdir(join(home, "bin"), { recursive: true });
  await copyFile(python.executable, join(home, "bin", "python3.12"));
  const libraries = await sharedLibraries(python.executable);
  for (const path of libraries.filter((library) => basename(library).startsWith("libpython"))) {
    await copyFile(path, join(home, "lib", basename(path)));
    await run("strip", ["--strip-unneeded", join(home, "lib", basename(path))]);
  }
}

/** The shell starts helpers of torch; vLLM asks lscpu for cores and nodes, and its engine fails without. */
const PROGRAMS = ["/bin/sh", "/usr/bin/lscpu"];

/** Copies the programs above, and the libraries of the system for all that is in `tree`, to where they are here. */
export async function copySystem(tree: string): Promise<void> {
  const interpreter = await loaderOf(join(tree, PYTHON_HOME, "bin", "python3.12"));
  for (const program of [...PROGRAMS, interpreter]) await copyTo(tree, program);
  const binaries = globSync("**/*.{so,so.*}", { cwd: tree }).map((file) => join(tree, file));
  const needed = await neededBy([...binaries, join(tree, PYTHON_HOME, "bin", "python3.12"), ...PROGRAMS]);
  const own = new Set(binaries.map((file) => basename(file)));
  const here = await systemLibraries();
  const wanted = [...needed].filter((name) => !own.has(name));
  const copied = new Set<string>();
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    const path = here.get(name);
    // What is nowhere, such as the driver of a GPU, is looked for at run time only where it is used.
    if (path === undefined || copied.has(name)) continue;
    copied.add(name);
    await copyTo(tree, path);
    wanted.push(...await neededBy([path]));
  }
}

/** The dynamic loader, by the path that the program names; where it is missing, the kernel says that the program is. */
async function loaderOf(program: string): Promise<string> {
  const [, path] = /program interpreter: (\S+)\]/.exec(await readelf(["-l", program])) ?? [];
  if (path === undefined) throw new Error(`${program} names no loader`);
  return path;
}

async function copyTo(tree: string, path: string): Promise<void> {
  const target = join(tree, path);
  await mkdir(dirname(target), { recursive: true });
  await rm(target, { force: true });
  await copyFile(await realpath(path), target);
  await chmod(target, 0o755);
}

/** Names in the NEEDED entries of these files. Files that are no ELF say nothing. */
export async function neededBy(files: readonly string[]): Promise<Set<string>> {
  const stdout = await readelf(["-d", ...files]);
  return new Set([...stdout.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name ?? ""));
}

/** readelf ends with 1 if one of many files is no ELF, and prints the others all the same. */
export async function readelf(args: readonly string[]): Promise<string> {
  return run("readelf", ["-W", ...args], LARGE).then(({ stdout }) => stdout, (error: unknown) => {
    const { code, stdout = "" } = error as { code?: unknown; stdout?: string };
    if (code === "ENOENT") throw new Sorry("readelf is missing, which is needed to make the real vLLM: install the package binutils.");
    return stdout;
  });
}

/** Paths of the libraries of this machine by name. */
async function systemLibraries(): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await run("/sbin/ldconfig", ["-p"], LARGE);
  const found = [...stdout.matchAll(/^\s+(\S+) \(.*x86-64.*\) => (\S+)$/gm)].map(([, name = "", path = ""]): [string, string] => [name, path]);
  // The first one that ldconfig prints is the one that would be loaded.
  return new Map(found.toReversed());
}

async function sharedLibraries(executable: string): Promise<string[]> {
  const { stdout } = await run("ldd", [executable]);
  return [...stdout.matchAll(/=> (\/\S+)/g)].map(([, path]) => path ?? "");
}
