/**
 * A proxy between a client and the API server that does what networks and servers do on bad days. HTTP/2 over TLS with
 * its own certificate, in this process.
 *
 *     await using proxy = await FaultProxy.start({ url: plane.url, ca: plane.ca });
 *     const client = ... proxy.url, proxy.ca ...
 *     proxy.when(match.write, fault.loseAnswer(), { skip: 2, times: 1 });   // the third write is carried out, its answer lost
 *     proxy.requests                                                        // everything that arrived, with bodies
 *
 * In front sits a plain TCP relay, so that connections can be counted, cut by RST and left half-open (`blackhole`).
 * Tokens pass through; client certificates do not.
 */
import * as http2 from "node:http2";
import * as net from "node:net";
import { makeCertificate, type Certificate } from "./certificates.ts";
import { forward, Upstream } from "./fault-forward.ts";
import type { Fault, Match, Seen } from "./faults.ts";

export { fault, match, type Fault, type Match, type Seen } from "./faults.ts";

export interface FaultProxyOptions {
  /** The API server. */
  readonly url: string;
  /** PEM of its authority. */
  readonly ca: string;
  /** Streams per connection that the proxy offers; default 250. */
  readonly maxConcurrentStreams?: number;
  /** Default any free one. */
  readonly port?: number;
  /** Default a new one. */
  readonly certificate?: Certificate;
}

export interface RuleOptions {
  /** How many matching requests pass before the fault begins; default 0. */
  readonly skip?: number;
  /** How many are hit; default all. */
  readonly times?: number;
}

export interface Rule {
  /** How many requests it has hit. */
  readonly hits: number;
  remove(): void;
}

export class FaultProxy implements AsyncDisposable {
  /** In order of arrival. */
  readonly requests: Seen[] = [];
  /** Connections accepted so far. */
  connections = 0;
  #certificate: Certificate;
  readonly #front: net.Server;
  readonly #server: http2.Http2SecureServer;
  readonly #upstream: Upstream;
  readonly #links = new Map<net.Socket, net.Socket>();
  readonly #watches = new Set<http2.ServerHttp2Stream>();
  readonly #sessions = new Set<http2.ServerHttp2Session>();
  #rules: { match: Match; fault: Fault; skip: number; times: number; matched: number; hits: number }[] = [];
  #blackhole = false;
  #port = 0;

