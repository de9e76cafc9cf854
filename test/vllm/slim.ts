/**
 * Takes out of the installed packages what serving on a CPU never loads.
 *
 * PyPI has torch only with CUDA (the CPU build is on an index of its own, which is not reached everywhere). Its libraries
 * name those of CUDA as needed, so the loader wants files of these names with these symbols: they are made here, empty,
 * from what torch itself says it needs, and three gigabytes need not be fetched. Nobody calls them where there is no GPU.
 */
import { execFile } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { copyFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { Sorry } from "../../hack/cluster/sorry.ts";
import { neededBy, readelf } from "./python.ts";

const run = promisify(execFile);
const LARGE = { maxBuffer: 1 << 28 };

/** Never imported, or only with a GPU. */
const USELESS = ["nvidia", "torch/bin/protoc", "torch/bin/protoc-3.13.0.0", "torch/test", "torch/include", "torch/share", "bin", "share", "include"];
/** They run when torch is loaded: stubs would crash it. */
const REAL = ["nvidia/cu13/lib/libcudart.so.13", "nvidia/cu13/lib/libcupti.so.13"];
const GPU_CODE_IN = ["libtorch_cuda.so", "libtorch_cuda_linalg.so", "libtorch_nvshmem.so"];
/** Of 450 MB of names for debuggers. Others were changed after they were linked, which strip does not always survive. */
const STRIPPED = ["torch/lib/libtorch_cpu.so", "vllm/_C.abi3.so", "vllm/_C_AVX2.abi3.so", "vllm/_C_AVX512.abi3.so"];
/** Not libcuda, the driver: it is looked for at run time, and where it is there is a GPU. */
const CUDA_LIBRARY = /^lib(cu(?!da\.)|nv|nccl)/;
const CUDA_SYMBOL = /^(cu|nccl|nvrtc|nvshmem|nvJitLink|nvtx)/;

/** Slims the folder `packages`. */
export async function slim(packages: string): Promise<void> {
  const libraries = join(packages, "torch", "lib");
  for (const file of REAL) await copyFile(join(packages, file), join(libraries, basename(file)));
  await writeStubs(libraries);
  for (const name of GPU_CODE_IN) await emptyGpuCode(join(libraries, name));
  await run("strip", ["--strip-unneeded", ...STRIPPED.map((path) => join(packages, path))]);
  for (const path of USELESS) await rm(join(packages, path), { recursive: true, force: true });
}

/** Symbols of one version; what has no version may be in any library, the loader looks in all. */
type Symbols = ReadonlyMap<string, readonly string[]>;
const UNVERSIONED = "";

/** A library for each name that torch needs and nobody has, with the symbols that torch takes from it. */
async function writeStubs(folder: string): Promise<void> {
  const files = globSync("*.so*", { cwd: folder }).map((file) => join(folder, file));
  const missing = [...await neededBy(files)].filter((name) => CUDA_LIBRARY.test(name) && !existsSync(join(folder, name))).toSorted();
  const versions = await versionsNeeded(files);
  const symbols = await symbolsNeeded(files, new Set(missing.flatMap((name) => [...versions.get(name) ?? []])));
  for (const [index, name] of missing.entries()) {
    const own = [...versions.get(name) ?? [], ...(index === 0 ? [UNVERSIONED] : [])];
    await writeStub(join(folder, name), new Map(own.map((version) => [version, symbols.get(version) ?? []])));
  }
}

/** Symbols of these versions that `files` take from others, and CUDA's that have no version. */
async function symbolsNeeded(files: readonly string[], versions: ReadonlySet<string>): Promise<Symbols> {
  const { stdout } = await run("nm", ["-D", "--with-symbol-versions", "--undefined-only", ...files], LARGE);
  const found = [...stdout.matchAll(/^\s+[UwW] ([^@\s]+)(?:@+(\S+))?$/gm)].map(([, name = "", version = UNVERSIONED]) => ({ name, version }));
  const wanted = found.filter(({ name, version }) => versions.has(version) || (version === UNVERSIONED && CUDA_SYMBOL.test(name)));
  const byVersion = Map.groupBy(wanted, ({ version }) => version);
  return new Map([...byVersion].map(([version, entries]) => [version, [...new Set(entries.map(({ name }) => name))].toSorted()]));
}

/** The versions that `files` want to find in each library. */
async function versionsNeeded(files: readonly string[]): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const wanted = new Map<string, Set<string>>();
  let library = new Set<string>();
  for (const line of (await readelf(["-V", ...files])).split("\n")) {
    const [, file] = / File: (\S+) /.exec(line) ?? [];
    const [, version] = / Name: (\S+) /.exec(line) ?? [];
    if (file !== undefined) {
      library = wanted.get(file) ?? new Set();
      wanted.set(file, library);
    }
    if (version !== undefined) library.add(version);
  }
  return wanted;
}

async function writeStub(path: string, symbols: Symbols): Promise<void> {
  const names = [...symbols.values()].flat();
  const versions = [...symbols].filter(([version]) => version !== UNVERSIONED);
  await writeFile(`${path}.c`, names.map((name) => `int ${name}(void) { return 999; }\n`).join(""));
  await writeFile(`${path}.map`, versions.map(([version, own]) => `${version} { global: ${own.map((name) => `${name};`).join(" ")} };\n`).join(""));
  const script = versions.length === 0 ? [] : [`-Wl,--version-script=${path}.map`];
  try {
    await run("gcc", ["-shared", "-fPIC", "-O0", "-w", "-fno-builtin", "-nostdlib", "-o", path, `${path}.c`, `-Wl,-soname,${basename(path)}`, ...script]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new Sorry("gcc is missing, which is needed to make the real vLLM: install the package gcc.");
  } finally {
    await rm(`${path}.c`, { force: true });
    await rm(`${path}.map`, { force: true });
  }
}

/** Makes the sections that hold machine code of GPUs holes: the file keeps its size and takes no room. */
async function emptyGpuCode(path: string): Promise<void> {
  for (const line of (await readelf(["-S", path])).split("\n")) {
    const [, offset, size] = /\]\s+(?:\.nv_fatbin|__nv_relfatbin)\s+\S+\s+[0-9a-f]+\s+([0-9a-f]+)\s+([0-9a-f]+)/.exec(line) ?? [];
    if (offset === undefined || size === undefined || /^0+$/.test(size)) continue;
    await run("fallocate", ["--punch-hole", "--offset", `0x${offset}`, "--length", `0x${size}`, path]);
  }
}
