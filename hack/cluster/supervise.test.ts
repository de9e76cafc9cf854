import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { isAlive, supervise, temporaryFolder } from "./supervise.ts";

const folders: { remove(): Promise<void> }[] = [];
afterEach(async () => { for (const folder of folders.splice(0)) await folder.remove(); });

function folder(): string {
  const made = temporaryFolder("hoheit-supervise-test-");
  folders.push(made);
  return made.path;
}

/** False for a zombie too: whether somebody collects orphans is not ours to say. */
function isRunning(pid: number): boolean {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return stdout.trim() !== "" && !stdout.startsWith("Z");
}

test("a child's output goes to the log and its status comes back", async () => {
  const logFile = join(folder(), "log");
  const child = await supervise({ command: "/bin/sh", args: ["-c", "echo hello; echo there >&2; exit 7"], logFile });
  expect(await child.exited).toBe(7);
  expect(child.running).toBe(false);
  expect(readFileSync(logFile, "utf8")).toBe("hello\nthere\n");
});

test("stop kills a child that ignores SIGTERM", async () => {
  const child = await supervise({ command: "/bin/sh", args: ["-c", "trap '' TERM; while :; do sleep 0.1; done"], logFile: join(folder(), "log") });
  await child.stop(100);
  expect(isAlive(child.pid)).toBe(false);
});

test("stop gives a child that was asked nicely the time to end by itself", async () => {
  const logFile = join(folder(), "log");
  const child = await supervise({ command: "/bin/sh", args: ["-c", "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done"], logFile });
  await vi.waitFor(() => expect(readFileSync(logFile, "utf8")).toBe("up\n"));
  await child.stop(5000);
  expect(readFileSync(logFile, "utf8")).toBe("up\nbye\n");
});

test("what a child has started ends with it", async () => {
  const logFile = join(folder(), "log");
  const child = await supervise({ command: "/bin/sh", args: ["-c", "sleep 600 & echo $!; wait"], logFile });
  const grandchild = await vi.waitFor(() => {
    const pid = Number.parseInt(readFileSync(logFile, "utf8"), 10);
    expect(pid).toBeGreaterThan(0);
    return pid;
  });
  await child.stop();
  await vi.waitFor(() => expect(isRunning(grandchild)).toBe(false));
});

test("a frozen child can be stopped", async () => {
  const child = await supervise({ command: "sleep", args: ["600"], logFile: join(folder(), "log") });
  child.signal("SIGSTOP");
  await child.stop();
  expect(isAlive(child.pid)).toBe(false);
});

test("a program that does not exist ends with 127", async () => {
  const child = await supervise({ command: "/does/not/exist", args: [], logFile: join(folder(), "log") });
  expect(await child.exited).toBe(127);
});

test("kill -9 of the parent ends the child and removes the folder", async () => {
  const script = join(folder(), "parent.ts");
  writeFileSync(script, `
    import { supervise, temporaryFolder } from ${JSON.stringify(join(import.meta.dirname, "supervise.ts"))};
    const { path } = temporaryFolder("hoheit-supervise-test-");
    const child = await supervise({ command: "sleep", args: ["600"], logFile: path + "/log" });
    console.log(JSON.stringify({ path, pid: child.pid }));
  `);
  const parent = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
  const line = await new Promise<string>((resolve) => parent.stdout.once("data", (data: Buffer) => resolve(data.toString())));
  const { path, pid } = JSON.parse(line) as { path: string; pid: number };
  expect(existsSync(path) && isAlive(pid)).toBe(true);
  parent.kill("SIGKILL");
  await vi.waitFor(() => expect([isAlive(pid), existsSync(path)]).toEqual([false, false]), { timeout: 10_000 });
});
