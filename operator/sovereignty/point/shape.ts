/** Looking into objects as they are: nobody has checked them, so that a member may be missing, of another type or unknown. */
import { doubt, type Doubt } from "./match.ts";

export type Members = Readonly<Record<string, unknown>>;

export const isDoubt = (value: unknown): value is Doubt => typeof value === "object" && value !== null && "doubt" in value;

/** What Go reads as "not there". */
export const isAbsent = (value: unknown): value is undefined | null => value === undefined || value === null;

/** The members of an object of which only these are known; a member that nobody here knows may mean anything. */
export function membersOf(value: unknown, path: string, known: readonly string[]): Members | Doubt {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return doubt(`${path} is no object`);
  const unknown = Object.keys(value).find((key) => !known.includes(key) && !isAbsent((value as Members)[key]));
  return unknown === undefined ? { ...(value as Members) } : doubt(`${path}.${unknown} is not known here`);
}

/** A list; nothing at all is an empty one. */
export function listOf(value: unknown, path: string): readonly unknown[] | Doubt {
  if (isAbsent(value)) return [];
  return Array.isArray(value) ? value : doubt(`${path} is no list`);
}

/** A port: 1 to 65535. */
export const isPort = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535;
