/**
 * Looks for a text everywhere a node can keep one: every file that this run has written (container runtime with images and
 * writable layers, logs, volumes of pods, memory ones too, the API server's store), and what processes of pods have open
 * without a name (shared memory, deleted files).
 */
import { spawn } from "node:child_process";
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readlinkSync, readSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { text } from "node:stream/consumers";
import { expect } from "vitest";
import { processesOf, type Pod } from "../support/node/pods.ts";

/**
 * TMPDIR is the folder of the run; the others are mounted anew in the sandbox. What lies at /run as the root of a container
 * is only a view of the runtime's folders.
 */
const PLACES = (): string[] => [realpathSync(tmpdir()), "/run", "/var/lib", "/var/log", "/dev/shm"];

/** For each word the files that hold it: paths, and for files without a name the process and number. One reading for all words. */
export async function tracesOf(words: readonly string[], pods: readonly Pod[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const named = await matches(words, PLACES());
  const pids = pods.flatMap(processesOf);
  return new Map(words.map((word) => {
    const files = named.filter((match) => match.word === word).map(({ path }) => path);
    return [word, [...new Set([...files, ...pids.flatMap((pid) => openFilesWith(word, pid))])].toSorted()];
  }));
}

interface Match {
  readonly path: string;
  readonly word: string;
}

/** The words go to grep by standard input: a command line can be read in /proc. */
async function matches(words: readonly string[], places: readonly string[]): Promise<Match[]> {
  const grep = spawn("grep", ["--recursive", "--only-matching", "--with-filename", "--fixed-strings", "--text", "--devices=skip", "--no-messages", "--exclude-dir=rootfs", "--file=-", ...places], {
    stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, LC_ALL: "C" },
  });
  grep.stdin.end(`${words.join("\n")}\n`);
  const lines = (await text(grep.stdout)).split("\n").filter((line) => line !== "");
  return lines.map((line) => ({ path: line.slice(0, line.lastIndexOf(":")), word: line.slice(line.lastIndexOf(":") + 1) }));
}

/** Open files of a process that no folder names. */
function openFilesWith(wanted: string, pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((number) => {
    const path = `${folder}/${number}`;
    return /^\/memfd:|\(deleted\)$/.test(linkOf(path)) && holds(path, wanted);
  }).map((number) => `${folder}/${number}`);
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // closed meanwhile
  }
}

/** What a server may write to (build/volumes.ts). */
const VOLUMES = ["/dev/shm", "/tmp", "/home/vllm", "/cache"];

/** Writes `word` into a file in each volume of a server. Returns the files. */
export function plantInVolumes(pod: Pod, word: string): string[] {
  const server = processesOf(pod).find((pid) => existsSync(`/proc/${pid}/root/home/vllm`));
  if (server === undefined) throw new Error(`pod ${pod.metadata.name} has no server`);
  const files = VOLUMES.map((volume) => `/proc/${server}/root${volume}/planted`);
  for (const file of files) writeFileSync(file, `${word}\n`);
  return files;
}

export const isLog = (path: string): boolean => /\/pod-logs\/.*\.log$/.test(path);
export const isStore = (path: string): boolean => path.includes("/etcd/");
/** What vLLM calls it; other files there would be something else. */
export const isSharedMemory = (path: string): boolean => /\/shm\/psm_[0-9a-f]+$/.test(path);

/** Of a word that is in logs and in the API server's store, `files` are all that hold it: so the search has read them. */
export function expectLogsAndStore(files: readonly string[]): void {
  expect(files.some(isLog), `the search reads logs: ${files.join(" ")}`).toBe(true);
  expect(files.some(isStore), `the search reads the API server's store: ${files.join(" ")}`).toBe(true);
}

const CHUNK = 1 << 20;

function holds(path: string, wanted: string): boolean {
  const file = openSync(path, "r");
  try {
    if (!fstatSync(file).isFile()) return false;
    let rest = "";
    const buffer = Buffer.alloc(CHUNK);
    for (let at = 0, read = 1; read > 0; at += read) {
      read = readSync(file, buffer, 0, CHUNK, at);
      const piece = rest + buffer.toString("latin1", 0, read);
      if (piece.includes(wanted)) return true;
      rest = piece.slice(-wanted.length);
    }
    return false;
  } finally {
    closeSync(file);
  }
}
