/** The npm packages of which something is in the bundle: who they are, what they depend on, under which licence. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

export interface BundledPackage {
  /** Relative to the repository; tells two versions of one package apart. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  /** SPDX expression as package.json says it. */
  readonly license: string | undefined;
  /** Paths of bundled packages. */
  readonly dependsOn: readonly string[];
  /** Text of its LICENSE, NOTICE and the like. */
  readonly legalText: string;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** `folders`: absolute, as the bundler found them. */
export function bundledPackages(root: string, folders: readonly string[]): BundledPackage[] {
  const present = new Set(folders);
  return folders.map((folder) => {
    const { name, version, license, dependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
    const dependsOn = Object.keys(dependencies).map((dependency) => resolveFrom(folder, dependency)).filter((path) => path !== undefined && present.has(path));
    return { path: relative(root, folder), name, version, license, dependsOn: dependsOn.map((path) => relative(root, path ?? "")), legalText: legalText(folder) };
  });
}

/** Where Node would find it: beside, or beside a folder above. */
function resolveFrom(folder: string, dependency: string): string | undefined {
  for (let at = folder; at !== dirname(at); at = dirname(at)) {
    const candidate = join(at, "node_modules", dependency);
    if (existsSync(candidate)) return candidate;
  }
  return undefined;
}

const legalText = (folder: string): string =>
  readdirSync(folder).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name)).toSorted().map((name) => readFileSync(join(folder, name), "utf8").trim()).join("\n\n");

/** One text with the licences of all: most of them ask to be told with every copy. */
export function thirdPartyLicenses(packages: readonly BundledPackage[]): string {
  return packages.map(({ name, version, license, legalText: text }) => `${name} ${version} (${license ?? "licence not stated"})\n\n${text === "" ? "(its package has no licence file)" : text}\n`)
    .join(`\n${"-".repeat(80)}\n\n`);
}
