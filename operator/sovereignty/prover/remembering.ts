/** Computes one value for all keys that are the same; with `sameAs`, for all of which that is the same. */
export function remembering<K, V>(compute: (key: K) => V, sameAs: (key: K) => unknown = (key) => key): (key: K) => V {
  const values = new Map<unknown, V>();
  return (key) => {
    const same = sameAs(key);
    const known = values.get(same);
    if (known !== undefined) return known;
    const value = compute(key);
    values.set(same, value);
    return value;
  };
}
