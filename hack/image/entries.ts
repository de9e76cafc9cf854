/** What is in a layer: files of this machine by path, so that gigabytes stream; small contents; folders; symbolic links. */
import { lstatSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";

/** Paths are absolute in the image. Everything belongs to root; modes are 0755 for folders and 0644 for files unless said. */
export type ImageEntry =
  | { readonly path: string; readonly file: string; readonly mode?: number }
  | { readonly path: string; readonly content: string | Uint8Array; readonly mode?: number }
  | { readonly path: string; readonly link: string }
  | { readonly path: string; readonly folder: true; readonly mode?: number };

/**
 * A folder of this machine with everything below it, as `path` of the image. Symbolic links stay links; a file keeps
 * whether it can be executed, and nothing else of its mode. `skip` gets a path relative to the folder.
 */
export function entriesOf(folder: string, path: string, skip: (relative: string) => boolean = () => false): ImageEntry[] {
  const walk = (below: string): ImageEntry[] =>
    readdirSync(join(folder, below)).toSorted().flatMap((name): ImageEntry[] => {
      const relative = below === "" ? name : `${below}/${name}`;
      if (skip(relative)) return [];
      const [source, target] = [join(folder, relative), `${path}/${relative}`];
      const stat = lstatSync(source);
      if (stat.isSymbolicLink()) return [{ path: target, link: readlinkSync(source) }];
      if (stat.isDirectory()) return [{ path: target, folder: true }, ...walk(relative)];
      if (stat.isFile()) return [{ path: target, file: source, mode: executableMode(stat.mode) }];
      return []; // sockets and devices have no place in an image
    });
  return walk("");
}

const executableMode = (mode: number): number => (mode & 0o111) === 0 ? 0o644 : 0o755;

/**
 * The order in which a layer is written: by path, each folder before what is in it, folders that nobody named added.
 * Throws if one path is given twice with different contents, or is not absolute and plain.
 */
export function layerOrder(entries: readonly ImageEntry[]): ImageEntry[] {
  const byPath = new Map<string, ImageEntry>();
  for (const entry of entries) {
    if (!/^(\/[^/\0]+)+$/.test(entry.path) || /\/\.{1,2}(\/|$)/.test(entry.path)) throw new Error(`${JSON.stringify(entry.path)} is not an absolute, plain path of an image`);
    const other = byPath.get(entry.path);
    if (other !== undefined && !(isFolder(other) && isFolder(entry))) throw new Error(`${entry.path} is in the layer twice`);
    byPath.set(entry.path, entry);
  }
  for (const path of [...byPath.keys()].flatMap(parentsOf)) addFolder(byPath, path);
  // By code unit, not by locale; a folder is a prefix of what is in it and so comes first.
  return [...byPath.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function addFolder(byPath: Map<string, ImageEntry>, path: string): void {
  const present = byPath.get(path) ?? { path, folder: true };
  if (!isFolder(present)) throw new Error(`${path} is a ${"link" in present ? "link" : "file"} of the layer and has entries below it`);
  byPath.set(path, present);
}

const isFolder = (entry: ImageEntry): boolean => "folder" in entry;

function parentsOf(path: string): string[] {
  const parts = path.split("/").slice(1, -1);
  return parts.map((_part, index) => `/${parts.slice(0, index + 1).join("/")}`);
}

/** Bytes of content. Links of this machine are followed: the image gets the file. */
export function sizeOf(entry: ImageEntry): number {
  if ("file" in entry) return statSync(entry.file).size;
  return "content" in entry ? Buffer.byteLength(entry.content) : 0;
}
