/**
 * A real Kubernetes control plane on loopback, without root: etcd and kube-apiserver, and on request the controller
 * manager, the scheduler and simulated nodes. Everything lives in one temporary folder and ends with this process,
 * whatever ends it (supervise.ts). Tests may kill and restart each program.
 */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBinaries, kwokStages, type Binaries, type BinaryName, type Progress } from "./binaries.ts";
import { ManagedComponent, StartError, type Component } from "./component.ts";
import { call, mustCall } from "./http.ts";
import { kubeconfig } from "./kubeconfig.ts";
import { createNodes } from "./nodes.ts";
import { freePorts } from "./ports.ts";
import { Sorry } from "./sorry.ts";
import { temporaryFolder } from "./supervise.ts";

/** Someone whom the API server knows by a bearer token. */
export interface Identity {
  /** How callers ask for it: `plane.tokens[name]`. */
  readonly name: string;
  readonly user: string;
  readonly groups?: readonly string[];
}

/**
 * The parts of the cluster are who they are everywhere: admission policies and RBAC tell them by it. kwok runs where its own
 * manifests put it, and controllers have an account each, as kubeadm sets it.
 */
const COMPONENTS: readonly Identity[] = [
  { name: "kube-controller-manager", user: "system:kube-controller-manager" },
  { name: "kube-scheduler", user: "system:kube-scheduler" },
  { name: "kwok", user: "system:serviceaccount:kube-system:kwok-controller", groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system"] },
];

export interface ControlPlaneOptions {
  /** Besides `admin` (system:masters), which is always there. */
  readonly identities?: readonly Identity[];
  /** Deployments, owner references, claims, namespaces. Default false. */
  readonly controllerManager?: boolean;
  readonly scheduler?: boolean;
  /** The three simulated GPU nodes and the volumes for weights (nodes.ts), with pods that become Ready. */
  readonly nodes?: boolean;
  /** Metadata of every request that a listed user made, or of all requests; on disk before the client gets the answer. */
  readonly audit?: { readonly users?: readonly string[] };
  readonly progress?: Progress;
  /** IP address on which the API server serves, also for pods. Default 127.0.0.1, which no pod can reach. */
  readonly address?: string;
  /** More flags for the API server. */
  readonly apiServerArgs?: readonly string[];
  /** More flags for the controller manager. */
  readonly controllerManagerArgs?: readonly string[];
}

export interface ControlPlane {
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  /** By identity name; `admin` is always there. */
  readonly tokens: Readonly<Record<string, string>>;
  /** Temporary; holds logs, kubeconfigs and data. */
  readonly folder: string;
  readonly etcd: Component;
  readonly apiServer: Component;
  readonly controllerManager: Component | undefined;
  readonly scheduler: Component | undefined;
  readonly kwok: Component | undefined;
  /** JSON lines; undefined unless `audit` was asked for. */
  readonly auditLogFile: string | undefined;
  /** Path of a kubeconfig for an identity (default admin). */
  kubeconfig(identity?: string): string;
  /** Compacts etcd up to now: a watch from an older version gets 410 after the API server's cache has let go of it. */
  compact(): Promise<void>;
  /** Ends every process and removes the folder. */
  stop(): Promise<void>;
}

const KWOK_RIGHTS = {
  apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRoleBinding", metadata: { name: "kwok" },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" }, subjects: [{ kind: "ServiceAccount", namespace: "kube-system", name: "kwok-controller" }],
};

const SILENT: Progress = { step: () => undefined, tick: () => undefined };
const LOOPBACK = "127.0.0.1";
const PORT_ATTEMPTS = 5;
const MIB = 1024 ** 2;
const TEMPORARY_SPACE = 512 * MIB;

/** Starts a control plane and waits until it serves. Throws `Sorry` for what a person can put right. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const binaries = await ensureBinaries(neededBinaries(options), options.progress ?? SILENT);
  checkTemporarySpace();
  for (let attempt = 1; ; attempt++) {
    const plane = await prepare(options, binaries);
    try {
      await plane.start();
      return plane;
    } catch (error) {
      await plane.stop();
      if (!(error instanceof StartError && error.portInUse && attempt < PORT_ATTEMPTS)) throw error;
    }
  }
}

/** etcd reserves its log in advance and fails in words that nobody understands. */
function checkTemporarySpace(): void {
  const { bavail, bsize } = statfsSync(tmpdir());
  const free = bavail * bsize;
  if (free < TEMPORARY_SPACE) throw new Sorry(`The disk is too full to start a control plane: ${tmpdir()} has ${Math.round(free / MIB)} MiB free and ${TEMPORARY_SPACE / MIB} are needed; make room or point TMPDIR at a larger disk.`);
}

