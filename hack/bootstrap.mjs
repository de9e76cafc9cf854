/**
 * The way into every npm script: plain JavaScript for whatever Node the machine has (18 or newer). It installs the
 * locked packages if they are not there as locked, Node 24 among them, and hands over to the TypeScript script asked for.
 *
 * Usage: node hack/bootstrap.mjs [--from-caller] SCRIPT [ARGS...]
 * --from-caller: run in the folder in which npm was called, so that file arguments mean what the user typed.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const node = join(root, "node_modules", ".bin", "node");

if (!isInstalled()) install();
handOver(process.argv.slice(2));

/** npm leaves a copy of what it installed; comparing with it needs no stamp of ours and sees a half-done install. */
function isInstalled() {
  const wanted = packagesIn(join(root, "package-lock.json"));
  const present = packagesIn(join(root, "node_modules", ".package-lock.json"));
  if (wanted === undefined || present === undefined || !existsSync(node)) return false;
  // Optional packages are for other processors and systems; npm leaves those out.
  return Object.entries(wanted).every(([path, { version, optional, link }]) =>
    path === "" || optional || link || present[path]?.version === version);
}

function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}

function install() {
  console.error("Installing the locked npm packages (Node 24 is one of them) ...");
  // The host's Node may be older than `engines` asks; that is what node@24 is for, so no warning about it.
  const { error, status } = spawnSync("npm", ["ci", "--loglevel=error", "--no-audit", "--no-fund"], { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  if (error) fail(`npm cannot be started (${error.message}): install Node.js with npm.`);
  if (status !== 0) fail(`npm ci failed with status ${status}: what npm says above is the reason; check the network, the registry and the free disk space.`);
  if (!existsSync(node)) fail("Node 24 was not installed by the npm package node@24: npm must be allowed to run install scripts (npm config get ignore-scripts).");
}

function handOver(args) {
  const fromCaller = args[0] === "--from-caller";
  const [script, ...rest] = fromCaller ? args.slice(1) : args;
  if (script === undefined) fail("usage: node hack/bootstrap.mjs [--from-caller] SCRIPT [ARGS...]");
  const cwd = fromCaller ? process.env.INIT_CWD || root : root;
  const env = { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}` };
  const child = spawn(node, [join(root, script), ...rest], { cwd, env, stdio: "inherit" });
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => child.kill(name));
  // If npm above us is killed, nobody waits for the script any more.
  const parent = process.ppid;
  const watch = setInterval(() => { if (process.ppid !== parent) child.kill("SIGTERM"); }, 1000);
  watch.unref();
  child.once("error", (error) => fail(`Node 24 cannot be started (${error.message}).`));
  child.once("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
