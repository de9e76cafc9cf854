/** Order by a key, by code unit, so that equal inputs give equal objects whatever order they came in. */
export const byKey = <T>(keyOf: (item: T) => string) => (a: T, b: T): number => {
  const [left, right] = [keyOf(a), keyOf(b)];
  if (left === right) return 0;
  return left < right ? -1 : 1;
};
