/** Words, numbers and dates as readers see them. */

import type { GradeLevel } from "./gql/graphql";

/** The language of the pages: their words, numbers and dates. */
export const LOCALE = "en-US";
const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto" });
const SECONDS_BY_UNIT = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;

const CLASSES: Readonly<Record<string, string>> = {
  PII: "personal details",
  CONTACT: "contacts",
  DEMOGRAPHIC: "demographic data",
  PROGRAM: "programs",
  LOCATION: "addresses and buses",
  DISCIPLINE: "discipline records",
  DISABILITY: "special education records",
  MEAL: "meal records",
  HOMELESS: "records about homelessness",
};

/** What a class of data is about. */
export function classNames(sensitivity: string): string {
  return CLASSES[sensitivity] ?? sensitivity.toLowerCase();
}

/** A text with a capital first letter. */
export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A constant of the graph as words: `AT_RISK` is `At risk`. */
export function words(constant: string): string {
  return capitalized(constant.toLowerCase().replaceAll("_", " "));
}

/** Numbered grade levels, the first one first. */
export const GRADES = [
  "FIRST",
  "SECOND",
  "THIRD",
  "FOURTH",
  "FIFTH",
  "SIXTH",
  "SEVENTH",
  "EIGHTH",
  "NINTH",
  "TENTH",
  "ELEVENTH",
  "TWELFTH",
] as const satisfies readonly GradeLevel[];

/** A grade level in short: `SIXTH` is `6th`. */
export function gradeLevel(level: string | null | undefined): string {
  if (!level) return "–";
  const number = (GRADES as readonly string[]).indexOf(level) + 1;
  const ending = ({ 1: "st", 2: "nd", 3: "rd" } as Record<number, string>)[number] ?? "th";
  return number > 0 ? `${number}${ending}` : words(level);
}

/** A grade level in a sentence: `SIXTH` is `6th grade`, `KINDERGARTEN` is `Kindergarten`. */
export function gradeLevelName(level: string | null | undefined): string {
  if (!level) return "No grade level recorded";
  return (GRADES as readonly string[]).includes(level) ? `${gradeLevel(level)} grade` : words(level);
}

/** A person's name. */
export function personName(name: { firstName: string; lastName: string } | null | undefined): string {
  return name ? `${name.firstName} ${name.lastName}` : "–";
}

/** A number with few digits; a dash for none. */
export function number(value: number | null | undefined, digits = 1): string {
  return value === null || value === undefined ? "–" : value.toLocaleString(LOCALE, { maximumFractionDigits: digits });
}

/** A count with its noun, such as `1 absence` or `3 absences`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${number(count)} ${count === 1 ? noun : plural}`;
}

/** A share from 0 to 1 as percent; a dash for none. */
export function percent(value: number | null | undefined): string {
  return value === null || value === undefined
    ? "–"
    : value.toLocaleString(LOCALE, { style: "percent", maximumFractionDigits: 1 });
}

/** A date, such as `Sep 16, 2026`; a dash for none. Days of school have no time zone. */
export function date(value: string | null | undefined): string {
  if (!value) return "–";
  return new Date(value).toLocaleDateString(LOCALE, { dateStyle: "medium", timeZone: "UTC" });
}

/** A moment where the reader is, such as `Sep 16, 2026, 11:59 PM`. */
export function moment(value: string): string {
  return new Date(value).toLocaleString(LOCALE, { dateStyle: "medium", timeStyle: "short" });
}

/** Today's date where the reader is, such as `2026-09-16`. */
export function today(): string {
  const now = new Date();
  return new Date(now.valueOf() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

/** The time of a moment, such as `10:04 AM`. */
export function clock(moment: Date): string {
  return moment.toLocaleTimeString(LOCALE, { hour: "numeric", minute: "2-digit" });
}

/** How long ago a moment was, such as `3 minutes ago`. */
export function age(moment: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(moment)) / 1000);
  for (const [unit, size] of SECONDS_BY_UNIT) {
    if (seconds >= size) return relative.format(-Math.floor(seconds / size), unit);
  }
  return "just now";
}
