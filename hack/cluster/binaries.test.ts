import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ensureBinaries } from "./binaries.ts";
import { withLock } from "./lock.ts";

let folder = "";
const said: string[] = [];
const progress = { step: (text: string) => { said.push(text); }, tick: () => undefined };

beforeEach(() => {
  said.length = 0;
  folder = mkdtempSync(join(tmpdir(), "hoheit-binaries-test-"));
  vi.stubEnv("HOHEIT_CACHE", join(folder, "cache"));
  vi.stubEnv("HOHEIT_BIN_DIR", "");
  vi.stubEnv("KUBEBUILDER_ASSETS", "");
  mkdirSync(join(folder, "path"));
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** A program that prints what it is told. */
function program(path: string, script: string): void {
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

/** A PATH on which `go` is this script, or nothing. */
function goIs(script: string | undefined): void {
  symlinkSync("/bin/sh", join(folder, "path", "sh"));
  if (script !== undefined) program(join(folder, "path", "go"), script);
  vi.stubEnv("PATH", `${join(folder, "path")}`);
}

const goIsNow = (script: string): void => program(join(folder, "path", "go"), script);

/** `go env` answers, `go build` does what is given. `$out` is the file to write. */
const goThatBuilds = (build: string): string => `
case "$1" in
  env) echo '{"GOVERSION":"go1.26.8","GOMODCACHE":"${folder}","GOCACHE":"${folder}"}' ;;
  build) while [ "$1" != -o ]; do shift; done; out=$2; ${build} ;;
esac`;

describe("what is there already", () => {
  test("a program of the same minor version in HOHEIT_BIN_DIR is taken", async () => {
    goIs(undefined);
    vi.stubEnv("HOHEIT_BIN_DIR", folder);
    program(join(folder, "etcd"), "echo 'etcd Version: 3.7.9'");
    expect(await ensureBinaries(["etcd"], progress)).toEqual({ etcd: join(folder, "etcd") });
  });

  test("a program that says its version on stderr is taken", async () => {
    goIs(undefined);
    vi.stubEnv("HOHEIT_BIN_DIR", folder);
    program(join(folder, "kube-router"), "echo 'Running kube-router version v2.10.0, built on , go1.26.8' >&2");
    expect(await ensureBinaries(["kube-router"], progress)).toEqual({ "kube-router": join(folder, "kube-router") });
  });

  test("a program of another version is passed over, and that is said", async () => {
    goIs(goThatBuilds(`echo new > "$out"`));
    vi.stubEnv("KUBEBUILDER_ASSETS", folder);
    program(join(folder, "kube-apiserver"), "echo 'Kubernetes v1.30.1'");
    const found = await ensureBinaries(["kube-apiserver"], progress);
    expect(found["kube-apiserver"]).toContain(join(folder, "cache", "bin", "kube-apiserver-v1.37.1-"));
    expect(said[0]).toBe(`Not using ${join(folder, "kube-apiserver")}: it is version 1.30, needed is 1.37`);
  });
});

describe("building", () => {
  test("builds once and finds it the next time", async () => {
    goIs(goThatBuilds(`echo built >> "${folder}/builds"; echo program > "$out"`));
    const first = await ensureBinaries(["etcd"], progress);
    const second = await ensureBinaries(["etcd"], progress);
    expect(second).toEqual(first);
    expect(readFileSync(join(folder, "builds"), "utf8")).toBe("built\n");
  });

  test("two that ask at the same time build once", async () => {
    goIs(goThatBuilds(`echo built >> "${folder}/builds"; echo program > "$out"`));
    const [one, other] = await Promise.all([ensureBinaries(["etcd"], progress), ensureBinaries(["etcd"], progress)]);
    expect(one).toEqual(other);
    expect(readFileSync(join(folder, "builds"), "utf8")).toBe("built\n");
  });

  test("leaves nothing behind but the finished program when a build fails", async () => {
    goIs(goThatBuilds(`echo half > "$out"; echo 'syntax error' >&2; exit 2`));
    await expect(ensureBinaries(["etcd"], progress)).rejects.toThrow(/^Building etcd failed with status 2; the whole output is in .*\.log, it ends with: syntax error$/);
    goIsNow(goThatBuilds(`echo whole > "$out"`));
    const { etcd } = await ensureBinaries(["etcd"], progress);
    expect(readFileSync(etcd, "utf8")).toBe("whole\n");
  });
});

describe("what a node needs", () => {
  test("is built at the version that its go.mod requires", async () => {
    goIs(goThatBuilds(`echo program > "$out"`));
    const found = await ensureBinaries(["kubelet", "kube-proxy", "kube-router", "coredns", "helm"], progress);
    expect(Object.values(found).map((path) => /bin\/(.*)-[0-9a-f]{12}\//.exec(path)?.[1])).toEqual(
      ["kubelet-v1.37.1", "kube-proxy-v1.37.1", "kube-router-v2.10.0", "coredns-v1.15.0", "helm-v4.2.4"],
    );
  });
});

describe("one clear sentence", () => {
  test("when Go is missing", async () => {
    goIs(undefined);
    await expect(ensureBinaries(["etcd"], progress)).rejects.toThrow(/^Go is missing, and it is needed to build etcd: install Go 1.26 or newer from .*\.$/);
  });

  test("when Go is too old and says so itself", async () => {
    goIs(`echo 'go: go.mod requires go >= 1.26.0 (running go 1.22.1; GOTOOLCHAIN=local)' >&2; exit 1`);
    await expect(ensureBinaries(["etcd"], progress)).rejects.toThrow("Go 1.22.1 is too old: install Go 1.26 or newer");
  });

  test("when the disk fills up", async () => {
    goIs(goThatBuilds(`echo 'write /tmp/x: no space left on device' >&2; exit 1`));
    await expect(ensureBinaries(["etcd"], progress)).rejects.toThrow("The disk filled up while etcd was built");
  });

  test("when the module proxy cannot be reached", async () => {
    goIs(goThatBuilds(`echo 'go: k8s.io/api@v1: Get "https://p/": dial tcp: lookup p: no such host' >&2; exit 1`));
    await expect(ensureBinaries(["etcd"], progress)).rejects.toThrow("The Go module proxy cannot be reached, which is needed once to build etcd");
  });

  test("when the cache folder is not a folder that can be written", async () => {
    goIs(goThatBuilds("exit 0"));
    writeFileSync(join(folder, "file"), "");
    vi.stubEnv("HOHEIT_CACHE", join(folder, "file"));
    await expect(ensureBinaries(["etcd"], progress)).rejects.toThrow("cannot be written: point HOHEIT_CACHE at a folder that is yours");
  });
});

describe("the lock", () => {
  test("of a process that is gone is broken", async () => {
    const lock = join(folder, "lock");
    writeFileSync(lock, "4194304999");
    expect(await withLock(lock, () => undefined, async () => readFileSync(lock, "utf8"))).toBe(String(process.pid));
    expect(existsSync(lock)).toBe(false);
  });

  test("that has stood still for minutes is broken, whoever has its number now", async () => {
    const lock = join(folder, "lock");
    writeFileSync(lock, String(process.ppid));
    const longAgo = new Date(Date.now() - 600_000);
    utimesSync(lock, longAgo, longAgo);
    expect(await withLock(lock, () => undefined, async () => "got it")).toBe("got it");
  });

  test("is released when the work fails", async () => {
    const lock = join(folder, "lock");
    await expect(withLock(lock, () => undefined, async () => { throw new Error("broken"); })).rejects.toThrow("broken");
    expect(existsSync(lock)).toBe(false);
  });
});
