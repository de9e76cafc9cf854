import type { Texts } from "./texts.ts";

/**
 * How a language writes times and lists, and names countries.
 *
 * @param locale BCP 47
 * @param join puts the date and the time of day, both UTC, together
 */
export function localeOf(locale: string, join: (date: string, time: string) => string): Pick<Texts, "at" | "country" | "list"> {
  const date = new Intl.DateTimeFormat(locale, { timeZone: "UTC", dateStyle: "long" });
  const time = new Intl.DateTimeFormat(locale, { timeZone: "UTC", timeStyle: "medium" });
  const regions = new Intl.DisplayNames(locale, { type: "region" });
  const lists = new Intl.ListFormat(locale);
  return {
    list: (words) => lists.format(words),
    at: (milliseconds) => join(date.format(milliseconds), time.format(milliseconds)),
    // What has not even the form of a code throws.
    country: (code) => (/^[A-Z]{2}$/.test(code) ? (regions.of(code) ?? code) : code),
  };
}
