/**
 * Writes a container image as one OCI archive, without a registry and without a container engine.
 *
 *   entries ─▶ layer (tar, gzip if asked for) ─▶ blobs ─▶ config, manifest, index.json, manifest.json
 *
 * `ctr images import`, `docker load`, `podman load` and `skopeo` take the file: it is an OCI image layout (index.json) and
 * what `docker save` writes (manifest.json) at once. The same entries give the same bytes on every machine: entries are
 * sorted, owners, times and modes are fixed. Layers go straight into the archive; only one chunk is ever in memory.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { layerOrder, sizeOf, type ImageEntry } from "./entries.ts";
import { END_OF_TAR, paddingFor, tarHeader } from "./tar.ts";

export type { ImageEntry } from "./entries.ts";

export interface Image {
  /** With host and tag: `localhost/hoheit:0.1.0`. */
  readonly name: string;
  /** From the bottom up. */
  readonly layers: readonly (readonly ImageEntry[])[];
  /** As in Docker's and OCI's image config. */
  readonly config: ImageConfig;
  /** Compress the layers. Default: not. */
  readonly gzip?: boolean;
  /** Seconds since 1970: time of the image and of every file in it. Default: SOURCE_DATE_EPOCH, else 0. */
  readonly created?: number;
}

export interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  /** `NAME=value`. */
  readonly Env?: readonly string[];
  /** `uid:gid`. */
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
}

export interface Written {
  /** Of the manifest, as a registry would name it: `sha256:...`. */
  readonly digest: string;
  /** Bytes of the archive. */
  readonly size: number;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const OCI = "application/vnd.oci.image";

/** Writes `image` to the file `output`, whose folder is made; a file that is there already is replaced when all is written. */
export async function writeImage(image: Image, output: string): Promise<Written> {
  // Two runs may write the same archive at the same time; the last one to end wins, whole.
  const draft = `${output}.${process.pid}.draft`;
  await mkdir(dirname(output), { recursive: true });
  const file = await open(draft, "w+");
  try {
    const archive = new Archive(file, image.created ?? Number(process.env.SOURCE_DATE_EPOCH ?? 0));
    const digest = await writeInto(archive, image);
    await file.close();
    await rename(draft, output);
    return { digest, size: archive.position };
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(draft, { force: true });
    throw error;
  }
}

async function writeInto(archive: Archive, image: Image): Promise<string> {
  const layers: (Descriptor & { diffId: string })[] = [];
  for (const entries of image.layers) layers.push(await archive.layer(entries, image.gzip === true));
  const created = new Date(archive.mtime * 1000).toISOString();
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const rootfs = { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) };
  const config = await archive.json({ created, architecture, os: "linux", config: image.config, rootfs }, `${OCI}.config.v1+json`);
  const manifest = await archive.json({
    schemaVersion: 2, mediaType: `${OCI}.manifest.v1+json`, config,
    layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  }, `${OCI}.manifest.v1+json`);
  // containerd takes the name from the first annotation, podman and skopeo the tag from the second.
  const annotations = { "io.containerd.image.name": image.name, "org.opencontainers.image.ref.name": image.name.replace(/^.*:/, "") };
  const index = { schemaVersion: 2, mediaType: `${OCI}.index.v1+json`, manifests: [{ ...manifest, platform: { architecture, os: "linux" }, annotations }] };
  await archive.plain("index.json", JSON.stringify(index));
  await archive.plain("oci-layout", JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  await archive.plain("manifest.json", JSON.stringify([{ Config: blobPath(config.digest), RepoTags: [image.name], Layers: layers.map(({ digest }) => blobPath(digest)) }]));
  await archive.append(END_OF_TAR);
  return manifest.digest;
}

const blobPath = (digest: string): string => `blobs/${digest.replace(":", "/")}`;

/** The outer tar file. */
class Archive {
  position = 0;
  readonly #file: FileHandle;
  readonly #blobs = new Set<string>();
  readonly mtime: number;

