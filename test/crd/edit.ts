/** Small changes to manifests, by path as violations write it: `spec.engine.args[2]`. */

type Container = Record<string | number, unknown>;

const segments = (path: string): (string | number)[] =>
  path.split(/\.|(?=\[)/).map((part) => (part.startsWith("[") ? Number(part.slice(1, -1)) : part));

/** A copy with `value` at `path`; undefined removes. Objects on the way must exist. */
export function withValue<T>(object: T, path: string, value: unknown): T {
  const copy = structuredClone(object);
  const parts = segments(path);
  const last = parts.pop() ?? "";
  const parent = parts.reduce<unknown>((at, part) => (at as Container)[part], copy) as Container | undefined;
  if (parent === undefined) throw new Error(`${path}: there is nothing to change`);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

export const valueAt = (object: unknown, path: string): unknown =>
  segments(path).reduce<unknown>((at, part) => (at as Container | undefined)?.[part], object);

/** Changes as fixtures write them: null removes. */
export const edited = <T>(object: T, changes: Readonly<Record<string, unknown>>): T =>
  Object.entries(changes).reduce((result, [path, value]) => withValue(result, path, value ?? undefined), object);
