import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatSchedule, longestGapMs, parseSchedule, spread, type Schedule } from "./schedule.ts";

const MINUTE = 60_000;
const parsed = (text: string): Schedule => {
  const schedule = parseSchedule(text);
  if (schedule === undefined) throw new Error(`${text} does not parse`);
  return schedule;
};

describe("a schedule", () => {
  it.each([
    ["*/15 * * * *", [0, 15, 30, 45], 24, 15], ["* * * * *", Array.from({ length: 60 }, (_, at) => at), 24, 1], ["7 * * * *", [7], 24, 60], ["0 3 * * *", [0], 1, 1440],
    ["5/20 * * * *", [5, 25, 45], 24, 20], ["0,10-12,50-59/5 * * * *", [0, 10, 11, 12, 50, 55], 24, 38], ["30 8-18/2 * * *", [30], 6, 14 * 60], ["0 0,6 * * *", [0], 2, 18 * 60],
  ] as const)("%s runs at minutes %j of %d hours, at most %d minutes apart", (text, minutes, hours, gap) => {
    const schedule = parsed(text);
    expect(schedule.minutes).toEqual(minutes);
    expect(schedule.hours).toHaveLength(hours);
    expect(longestGapMs(schedule)).toBe(gap * MINUTE);
  });

  it.each(["", "* * * *", "* * * * * *", "*/0 * * * *", "60 * * * *", "* 24 * * *", "5-1 * * * *", "a * * * *", "@hourly", "0 0 1 * *", "0 0 * * MON", "0 0 * 2 *", "1, * * * *", "-1 * * * *", "1.5 * * * *"])("is not %j", (text) => {
    expect(parseSchedule(text)).toBeUndefined();
  });

  it("is written as it is read", () => {
    for (const text of ["*/15 * * * *", "* * * * *", "0 3 * * *", "5/20 1-4 * * *"]) expect(parsed(formatSchedule(parsed(text)))).toEqual(parsed(text));
  });
});

const schedules = fc.record({
  minutes: fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { minLength: 1, maxLength: 60 }).map((all) => all.toSorted((a, b) => a - b)),
  hours: fc.oneof(fc.constant(Array.from({ length: 24 }, (_, at) => at)), fc.uniqueArray(fc.integer({ min: 0, max: 23 }), { minLength: 1 }).map((all) => all.toSorted((a, b) => a - b))),
});

describe("spreading", () => {
  it("keeps how often it runs and the longest gap, and stays the same for the same deployment", () => {
    fc.assert(fc.property(schedules, fc.string(), (schedule, key) => {
      const moved = spread(schedule, key);
      expect(moved.hours).toEqual(schedule.hours);
      expect(moved.minutes).toHaveLength(schedule.minutes.length);
      expect(moved).toEqual(spread(schedule, key));
      expect(longestGapMs(moved)).toBe(longestGapMs(schedule));
      expect(parseSchedule(formatSchedule(moved))).toEqual(moved);
    }));
  });

  it("uses every minute between two runs about equally", () => {
    const starts = Array.from({ length: 1500 }, (_, at) => spread(parsed("*/15 * * * *"), `assistant/d${at}`).minutes[0] ?? -1);
    const counts = Array.from({ length: 15 }, (_, minute) => starts.filter((start) => start === minute).length);
    expect(Math.min(...counts)).toBeGreaterThan(60);
    expect(Math.max(...counts)).toBeLessThan(150);
  });

  it("leaves the hours that the provider named", () => {
    for (let at = 0; at < 50; at += 1) expect(Math.max(...spread(parsed("50 3 * * *"), String(at)).minutes)).toBeLessThan(60);
  });
});
