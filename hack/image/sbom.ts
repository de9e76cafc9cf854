/**
 * The bill of materials of the image as CycloneDX 1.6 JSON: Node with what is built into it, the shared libraries, and
 * every npm package of which something is in the bundle. `npm sbom` would list what is installed instead of what is
 * shipped, knows no library, and writes the time and a random number into its answer.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { BundledPackage } from "./packages.ts";
import type { Library } from "./runtime.ts";

interface Component {
  readonly type: "application" | "library" | "platform" | "container";
  readonly "bom-ref": string;
  readonly name: string;
  readonly version?: string;
  readonly licenses?: readonly ({ license: { id: string } } | { expression: string })[];
  readonly hashes?: readonly { alg: "SHA-256"; content: string }[];
  readonly purl?: string;
  readonly properties?: readonly { name: string; value: string }[];
  readonly components?: readonly Component[];
}

export interface Bill {
  readonly bomFormat: "CycloneDX";
  readonly specVersion: "1.6";
  readonly version: 1;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { ref: string; dependsOn: readonly string[] }[];
}

export interface Parts {
  readonly version: string;
  /** Path of the node binary on this machine. */
  readonly node: string;
  /** As `process.versions` of that binary. */
  readonly nodeVersions: Readonly<Record<string, string | undefined>>;
  readonly libraries: readonly Library[];
  /** Path of the bundle on this machine. */
  readonly bundle: string;
  readonly packages: readonly BundledPackage[];
}

const IMAGE = "image:hoheit";
const BUNDLE = "bundle:hoheit";

/** The same parts give the same text. */
export function billOfMaterials(parts: Parts): Bill {
  const { version, libraries, packages } = parts;
  const node = nodeComponent(parts);
  const bundle: Component = { type: "application", "bom-ref": BUNDLE, name: "hoheit", version, licenses: [{ license: { id: "Apache-2.0" } }], hashes: hashesOf(parts.bundle), purl: `pkg:npm/hoheit@${version}` };
  const linked = libraries.map(libraryComponent);
  const refs = (components: readonly Component[]): string[] => components.map((component) => component["bom-ref"]).toSorted();
  const needed = new Set(packages.flatMap(({ dependsOn }) => dependsOn));
  return {
    bomFormat: "CycloneDX", specVersion: "1.6", version: 1,
    metadata: { component: { type: "container", "bom-ref": IMAGE, name: "hoheit", version, licenses: [{ license: { id: "Apache-2.0" } }] } },
    components: [bundle, node, ...linked, ...packages.map(packageComponent)],
    dependencies: [
      { ref: IMAGE, dependsOn: refs([bundle, node]) },
      { ref: BUNDLE, dependsOn: [node["bom-ref"], ...packages.filter(({ path }) => !needed.has(path)).map(refOf)].toSorted() },
      { ref: node["bom-ref"], dependsOn: refs(linked) },
      ...linked.map((component) => ({ ref: component["bom-ref"], dependsOn: [] })),
      ...packages.map((one) => ({ ref: refOf(one), dependsOn: packages.filter(({ path }) => one.dependsOn.includes(path)).map(refOf).toSorted() })),
    ],
  };
}

/** Node and what its binary has built in: a hole in OpenSSL is found by its own name. */
function nodeComponent({ node, nodeVersions }: Parts): Component {
  const { node: version = "", modules: _abi, napi: _napi, ...builtIn } = nodeVersions;
  const components = Object.entries(builtIn).filter(([, its]) => its !== undefined && its !== "").toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, its = ""]): Component => ({ type: "library", "bom-ref": `node:${name}`, name, version: its, purl: `pkg:generic/${name}@${encodeURIComponent(its)}` }));
  return { type: "platform", "bom-ref": "node", name: "node", version, licenses: [{ license: { id: "MIT" } }], hashes: hashesOf(node), purl: `pkg:generic/node@${version}`, components };
}

function libraryComponent({ path, debian }: Library): Component {
  const identity = debian && { version: debian.version, purl: `pkg:deb/debian/${encodeURIComponent(debian.package)}@${encodeURIComponent(debian.version)}?arch=${debian.architecture}` };
  return { type: "library", "bom-ref": `file:${path}`, name: path.split("/").at(-1) ?? path, ...identity, hashes: hashesOf(path), properties: [{ name: "hoheit:path", value: path }] };
}

function packageComponent(one: BundledPackage): Component {
  const purl = `pkg:npm/${one.name.replace("@", "%40")}@${one.version}`;
  return { type: "library", "bom-ref": refOf(one), name: one.name, version: one.version, ...licensed(one.license), purl };
}

const refOf = ({ path }: BundledPackage): string => `npm:${path.replace(/^node_modules\//, "")}`;

const licensed = (license: string | undefined): Pick<Component, "licenses"> => {
  if (license === undefined) return {};
  return { licenses: [/^[\w.+-]+$/.test(license) ? { license: { id: license } } : { expression: license }] };
};

const hashesOf = (path: string): { alg: "SHA-256"; content: string }[] => [{ alg: "SHA-256", content: createHash("sha256").update(readFileSync(path)).digest("hex") }];