function neededBinaries(options: ControlPlaneOptions): BinaryName[] {
  return [
    "etcd", "kube-apiserver",
    ...(options.controllerManager ? ["kube-controller-manager" as const] : []),
    ...(options.scheduler ? ["kube-scheduler" as const] : []),
    ...(options.nodes ? ["kwok" as const] : []),
  ];
}

async function prepare(options: ControlPlaneOptions, binaries: Binaries): Promise<Plane> {
  const [etcd = 0, peer = 0, api = 0] = await freePorts(3);
  return new Plane(options, binaries, { etcd, peer, api });
}

interface Ports { readonly etcd: number; readonly peer: number; readonly api: number }

class Plane implements ControlPlane {
  readonly url: string;
  readonly tokens: Record<string, string> = {};
  readonly folder: string;
  readonly etcd: ManagedComponent;
  readonly apiServer: ManagedComponent;
  readonly controllerManager: ManagedComponent | undefined;
  readonly scheduler: ManagedComponent | undefined;
  readonly kwok: ManagedComponent | undefined;
  readonly auditLogFile: string | undefined;
  ca = "";
  readonly #removeFolder: () => Promise<void>;
  readonly #etcdUrl: string;

  constructor(options: ControlPlaneOptions, binaries: Binaries, ports: Ports) {
    const temporary = temporaryFolder("hoheit-");
    this.folder = temporary.path;
    this.#removeFolder = () => temporary.remove();
    this.url = `https://${options.address ?? LOOPBACK}:${ports.api}`;
    this.#etcdUrl = `http://127.0.0.1:${ports.etcd}`;
    this.auditLogFile = options.audit && join(this.folder, "audit.log");
    this.#writeIdentities(options.identities ?? []);
    this.etcd = this.#etcd(binaries.etcd, ports);
    this.apiServer = this.#apiServer(binaries["kube-apiserver"], ports, options);
    this.controllerManager = options.controllerManager ? this.#controllerManager(binaries["kube-controller-manager"], options) : undefined;
    this.scheduler = options.scheduler ? this.#scheduler(binaries["kube-scheduler"]) : undefined;
    this.kwok = options.nodes ? this.#kwok(binaries.kwok) : undefined;
  }

  async start(): Promise<void> {
    await this.etcd.start();
    await this.apiServer.start();
    this.ca = readFileSync(join(this.folder, "apiserver.crt"), "utf8");
    for (const name of Object.keys(this.tokens)) this.#writeKubeconfig(name);
    if (this.kwok) await this.#create("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", KWOK_RIGHTS);
    await Promise.all([this.controllerManager?.start(), this.scheduler?.start(), this.kwok?.start()]);
    if (this.kwok) await createNodes((path, object) => this.#create(path, object));
  }

  kubeconfig(identity = "admin"): string {
    if (this.tokens[identity] === undefined) throw new Error(`no identity ${identity} was asked for`);
    return join(this.folder, `${identity}.kubeconfig`);
  }

  async compact(): Promise<void> {
    const now = await mustCall({ method: "POST", url: `${this.#etcdUrl}/v3/kv/range`, body: { key: "AA==" } });
    const { header } = now as { header: { revision: string } };
    await mustCall({ method: "POST", url: `${this.#etcdUrl}/v3/kv/compaction`, body: { revision: header.revision, physical: true } });
  }

  async stop(): Promise<void> {
    for (const component of [this.kwok, this.scheduler, this.controllerManager, this.apiServer, this.etcd]) await component?.stop();
    await this.#removeFolder();
  }

  async #create(path: string, object: object): Promise<void> {
    await mustCall({ method: "POST", url: this.url + path, body: object, ca: this.ca, token: this.tokens.admin ?? "" });
  }

