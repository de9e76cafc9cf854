import { spawn, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let root = "";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "hoheit-bootstrap-"));
  mkdirSync(join(root, "hack"));
  mkdirSync(join(root, "bin"));
  copyFileSync(join(import.meta.dirname, "bootstrap.mjs"), join(root, "hack", "bootstrap.mjs"));
  writeFileSync(join(root, "hack", "script.mjs"), "console.log('script', process.cwd(), process.argv.slice(2).join(' ')); process.exitCode = 3;");
  lock("package-lock.json", { "node_modules/a": { version: "1.0.0" }, "node_modules/windows-only": { version: "1.0.0", optional: true } });
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function lock(path: string, packages: object): void {
  writeFileSync(join(root, path), JSON.stringify({ packages: { "": {}, ...packages } }));
}

/** What npm leaves behind. */
function installed(version: string): void {
  mkdirSync(join(root, "node_modules", ".bin"), { recursive: true });
  symlinkSync(process.execPath, join(root, "node_modules", ".bin", "node"));
  lock("node_modules/.package-lock.json", { "node_modules/a": { version } });
}

function npmIs(script: string): void {
  writeFileSync(join(root, "bin", "npm"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(root, "bin", "npm"), 0o755);
}

function bootstrap(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const env = { PATH: join(root, "bin"), INIT_CWD: join(root, "bin") };
  return spawnSync(process.execPath, [join(root, "hack", "bootstrap.mjs"), ...args], { env, encoding: "utf8", cwd: root });
}

describe("the bootstrap", () => {
  test("runs the script with its arguments, and its status comes back", () => {
    installed("1.0.0");
    expect(bootstrap("hack/script.mjs", "one", "--two")).toMatchObject({ status: 3, stdout: `script ${root} one --two\n`, stderr: "" });
  });

  test("runs where npm was called if asked to", () => {
    installed("1.0.0");
    expect(bootstrap("--from-caller", "hack/script.mjs").stdout).toBe(`script ${join(root, "bin")} \n`);
  });

  test("installs when what is there is not what is locked", () => {
    installed("0.9.0");
    npmIs(`echo "npm $@"; exit 0`);
    const { stdout, stderr } = bootstrap("hack/script.mjs");
    expect(stdout).toContain("npm ci --loglevel=error");
    expect(stderr).toContain("Installing the locked npm packages");
  });

  test("says in one sentence that npm is missing", () => {
    expect(bootstrap("hack/script.mjs")).toMatchObject({ status: 1, stderr: expect.stringMatching(/npm cannot be started \(.*\): install Node\.js with npm\.\n$/) as string });
  });

  test("says in one sentence that the installation failed", () => {
    npmIs("exit 7");
    expect(bootstrap("hack/script.mjs").stderr).toMatch(/npm ci failed with status 7: .*\n$/);
  });

  test("says that install scripts are needed if Node 24 did not come", () => {
    npmIs("exit 0");
    expect(bootstrap("hack/script.mjs").stderr).toContain("npm must be allowed to run install scripts");
  });

  test("hands SIGTERM on and reports how the script ended", async () => {
    installed("1.0.0");
    writeFileSync(join(root, "hack", "waits.mjs"), "process.on('SIGTERM', () => { console.log('told'); process.exit(5); }); setInterval(() => {}, 1000); console.log('up');");
    const child = spawn(process.execPath, [join(root, "hack", "bootstrap.mjs"), "hack/waits.mjs"], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (more: string) => {
      text += more;
      if (text === "up\n") child.kill("SIGTERM");
    });
    expect(await new Promise((done) => child.once("exit", done))).toBe(5);
    expect(text).toBe("up\ntold\n");
  });

  test("is readable for a Node that knows no TypeScript and nothing newer than version 18", () => {
    const text = readFileSync(join(import.meta.dirname, "bootstrap.mjs"), "utf8");
    expect(text).not.toMatch(/import\.meta\.(dirname|main)|\busing\b|Promise\.withResolvers|: string/);
  });
});
