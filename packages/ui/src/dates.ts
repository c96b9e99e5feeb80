/** Times as people say them, in the chosen language. Pure: the present is an argument. */
const DAY_MS = 86_400_000;
const cache = new Map<string, Intl.DateTimeFormat>();

function format(language: string, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language}/${name}`;
  let found = cache.get(key);
  if (found === undefined) cache.set(key, (found = new Intl.DateTimeFormat(language, options)));
  return found;
}

/** A number that is equal for two times of the same local day, and rises by one each day. */
export function localDay(timeMs: number): number {
  const date = new Date(timeMs);
  return Math.round(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / DAY_MS);
}

export const clockTime = (timeMs: number, language: string): string =>
  format(language, "time", { hour: "2-digit", minute: "2-digit" }).format(timeMs);

/** For lists: the time today, then the weekday, then the date. */
export function listTime(timeMs: number, nowMs: number, language: string, yesterday: string): string {
  const age = localDay(nowMs) - localDay(timeMs);
  if (age <= 0) return clockTime(timeMs, language);
  if (age === 1) return yesterday;
  if (age < 7) return format(language, "weekday", { weekday: "short" }).format(timeMs);
  return format(language, "short-date", { day: "2-digit", month: "2-digit", year: "2-digit" }).format(timeMs);
}

/** The first format a browser makes costs it tens of milliseconds: those of a list, made while there is nothing else to do. */
export function prepareListTimes(language: string): void {
  for (const age of [0, 3 * DAY_MS, 30 * DAY_MS]) listTime(0, age, language, "");
  fullTime(0, language);
}

/** For separators between days. */
export function dayTitle(
  timeMs: number,
  nowMs: number,
  language: string,
  words: { readonly today: string; readonly yesterday: string },
): string {
  const age = localDay(nowMs) - localDay(timeMs);
  if (age === 0) return words.today;
  if (age === 1) return words.yesterday;
  if (age > 0 && age < 7) return format(language, "long-weekday", { weekday: "long" }).format(timeMs);
  const sameYear = new Date(timeMs).getFullYear() === new Date(nowMs).getFullYear();
  return format(language, sameYear ? "day-month" : "day-month-year", {
    day: "numeric",
    month: "long",
    ...(sameYear ? {} : { year: "numeric" }),
  }).format(timeMs);
}

export const fullTime = (timeMs: number, language: string): string =>
  format(language, "full", { dateStyle: "full", timeStyle: "short" }).format(timeMs);
export const mediumDate = (timeMs: number, language: string): string => format(language, "medium", { dateStyle: "medium" }).format(timeMs);

export function fileSize(sizeBytes: number, language: string): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
  let value = sizeBytes;
  let step = 0;
  while (value >= 1_000 && step < units.length - 1) {
    value /= 1_000;
    step++;
  }
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: units[step]!,
    unitDisplay: "short",
    maximumFractionDigits: value < 10 && step > 0 ? 1 : 0,
  }).format(value);
}
