/** YAML as the command line reads and prints it. */
import { CORE_SCHEMA, dump, loadAll } from "js-yaml";

/** One object, keys sorted, so that equal objects give equal text. Ends with a newline. */
export function toYaml(object: object): string {
  return dump(object, { sortKeys: true, noRefs: true, lineWidth: 160, skipInvalid: true });
}

/**
 * The documents of a file, empty ones left out. Times stay strings, as on the wire.
 * @throws YAMLException with line and column
 */
export function fromYaml(text: string, filename: string): unknown[] {
  return loadAll(text, null, { filename, schema: CORE_SCHEMA }).filter((document) => document !== null && document !== undefined);
}
