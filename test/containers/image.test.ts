/** The product image as a container engine runs it: read-only, without root, capabilities or network, by its own entrypoint. */
import { execFileSync } from "node:child_process";
import { chmodSync, createReadStream, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { GenericContainer, getContainerRuntimeClient, PullPolicy, StartupCheckStrategy, type StartupStatus } from "testcontainers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { IMAGE_NAME } from "../../hack/image/product.ts";
import { ROOT } from "../../hack/run.ts";
import { VERSION } from "../../operator/lib/version.ts";
import { eventually } from "../support/control-plane.ts";

const folder = mkdtempSync(join(tmpdir(), "hoheit-containers-"));
chmodSync(folder, 0o755); // others in the container read it
const { container: { dockerode } } = await getContainerRuntimeClient();

beforeAll(async () => {
  const answer = await dockerode.loadImage(createReadStream(process.env["HOHEIT_IMAGE_ARCHIVE"] ?? ""));
  expect(await text(answer)).toContain(`Loaded image: ${IMAGE_NAME}`);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Waits for what ends by itself, however it ends. */
class Ended extends StartupCheckStrategy {
  async checkStartupState(docker: typeof dockerode, id: string): Promise<StartupStatus> {
    return (await docker.getContainer(id).inspect()).State.Status === "exited" ? "SUCCESS" : "PENDING";
  }
}

/** As Kubernetes runs it in a namespace with Pod Security restricted. */
class Restricted extends GenericContainer {
  constructor(command: readonly string[]) {
    super(IMAGE_NAME);
    this.hostConfig.ReadonlyRootfs = true;
    this.withPullPolicy(PullPolicy.neverPull()).withNetworkMode("none").withDroppedCapabilities("ALL").withSecurityOpt("no-new-privileges")
      .withCommand([...command]).withStartupTimeout(30_000)
      .withBindMounts([{ source: join(ROOT, "samples"), target: "/samples", mode: "ro" }, { source: folder, target: "/given", mode: "ro" }]);
  }
}

/** What it has printed so far, framed as the engine sends it. */
const logOf = async (container: ReturnType<typeof dockerode.getContainer>): Promise<string> => (await container.logs({ stdout: true, stderr: true })).toString("utf8");

interface Result {
  readonly code: number;
  readonly output: string;
  readonly user: string;
}

async function hoheit(...command: string[]): Promise<Result> {
  const started = await new Restricted(command).withWaitStrategy(new Ended()).start();
  const { State, Config } = await dockerode.getContainer(started.getId()).inspect();
  const output = await text(await started.logs());
  await started.stop();
  return { code: State.ExitCode, output, user: Config.User };
}

test("hoheit --help names the commands", async () => {
  const { code, output, user } = await hoheit("--help");
  for (const command of ["operator", "render", "gate", "probe"]) expect(output).toMatch(new RegExp(`^  ${command} `, "m"));
  expect([code, user]).toEqual([0, "65532:65532"]);
});

test("hoheit --version is that of the release", async () => {
  expect(await hoheit("--version")).toMatchObject({ code: 0, output: `${VERSION}\n` });
});

describe("refuses in a sentence:", () => {
  test.each<[string, string[], number, RegExp]>([
    ["a command that there is not", ["serve"], 2, /unknown command 'serve'/],
    ["an operator that does not know its image", ["operator"], 2, /--image \(HOHEIT_IMAGE\)/],
    ["an operator without a cluster", ["operator", "--image", "a"], 2, /cannot find the API server/],
    ["render without a file", ["render"], 2, /required option '-f, --file/],
    ["render of a file that is not there", ["render", "-f", "/nowhere.yaml"], 1, /\/nowhere\.yaml: ENOENT/],
    ["a gate that is not told where the tripwire is", ["gate"], 2, /required option '--tripwire/],
    ["a gate with a name for an address", ["gate", "--tripwire", "tripwire.example"], 2, /"tripwire.example" is no address/],
    ["a probe without a plan", ["probe"], 2, /required option '--plan/],
    ["a probe with a plan that is none", ["probe", "--plan", "{"], 2, /--plan: is not JSON/],
  ])("%s", async (_what, command, code, why) => {
    const result = await hoheit(...command);
    expect(result.output).toMatch(why);
    expect(result.output).not.toMatch(/^ +at /m);
    expect(result.code).toBe(code);
  });
});

test("a gate in a pod without a network does not call it sealed", async () => {
  const { code, output } = await hoheit("gate", "--tripwire", "192.0.2.1", "--timeout-seconds", "1");
  expect(JSON.parse(output)).toMatchObject({ hoheit: "gate", result: "Offline" });
  expect(code).toBe(1);
});

test("renders what the sources render", async () => {
  const files = readdirSync(join(ROOT, "samples", "text-assistant")).filter((name) => name.endsWith(".yaml"));
  const render = (prefix: string): string[] => ["render", "--image", "a/b:c", ...files.flatMap((file) => ["-f", `${prefix}/text-assistant/${file}`])];
  const { code, output } = await hoheit(...render("/samples"));
  const here = execFileSync(process.execPath, [join(ROOT, "operator", "main.ts"), ...render(join(ROOT, "samples"))], { encoding: "utf8" });
  expect(code).toBe(0);
  expect(output).toBe(here.replaceAll(`${ROOT}/`, "/"));
});

test("has no shell", async () => {
  await expect(new Restricted(["-c", "true"]).withEntrypoint(["/bin/sh"]).withWaitStrategy(new Ended()).start()).rejects.toThrow(/no such file or directory/);
});

test("as first process of its container it hands over and ends when it is told to", async () => {
  const cluster = { name: "c", cluster: { server: "https://127.0.0.1:1" } };
  const kubeconfig = { apiVersion: "v1", kind: "Config", clusters: [cluster], users: [{ name: "u", user: { token: "t" } }], contexts: [{ name: "x", context: { cluster: "c", user: "u" } }], "current-context": "x" };
  writeFileSync(join(folder, "kubeconfig"), JSON.stringify(kubeconfig), { mode: 0o644 });
  const started = await new Restricted(["operator", "--image", "a", "--kubeconfig", "/given/kubeconfig"]).start();
  const container = dockerode.getContainer(started.getId());
  const log = (): Promise<string> => logOf(container);
  await eventually(async () => expect(await log()).toContain(`"msg":"started"`));
  await container.stop({ t: 20 }); // SIGTERM; SIGKILL, which shows as 137, after 20 s
  expect((await container.inspect()).State.ExitCode).toBe(0);
  expect(await log()).toContain(`"msg":"stopped"`);
  await started.stop();
});