  private constructor(options: FaultProxyOptions) {
    this.#certificate = options.certificate ?? makeCertificate("fault proxy");
    this.#upstream = new Upstream(options.url, options.ca);
    this.#server = http2.createSecureServer({ ...this.#certificate, settings: { maxConcurrentStreams: options.maxConcurrentStreams ?? 250 } });
    this.#server.on("session", (session) => {
      this.#sessions.add(session);
      session.on("error", () => {});
      session.on("close", () => this.#sessions.delete(session));
    });
    this.#server.on("stream", (stream, headers) => {
      // A client that goes away within its own request is not this proxy's concern.
      this.#serve(stream, headers).catch(() => stream.destroy());
    });
    this.#front = net.createServer((client) => this.#link(client));
  }

  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    await listen(proxy.#server, 0);
    await listen(proxy.#front, options.port ?? 0);
    proxy.#port = portOf(proxy.#front);
    return proxy;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  /** PEM of the certificate that new connections see. */
  get ca(): string {
    return this.#certificate.cert;
  }

  /** With its key: for a second proxy that takes over the place of this one. */
  get certificate(): Certificate {
    return this.#certificate;
  }

  /** Connections open now. */
  get open(): number {
    return this.#links.size;
  }

  /** Watches open now. */
  get openWatches(): number {
    return this.#watches.size;
  }

  /** Does `fault` to requests that match; the first rule that is not used up decides. */
  when(match: Match, fault: Fault, options: RuleOptions = {}): Rule {
    const rule = { match, fault, skip: options.skip ?? 0, times: options.times ?? Infinity, matched: 0, hits: 0 };
    this.#rules.push(rule);
    return {
      get hits() {
        return rule.hits;
      },
      remove: () => void (this.#rules = this.#rules.filter((other) => other !== rule)),
    };
  }

  /** Calls `kill` when the nth write from now arrives, and does not carry it out. */
  killBeforeForward(n: number, kill: (request: Seen) => void): Rule {
    return this.when((request) => request.isWrite, { kind: "instead", act: kill }, { skip: n - 1, times: 1 });
  }

  /** Carries out the nth write from now, then calls `kill`; the answer is lost. */
  killAfterForward(n: number, kill: (request: Seen) => void): Rule {
    return this.when((request) => request.isWrite, { kind: "loseAnswer", meanwhile: kill }, { skip: n - 1, times: 1 });
  }

  /** Removes all rules and ends a blackhole; what was swallowed stays swallowed. */
  heal(): void {
    this.#rules = [];
    this.#blackhole = false;
  }

  /** Every connection stays open and nothing passes in either direction any more; new ones are accepted and ignored. */
  blackhole(): void {
    this.#blackhole = true;
    for (const [client, inner] of this.#links) {
      client.unpipe(inner);
      inner.unpipe(client);
      client.resume();
      inner.resume();
    }
  }

  /** Resets every open connection by TCP RST. */
  dropConnections(): void {
    for (const client of [...this.#links.keys()]) client.resetAndDestroy();
  }

  /** Tells every client to use another connection; what runs goes on (a load balancer that drains). */
  goAway(): void {
    for (const session of this.#sessions) session.goaway(http2.constants.NGHTTP2_NO_ERROR);
  }

  /** GOAWAY with an error, which disowns every stream of a connection but the first: they were not processed. */
  disown(): void {
    for (const session of this.#sessions) session.goaway(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM, 1);
  }

  /** Ends every open watch cleanly. */
  endWatches(): void {
    for (const stream of [...this.#watches]) stream.end();
  }

  /** New connections see a new certificate, signed by a new authority (`ca`). Open ones go on. */
  rotateCertificate(): void {
    this.#certificate = makeCertificate("fault proxy, rotated");
    this.#server.setSecureContext(this.#certificate);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dropConnections();
    this.#upstream.close();
    for (const session of this.#sessions) session.destroy();
    await Promise.all([this.#front, this.#server].map((server) => new Promise((resolve) => server.close(resolve))));
  }

  #link(client: net.Socket): void {
    this.connections += 1;
    const inner = net.connect(portOf(this.#server), "127.0.0.1");
    this.#links.set(client, inner);
    client.on("error", () => {});
    inner.on("error", () => {});
    client.on("close", () => {
      this.#links.delete(client);
      inner.destroy();
    });
    inner.on("close", () => {
      if (!this.#blackhole) client.destroy();
    });
    if (this.#blackhole) return void client.resume();
    client.pipe(inner);
    inner.pipe(client);
  }

  async #serve(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): Promise<void> {
    stream.on("error", () => {});
    const seen = await this.#record(stream, headers);
    if (seen.isWatch) {
      this.#watches.add(stream);
      stream.on("close", () => this.#watches.delete(stream));
    }
    await forward({ stream, headers, seen, upstream: this.#upstream, fault: this.#faultFor(seen), drop: () => this.#drop(stream) });
  }

  async #record(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): Promise<Seen> {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const { pathname, searchParams } = new URL(headers[":path"] ?? "/", "https://proxy");
    const method = headers[":method"] ?? "GET";
    const seen: Seen = {
      n: this.requests.length + 1, method, path: pathname, query: searchParams, body: Buffer.concat(chunks).toString("utf8"),
      isWatch: searchParams.get("watch") === "true", isWrite: method !== "GET", forwarded: false,
    };
    this.requests.push(seen);
    return seen;
  }

  #faultFor(seen: Seen): Fault | undefined {
    const matching = this.#rules.filter((rule) => rule.match(seen));
    // Every rule counts every request that it matches, so that "the third write" is the third for each of them.
    for (const rule of matching) rule.matched += 1;
    const due = matching.find((rule) => rule.matched > rule.skip && rule.hits < rule.times);
    if (due !== undefined) due.hits += 1;
    return due?.fault;
  }

  #drop(stream: http2.ServerHttp2Stream): void {
    const port = stream.session?.socket.remotePort;
    for (const [client, inner] of this.#links) if (inner.localPort === port) client.resetAndDestroy();
  }
}

function listen(server: net.Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
}

function portOf(server: net.Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy is not listening");
  return address.port;
}
