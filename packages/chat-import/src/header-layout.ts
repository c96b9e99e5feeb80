/**
 * Recognises the date and time in front of a message. WhatsApp writes them in the phone's locale, the same all through one
 * file; so the first header found fixes the layout, and later lines count as headers only when they have that layout. A
 * line inside a message that begins with some other date stays text.
 */
import { bareWord, type DayPeriod, dayPeriodOf, hourOfDay } from "./day-period.ts";
import { MAX_HEADER_CHARS } from "./limits.ts";
import { type DateFields, parseDecimal } from "./local-date-time.ts";

export interface Header {
  readonly fields: DateFields;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** Where the sender begins in the line. */
  readonly restAt: number;
  /** iPhones put date and time in brackets, Android does not. */
  readonly bracketed: boolean;
  readonly twelveHour: boolean;
  /** What all headers of one file share, as a comparable text. Holds no user data. */
  readonly shape: string;
}

/** Direction marks and other invisible characters that phones strew into headers. */
const MARKS = "[\\u061c\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff]{0,4}";
const NUMBER = "(\\p{Nd}{1,4})";
/** "/", ".", "-", "年", "년 " … between the numbers of a date. */
const BETWEEN = `${MARKS}\\s?([/.\\-‐-–年월月년])${MARKS}\\s?`;
const AFTER_DATE = "(?:\\s?(?:日|일|г\\.|\\.))?";
/** A comma, a word ("à", "um", "saat"), a day period ("下午"), or only a space. */
const GAP = "([^\\p{Nd}:\\[\\]]{1,24}?)";
const TIME = `${NUMBER}\\s?([:.hH٫])\\s?(\\p{Nd}{2})(?:${MARKS}[:.]${MARKS}(\\p{Nd}{2}))?`;
/** A day period ("p. m."), or a word for "o'clock" ("ч."). */
const TAIL = "([^\\p{Nd}:\\[\\]\\-–—]{0,24}?)";
const DATE_AND_TIME = `${MARKS}${NUMBER}${BETWEEN}(\\p{Nd}{1,2})${BETWEEN}${NUMBER}${AFTER_DATE}${GAP}${TIME}${TAIL}`;

const BRACKETED = new RegExp(`^${MARKS}\\[${DATE_AND_TIME}\\]\\s?`, "u");
const DASHED = new RegExp(`^${DATE_AND_TIME}\\s${MARKS}[-–—](?:\\s|$)`, "u");
/** Whatever cannot begin a header is sorted out by its first visible character. */
const FIRST_CHARACTER = new RegExp(`^${MARKS}[\\[\\p{Nd}]`, "u");
/** Connecting words are short and have letters only. */
const CONNECTOR = /^[\p{L}\p{M}]{0,10}$/u;

/** The header that `line` begins with, whatever its layout. */
export function readHeader(line: string): Header | undefined {
  if (!FIRST_CHARACTER.test(line)) return undefined;
  const head = line.length > MAX_HEADER_CHARS ? line.slice(0, MAX_HEADER_CHARS) : line;
  const bracketed = BRACKETED.exec(head);
  const match = bracketed ?? DASHED.exec(head);
  return match === null ? undefined : interpret(match, bracketed !== null);
}

function interpret(match: RegExpExecArray, bracketed: boolean): Header | undefined {
  const [whole, a = "", first = "", b = "", second = "", c = "", gap = "", hours = "", clock = "", minutes = "", seconds, tail = ""] =
    match;
  if (a.length === 3 || c.length === 3) return undefined;
  const gapWord = bareWord(gap);
  const tailWord = bareWord(tail);
  const gapPeriod = dayPeriodOf(gapWord);
  const tailPeriod = gapPeriod === undefined ? dayPeriodOf(tailWord) : undefined;
  if (gapPeriod === undefined && !CONNECTOR.test(gapWord)) return undefined;
  if (tailPeriod === undefined && !CONNECTOR.test(tailWord)) return undefined;
  const period: DayPeriod | undefined = gapPeriod ?? tailPeriod;
  const hour = hourOfDay(parseDecimal(hours), period);
  const minute = parseDecimal(minutes);
  const secondValue = seconds === undefined ? 0 : parseDecimal(seconds);
  const fields = { a: parseDecimal(a), b: parseDecimal(b), c: parseDecimal(c), aDigits: a.length, cDigits: c.length };
  if (hour === undefined || !(minute <= 59) || !(secondValue <= 59)) return undefined;
  if (Number.isNaN(hour + fields.a + fields.b + fields.c)) return undefined;
  const shape = [
    bracketed ? "[" : "-",
    (a.length === 4 ? "Y" : "N") + first + "N" + second + (c.length === 4 ? "Y" : "N"),
    gapPeriod === undefined ? gapWord : "<period>",
    clock + (seconds === undefined ? "" : ":ss"),
    tailPeriod === undefined ? tailWord : "<period>",
  ].join(" ");
  return {
    fields,
    hour,
    minute,
    second: secondValue,
    restAt: whole.length,
    bracketed,
    twelveHour: period !== undefined,
    shape,
  };
}
