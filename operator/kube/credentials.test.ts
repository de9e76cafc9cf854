import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { cachedSource, credentials, loadCredentials } from "./credentials.ts";

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "hoheit-credentials-"));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

async function kubeconfig(cluster: object, user: object = { token: "t" }): Promise<string> {
  const path = join(await folder(), "config");
  const config = { clusters: [{ name: "c", cluster }], users: [{ name: "u", user }], contexts: [{ name: "x", context: { cluster: "c", user: "u" } }], "current-context": "x" };
  await writeFile(path, JSON.stringify(config));
  return path;
}

test("a kubeconfig gives address, path prefix, TLS material and token", async () => {
  const source = await loadCredentials({ kubeconfig: await kubeconfig({ server: "https://api.example:6443/clusters/a/", "certificate-authority-data": Buffer.from("CA").toString("base64"), "tls-server-name": "api" }) });
  const { origin, prefix, tls, headers } = await source.current();
  expect({ origin, prefix, headers }).toEqual({ origin: "https://api.example:6443", prefix: "/clusters/a", headers: { authorization: "Bearer t" } });
  expect(tls).toMatchObject({ rejectUnauthorized: true, servername: "api" });
  expect(String(tls.ca)).toBe("CA");
});

test.each([
  ["a proxy", { server: "https://a", "proxy-url": "http://p" }, "proxy-url is not supported"],
  ["plain HTTP", { server: "http://a" }, "must start with https://"],
])("%s is refused with a sentence that says what to do", async (_name, cluster, sentence) => {
  await expect(loadCredentials({ kubeconfig: await kubeconfig(cluster) })).rejects.toThrow(sentence);
});

test("an unknown context is refused by its name", async () => {
  await expect(loadCredentials({ kubeconfig: await kubeconfig({ server: "https://a" }), context: "prod" })).rejects.toThrow('context "prod"');
});

test("the token and the authority of a service account are read again, and only a new authority needs a new connection", async () => {
  const path = await folder();
  await writeFile(join(path, "ca.crt"), "CA1");
  await writeFile(join(path, "token"), "one\n");
  const source = await loadCredentials({ inCluster: { host: "fd00::1", port: "443", folder: path }, maxAgeMs: 0 });
  const first = await source.current();
  expect(first).toMatchObject({ origin: "https://[fd00::1]", headers: { authorization: "Bearer one" } });
  await writeFile(join(path, "token"), "two");
  const second = await source.current();
  expect(second.headers["authorization"]).toBe("Bearer two");
  expect(second.fingerprint).toBe(first.fingerprint);
  await writeFile(join(path, "ca.crt"), "CA2");
  expect((await source.current()).fingerprint).not.toBe(first.fingerprint);
});

test("a reread that fails keeps what was valid, and concurrent readers share one read", async () => {
  let reads = 0;
  let fails = false;
  const source = cachedSource(async () => {
    reads += 1;
    if (fails) throw new Error("file is half written");
    return credentials("https://a", { rejectUnauthorized: true }, {});
  }, 0);
  const [first] = await Promise.all([source.current(), source.current()]);
  expect(reads).toBe(1);
  fails = true;
  expect(await source.reload()).toBe(first);
});
