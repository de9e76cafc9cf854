/** A lock between processes by a file. The holder's pid is in it, and its time moves while the holder lives. */
import { readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { isAlive } from "./supervise.ts";

const HEARTBEAT_MS = 5_000;
/** A pid may have been given to another program; a lock whose time stands still this long belongs to nobody. */
const STALE_MS = 60_000;

/**
 * Runs `work` while holding `path`. `onWait` is called once if another process has it. Two processes that break a stale
 * lock in the same instant may both get it: callers publish by rename, so that costs time and nothing else.
 */
export async function withLock<T>(path: string, onWait: () => void, work: () => Promise<T>): Promise<T> {
  let told = false;
  while (!(await take(path))) {
    if (!told) onWait();
    told = true;
    await delay(250);
  }
  const heartbeat = setInterval(() => { utimes(path, new Date(), new Date()).catch(() => undefined); }, HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    await rm(path, { force: true });
  }
}

async function take(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    if (await isStale(path)) await rm(path, { force: true });
    return false;
  }
}

async function isStale(path: string): Promise<boolean> {
  try {
    const age = Date.now() - (await stat(path)).mtimeMs;
    const pid = Number.parseInt(await readFile(path, "utf8"), 10);
    // An empty file is a lock that is being written.
    return age > STALE_MS || (Number.isInteger(pid) && !isAlive(pid));
  } catch {
    return false; // gone meanwhile
  }
}
