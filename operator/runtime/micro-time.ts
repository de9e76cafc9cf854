/**
 * metav1.MicroTime: RFC 3339 in UTC with exactly six digits; the API server refuses a Lease or Event with fewer.
 *
 * @param ms wall clock, milliseconds since 1970
 */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}
