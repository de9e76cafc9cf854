/**
 * What Node needs in an image that has nothing else: its binary, the shared libraries and the loader that it names, the
 * certificate authorities, one user. No shell, no package manager, no tool.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { ROOT } from "../run.ts";
import type { ImageEntry } from "./entries.ts";

/** The Node of the lockfile: the package npm `node`, whatever runs this script. */
const NODE = join(ROOT, "node_modules", "node", "bin", "node");

export const NODE_IN_IMAGE = "/usr/local/bin/node";

/** Neither root nor anybody that a node knows; the number that images without a shell use by custom. */
export const USER_ID = 65532;

/** A shared library of the machine that builds the image. */
export interface Library {
  /** Where the loader looks for it: here and in the image. */
  readonly path: string;
  /** Who says what is in it; undefined where there is no dpkg or it does not know. */
  readonly debian?: { readonly package: string; readonly version: string; readonly architecture: string };
}

/** Everything that `program` is linked to, the loader included, as the loader itself resolves it. Throws if something is missing. */
export function librariesOf(program: string): Library[] {
  const listed = execFileSync("ldd", [program], { encoding: "utf8", env: { PATH: process.env.PATH, LC_ALL: "C" } });
  const paths = listed.split("\n").flatMap((line) => {
    if (line.includes("not found")) throw new Error(`${program} needs ${line.trim()}`);
    return /(?:=> |^\s*)(\/\S+) \(0x/.exec(line)?.[1] ?? [];
  });
  if (paths.length === 0) throw new Error(`ldd names no library of ${program}: ${listed.trim()}`);
  return paths.toSorted().map((path) => ({ path, ...debianPackage(path) }));
}

function debianPackage(path: string): Pick<Library, "debian"> {
  for (const name of new Set([path, realpathSync(path), `/usr${path}`])) {
    const owner = ask("dpkg-query", "-S", name)?.split(": ")[0];
    const told = owner === undefined ? undefined : ask("dpkg-query", "-W", "-f", "${Package} ${Version} ${Architecture}", owner);
    const [debian, version, architecture] = told?.split(" ") ?? [];
    if (debian !== undefined && version !== undefined && architecture !== undefined) return { debian: { package: debian, version, architecture } };
  }
  return {};
}

function ask(program: string, ...args: string[]): string | undefined {
  try {
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}

/** Layer with Node and all that it needs, for the product and for images of tests that run scripts. */
export function nodeRuntime(): { readonly entries: ImageEntry[]; readonly node: string; readonly libraries: readonly Library[] } {
  const libraries = librariesOf(NODE);
  const entries: ImageEntry[] = [
    { path: NODE_IN_IMAGE, file: NODE, mode: 0o755 },
    ...libraries.map(({ path }): ImageEntry => ({ path, file: realpathSync(path), mode: 0o755 })),
    ...copyrightFiles(libraries),
    ...surroundings(),
  ];
  return { entries, node: NODE, libraries };
}

function surroundings(): ImageEntry[] {
  return [
    { path: "/etc/passwd", content: `root:x:0:0:root:/:/sbin/nologin\nhoheit:x:${USER_ID}:${USER_ID}:hoheit:/:/sbin/nologin\n` },
    { path: "/etc/group", content: `root:x:0:\nhoheit:x:${USER_ID}:\n` },
    // glibc asks DNS before /etc/hosts unless it is told.
    { path: "/etc/nsswitch.conf", content: "passwd: files\ngroup: files\nhosts: files dns\n" },
    // Node has these built in (Mozilla's list); the file is for whoever looks for one, and to mount another list over.
    { path: "/etc/ssl/certs/ca-certificates.crt", content: `${[...rootCertificates].join("\n")}\n` },
    { path: "/tmp", folder: true, mode: 0o1777 },
  ];
}

/** The licences of the libraries ask to travel with them. */
function copyrightFiles(libraries: readonly Library[]): ImageEntry[] {
  const names = new Set(libraries.flatMap(({ debian }) => debian?.package ?? []));
  return [...names].flatMap((name) => {
    const path = `/usr/share/doc/${name}/copyright`;
    return existsSync(path) ? [{ path, content: readFileSync(path) }] : [];
  });
}