  constructor(file: FileHandle, mtime: number) {
    this.#file = file;
    this.mtime = mtime;
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.#writeAt(bytes, this.position);
    this.position += bytes.length;
  }

  async plain(path: string, content: string): Promise<void> {
    const bytes = Buffer.from(content);
    for (const part of [this.#header(path, bytes.length), bytes, paddingFor(bytes.length)]) await this.append(part);
  }

  async json(value: object, mediaType: string): Promise<Descriptor> {
    const content = JSON.stringify(value);
    const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
    await this.plain(blobPath(digest), content);
    return { mediaType, digest, size: Buffer.byteLength(content) };
  }

  /** A blob is named by its digest, which is known when it is written: its header is filled in afterwards. */
  async layer(entries: readonly ImageEntry[], gzip: boolean): Promise<Descriptor & { diffId: string }> {
    const at = this.position;
    this.position += tarHeader({ path: "blob", type: "file", mode: 0o644, size: 0 }, this.mtime).length;
    const start = this.position;
    const [plain, packed] = [createHash("sha256"), createHash("sha256")];
    const keep = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
      for await (const chunk of chunks) {
        if (gzip) packed.update(chunk);
        await this.append(chunk);
      }
    };
    const tar = hashed(layerTar(entries, this.mtime), plain);
    await (gzip ? pipeline(tar, createGzip({ level: 6 }), keep) : keep(tar));
    const size = this.position - start;
    const diffId = `sha256:${plain.digest("hex")}`;
    const digest = gzip ? `sha256:${packed.digest("hex")}` : diffId;
    await this.#finishBlob({ at, digest, size });
    return { mediaType: `${OCI}.layer.v1.tar${gzip ? "+gzip" : ""}`, digest, size, diffId };
  }

  /** Two equal layers are one blob: the second is written over by what comes next. */
  async #finishBlob({ at, digest, size }: { at: number; digest: string; size: number }): Promise<void> {
    if (this.#blobs.has(digest)) {
      this.position = at;
      await this.#file.truncate(at);
      return;
    }
    this.#blobs.add(digest);
    await this.#writeAt(this.#header(blobPath(digest), size), at);
    await this.append(paddingFor(size));
  }

  #header(path: string, size: number): Buffer {
    return tarHeader({ path, type: "file", mode: 0o644, size }, this.mtime);
  }

  async #writeAt(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length;) done += (await this.#file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

async function* hashed(chunks: AsyncIterable<Buffer>, hash: { update(chunk: Buffer): unknown }): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

/** The bytes of a layer. Throws if a file changes its length while it is read: the archive would be torn. */
async function* layerTar(entries: readonly ImageEntry[], mtime: number): AsyncGenerator<Buffer> {
  for (const entry of layerOrder(entries)) {
    const size = sizeOf(entry);
    yield tarHeader({ path: entry.path.slice(1), size, ...kindOf(entry) }, mtime);
    let read = 0;
    for await (const chunk of contentOf(entry)) {
      read += chunk.length;
      yield chunk;
    }
    if (read !== size) throw new Error(`${entry.path} had ${size} bytes and ${read} were read: does somebody write it?`);
    yield paddingFor(size);
  }
  yield END_OF_TAR;
}

function kindOf(entry: ImageEntry): { type: "file" | "directory" | "link"; mode: number; target?: string } {
  if ("link" in entry) return { type: "link", mode: 0o777, target: entry.link };
  if ("folder" in entry) return { type: "directory", mode: entry.mode ?? 0o755 };
  return { type: "file", mode: entry.mode ?? 0o644 };
}

async function* contentOf(entry: ImageEntry): AsyncGenerator<Buffer> {
  if ("content" in entry) yield Buffer.from(entry.content);
  if ("file" in entry) yield* createReadStream(entry.file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>;
}
