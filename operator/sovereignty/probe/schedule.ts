/**
 * When probes run: a cron schedule over minutes and hours. Days are left out on purpose, so that the longest time between
 * two probes is known, which decides when a result is too old to be believed.
 */
import { shortHash } from "../../lib/hash.ts";

/** A schedule, as sorted minutes of the hour and hours of the day (UTC). */
export interface Schedule {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
}

const MINUTES = 60;
const HOURS = 24;
const MINUTE_MS = 60_000;
const DAY_MS = HOURS * MINUTES * MINUTE_MS;

/** Undefined if `text` is not `MINUTE HOUR * * *`. Fields take `*`, numbers, ranges, steps and lists of these (crontab(5)). */
export function parseSchedule(text: string): Schedule | undefined {
  const [minute = "", hour = "", ...days] = text.trim().split(/ +/);
  if (days.length !== 3 || days.some((day) => day !== "*")) return undefined;
  const minutes = field(minute, MINUTES);
  const hours = field(hour, HOURS);
  return minutes === undefined || hours === undefined ? undefined : { minutes, hours };
}

function field(text: string, size: number): number[] | undefined {
  const parts = text.split(",").map((part) => range(part, size));
  if (parts.some((part) => part === undefined)) return undefined;
  return [...new Set(parts.flatMap((part) => part ?? []))].toSorted((a, b) => a - b);
}

function range(text: string, size: number): number[] | undefined {
  const match = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(text);
  if (match === null) return undefined;
  const [, from, to, every] = match;
  const step = Number(every ?? 1);
  const first = Number(from ?? 0);
  const last = Number(to ?? endOf(from, every, size));
  if (step === 0 || first > last || last >= size) return undefined;
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, at) => first + at * step);
}

/** Where a range ends that names no end: `*` and `5/15` go on to the last, `5` is one. */
const endOf = (from: string | undefined, every: string | undefined, size: number): number | string => (from === undefined || every !== undefined ? size - 1 : from);

/** Longest time between two runs, in milliseconds. */
export const longestGapMs = (schedule: Schedule): number => Math.max(...gaps(ofDay(schedule), HOURS * MINUTES)) * MINUTE_MS;

/**
 * The first run after a moment, in milliseconds since 1970.
 *
 * @param after milliseconds since 1970
 */
export function nextRun(schedule: Schedule, after: number): number {
  const day = after - after % DAY_MS;
  const minutes = ofDay(schedule);
  const next = [...minutes, ...minutes.slice(0, 1).map((first) => first + HOURS * MINUTES)].find((minute) => day + minute * MINUTE_MS > after);
  // There is one within a day and the first minute of the next.
  return day + (next ?? HOURS * MINUTES) * MINUTE_MS;
}

const ofDay = ({ minutes, hours }: Schedule): number[] => hours.flatMap((hour) => minutes.map((minute) => hour * MINUTES + minute));

/** Distances between neighbours on a ring. */
const gaps = (sorted: readonly number[], ring: number): number[] => sorted.map((at, index) => (sorted[index + 1] ?? (sorted[0] ?? 0) + ring) - at);

/**
 * The same schedule moved by some minutes that depend on `key` alone, so that a thousand deployments do not probe at
 * once. Moved by less than the distance of two runs, and never out of an hour that it names.
 */
export function spread(schedule: Schedule, key: string): Schedule {
  const { minutes, hours } = schedule;
  const room = hours.length === HOURS ? MINUTES : MINUTES - (minutes.at(-1) ?? 0);
  const span = Math.min(room, ...gaps(minutes, MINUTES));
  const by = Number(BigInt(`0x${shortHash(key)}`) % BigInt(span));
  return { minutes: minutes.map((minute) => (minute + by) % MINUTES).toSorted((a, b) => a - b), hours };
}

/** For a CronJob's `spec.schedule`. */
export function formatSchedule({ minutes, hours }: Schedule): string {
  const list = (numbers: readonly number[], size: number): string => (numbers.length === size ? "*" : numbers.join(","));
  return `${list(minutes, MINUTES)} ${list(hours, HOURS)} * * *`;
}