  #write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  #writeIdentities(extra: readonly Identity[]): void {
    const all: Identity[] = [{ name: "admin", user: "admin", groups: ["system:masters"] }, ...COMPONENTS, ...extra];
    for (const { name } of all) this.tokens[name] = randomBytes(24).toString("base64url");
    this.#write("tokens.csv", all.map(({ name, user, groups = [] }) => `${this.tokens[name] ?? ""},${user},${user},"${groups.join(",")}"\n`).join(""));
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    this.#write("service-account.key", String(privateKey.export({ type: "pkcs8", format: "pem" })));
  }

  #writeKubeconfig(name: string): void {
    this.#write(`${name}.kubeconfig`, kubeconfig({ server: this.url, ca: this.ca, token: this.tokens[name] ?? "" }));
  }

  #component(name: string, command: string, args: readonly string[], ready?: () => Promise<boolean>): ManagedComponent {
    return new ManagedComponent({ name, command, args, folder: this.folder, ...(ready && { ready }) });
  }

  #etcd(command: string, ports: Ports): ManagedComponent {
    const peer = `http://127.0.0.1:${ports.peer}`;
    return this.#component("etcd", command, [
      `--data-dir=${join(this.folder, "etcd")}`, `--listen-client-urls=${this.#etcdUrl}`, `--advertise-client-urls=${this.#etcdUrl}`,
      `--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`, `--initial-cluster=default=${peer}`,
      "--unsafe-no-fsync", "--quota-backend-bytes=4294967296", "--log-level=warn",
    ], () => answers({ url: `${this.#etcdUrl}/health` }));
  }

  #apiServer(command: string, ports: Ports, options: ControlPlaneOptions): ManagedComponent {
    const key = join(this.folder, "service-account.key");
    return this.#component("kube-apiserver", command, [
      `--etcd-servers=${this.#etcdUrl}`, `--secure-port=${ports.api}`, `--bind-address=${options.address ?? LOOPBACK}`, `--cert-dir=${this.folder}`,
      "--service-cluster-ip-range=10.96.0.0/16,fd00:96::/108", "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-signing-key-file=${key}`, `--service-account-key-file=${key}`, `--token-auth-file=${join(this.folder, "tokens.csv")}`,
      "--authorization-mode=Node,RBAC", "--allow-privileged",
      // Else a SIGTERM waits a minute for connections that carry watches.
      "--shutdown-send-retry-after=true",
      // Service accounts appear in namespaces only with the controller manager.
      ...(options.controllerManager ? [] : ["--disable-admission-plugins=ServiceAccount"]),
      ...this.#auditArgs(options), ...(options.apiServerArgs ?? []),
    ], () => this.#apiServes());
  }

  #auditArgs({ audit }: ControlPlaneOptions): string[] {
    if (!audit) return [];
    const rule = { level: "Metadata", ...(audit.users && { users: audit.users }) };
    const policy = { apiVersion: "audit.k8s.io/v1", kind: "Policy", omitStages: ["RequestReceived"], rules: [rule, { level: "None" }] };
    return [`--audit-policy-file=${this.#write("audit-policy.json", JSON.stringify(policy))}`, `--audit-log-path=${this.auditLogFile ?? ""}`, "--audit-log-mode=blocking"];
  }

  #controllerManager(command: string, options: ControlPlaneOptions): ManagedComponent {
    return this.#component("kube-controller-manager", command, [
      `--kubeconfig=${join(this.folder, "kube-controller-manager.kubeconfig")}`, "--use-service-account-credentials", `--service-account-private-key-file=${join(this.folder, "service-account.key")}`,
      `--root-ca-file=${join(this.folder, "apiserver.crt")}`, "--leader-elect=false", "--secure-port=0",
      ...(options.controllerManagerArgs ?? []),
    ]);
  }

  #scheduler(command: string): ManagedComponent {
    return this.#component("kube-scheduler", command, [`--kubeconfig=${join(this.folder, "kube-scheduler.kubeconfig")}`, "--leader-elect=false", "--secure-port=0"]);
  }

  #kwok(command: string): ManagedComponent {
    return this.#component("kwok", command, [
      `--kubeconfig=${join(this.folder, "kwok.kubeconfig")}`, "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
      "--node-lease-duration-seconds=40", ...kwokStages(command).map((file) => `--config=${file}`),
    ]);
  }

  async #apiServes(): Promise<boolean> {
    // The certificate is the server's own; it writes it while it starts.
    const ca = tryRead(join(this.folder, "apiserver.crt"));
    return ca !== undefined && answers({ url: `${this.url}/readyz`, ca, token: this.tokens.admin ?? "" });
  }
}

async function answers(options: { url: string; ca?: string; token?: string }): Promise<boolean> {
  try {
    return (await call({ ...options, timeoutMs: 2000 })).status === 200;
  } catch {
    return false;
  }
}

function tryRead(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
