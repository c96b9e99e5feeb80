/** Dates as written in an export: three numbers of unknown order, then a civil date. No time zone anywhere in here. */

/** A wall-clock time. `month` and `day` start at 1; the year is Gregorian. */
export interface LocalDateTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

export type DateOrder = "dmy" | "mdy" | "ymd";

/** The three numbers of a date, left to right, and how many digits the outer ones had. */
export interface DateFields {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly aDigits: number;
  readonly cDigits: number;
}

export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** WhatsApp began in 2009; two-digit years end in 2099. */
const MIN_YEAR = 2000;
const MAX_YEAR = 2099;
/** The Thai solar calendar counts from 543 BC. */
const BUDDHIST_OFFSET = 543;

/** Zeros of the decimal digit ranges that phones write dates with (Unicode category Nd, ten consecutive code points each). */
const DIGIT_ZEROS = [0x30, 0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0x1040, 0x17e0];

/** The value of a short run of decimal digits of any one script; NaN for digits of a script not listed. */
export function parseDecimal(digits: string): number {
  let value = 0;
  for (let i = 0; i < digits.length; i++) {
    const code = digits.charCodeAt(i);
    const zero = DIGIT_ZEROS.find((start) => code >= start && code <= start + 9);
    if (zero === undefined) return Number.NaN;
    value = value * 10 + (code - zero);
  }
  return value;
}

const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

export function isCivilDate(date: CivilDate): boolean {
  const { year, month, day } = date;
  if (!(year >= MIN_YEAR && year <= MAX_YEAR && month >= 1 && month <= 12 && day >= 1)) return false;
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= MONTH_DAYS[month - 1]! + (leap ? 1 : 0);
}

/** Orders that the number of digits leaves open. */
export function possibleOrders(fields: DateFields): readonly DateOrder[] {
  if (fields.aDigits === 4) return fields.cDigits === 4 ? [] : ["ymd"];
  if (fields.aDigits > 2) return [];
  if (fields.cDigits === 4) return ["dmy", "mdy"];
  return fields.cDigits > 2 ? [] : ["dmy", "mdy", "ymd"];
}

/** Reads the fields in `order`; `undefined` when that is no day of the years 2000 … 2099. */
export function civilDate(fields: DateFields, order: DateOrder): CivilDate | undefined {
  const { a, b, c } = fields;
  const yearDigits = order === "ymd" ? fields.aDigits : fields.cDigits;
  const year = fullYear(order === "ymd" ? a : c, yearDigits);
  const date = order === "ymd" ? { year, month: b, day: c } : order === "dmy" ? { year, month: b, day: a } : { year, month: a, day: b };
  if (order === "ymd" ? fields.cDigits > 2 : fields.aDigits > 2) return undefined;
  return isCivilDate(date) ? date : undefined;
}

function fullYear(written: number, digits: number): number {
  if (digits <= 2) return 2000 + written;
  const gregorian = written - BUDDHIST_OFFSET;
  return gregorian >= MIN_YEAR && gregorian <= MAX_YEAR ? gregorian : written;
}

/** Years 1300 … 1500 are Persian or Islamic ones, whose months this importer cannot convert. */
export function isOtherCalendar(fields: DateFields): boolean {
  const year = fields.aDigits === 4 ? fields.a : fields.cDigits === 4 ? fields.c : 0;
  return year >= 1300 && year <= 1500;
}

/** Days since 1970-01-01 (proleptic Gregorian), by the formula of days in 400-year eras. */
export function dayNumber(date: CivilDate): number {
  const year = date.month <= 2 ? date.year - 1 : date.year;
  const era = Math.floor(year / 400);
  const yearOfEra = year - era * 400;
  const dayOfYear = Math.floor((153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5) + date.day - 1;
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468;
}

/** `toUtcMs` of a place with a fixed offset. The offset is added to UTC: +180 minutes for Istanbul. */
export function fixedOffset(offsetMinutes: number): (local: LocalDateTime) => number {
  return (local) => dayNumber(local) * 86_400_000 + ((local.hour * 60 + local.minute - offsetMinutes) * 60 + local.second) * 1000;
}
