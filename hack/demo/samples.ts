/** The manifests in `samples/`, and what is to be expected of them. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAll } from "js-yaml";

export interface Sample {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

export interface Samples {
  /** Namespaces first, for they must exist before what is in them. */
  readonly namespaces: readonly Sample[];
  readonly objects: readonly Sample[];
  /** `namespace/name` of deployments that no node can take: they lie in a folder or file named `cannot-be-placed`. */
  readonly unplaceable: ReadonlySet<string>;
}

export const keyOf = ({ metadata }: Sample): string => `${metadata.namespace ?? ""}/${metadata.name}`;

export function readSamples(root: string): Samples {
  const all: Sample[] = [];
  const unplaceable = new Set<string>();
  for (const file of globSync("samples/**/*.yaml", { cwd: root }).toSorted()) {
    const objects = loadAll(readFileSync(join(root, file), "utf8")).filter((object) => object !== null && object !== undefined) as Sample[];
    all.push(...objects);
    if (!file.includes("cannot-be-placed")) continue;
    for (const object of objects) if (object.kind === "LanguageModelDeployment") unplaceable.add(keyOf(object));
  }
  const isNamespace = ({ kind }: Sample): boolean => kind === "Namespace";
  return { namespaces: all.filter(isNamespace), objects: all.filter((object) => !isNamespace(object)), unplaceable };
}
