/**
 * Puts values into ICU messages that were parsed at build time (the token form of `@lingui/message-utils`): arguments, plurals,
 * selects, numbers. The parser itself is never shipped.
 */
export type Token = string | readonly [name: string, type?: string, format?: string | Choices];
type Choices = Readonly<Record<string, readonly Token[] | number | undefined>>;
export type CompiledMessage = string | readonly Token[];
export type Values = Readonly<Record<string, string | number>>;

export function formatMessage(message: CompiledMessage, values: Values, language: string): string {
  return typeof message === "string" ? message : join(message, values, language, undefined);
}

function join(tokens: readonly Token[], values: Values, language: string, count: number | undefined): string {
  let out = "";
  for (const token of tokens) {
    if (typeof token === "string") out += token === "#" && count !== undefined ? formatNumber(count, language) : token;
    else out += argument(token, values, language, count);
  }
  return out;
}

function argument([name, type, format]: Exclude<Token, string>, values: Values, language: string, count: number | undefined): string {
  const value = values[name] ?? "";
  if (type === undefined) return typeof value === "number" ? formatNumber(value, language) : isolated(value, language);
  if (type === "number") return formatNumber(Number(value), language);
  const choices = format as Choices;
  const choose = (key: string): readonly Token[] | undefined => choices[key] as readonly Token[] | undefined;
  if (type === "select") return join(choose(String(value)) ?? choose("other") ?? [], values, language, count);
  const number = Number(value);
  const rule = pluralRules(language, type === "selectordinal" ? "ordinal" : "cardinal").select(number);
  return join(choose(String(number)) ?? choose(rule) ?? choose("other") ?? [], values, language, number);
}

/** In a script from right to left a name or an address keeps its own direction, and the signs around it theirs (UAX 9, FSI and PDI). */
const isolated = (value: string, language: string): string =>
  value !== "" && language.split("-")[0] === "ar" ? `\u2068${value}\u2069` : value;

// Making one costs a browser milliseconds.
const formats = new Map<string, Intl.NumberFormat>();
const rules = new Map<string, Intl.PluralRules>();

function pluralRules(language: string, type: Intl.PluralRuleType): Intl.PluralRules {
  const key = `${language}/${type}`;
  let found = rules.get(key);
  if (found === undefined) rules.set(key, (found = new Intl.PluralRules(language, { type })));
  return found;
}

export function formatNumber(value: number, language: string): string {
  let format = formats.get(language);
  if (format === undefined) formats.set(language, (format = new Intl.NumberFormat(language)));
  return format.format(value);
}
