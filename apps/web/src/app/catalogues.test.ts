/** Every catalogue says the same things: same keys, same values in the texts, all plural forms, a text for every code. */
import type { ClientErrorName, LinkErrorName } from "@hawser/sdk";
import { formatMessage, LANGUAGES, type CompiledMessage, type Language, type Token } from "@hawser/ui";
import { messages as ar } from "@hawser/ui/catalogues/ar/index";
import { messages as az } from "@hawser/ui/catalogues/az/index";
import { messages as en } from "@hawser/ui/catalogues/en/index";
import { messages as tr } from "@hawser/ui/catalogues/tr/index";
import { ERROR_CODES } from "@hawser/wire";
import { compileMessageOrThrow } from "@lingui/message-utils/compileMessage";
import { describe, expect, test } from "vitest";

const CATALOGUES: Readonly<Record<Language, Readonly<Record<string, string>>>> = { en, tr, az, ar };

/** Fails to compile when the client learns an error that is not listed, so that none can be forgotten. */
const CLIENT_ERRORS: Readonly<Record<LinkErrorName | ClientErrorName | "UNREACHABLE" | "CLOSED", true>> = {
  CODE_MALFORMED: true, CODE_OTHER_ORIGIN: true, CODE_EXPIRED: true, CODE_WRONG: true, CODE_UNSUPPORTED: true, CODE_ALREADY_USED: true, SCAN_DEADLINE: true,
  REQUEST_DEADLINE: true, DECISION_DEADLINE: true, ACTIVATION_DEADLINE: true, DECLINED: true, DEVICE_LIMIT: true, LIST_CHAIN_FULL: true, CHANNEL_TAMPERED: true,
  PASSKEY_OTHER_ORIGIN: true, PASSKEY_INVALID: true, PASSKEY_REQUIRED: true, PASSKEY_UNUSABLE: true, PASSKEY_UNKNOWN: true, RECOVERY_ANSWER_INVALID: true, MATCH_CODE_WRONG: true,
  LIST_INVALID: true, VERSION: true, CANCELLED: true, SERVER_UNREACHABLE: true, SERVER_REFUSED: true, ADMISSION_FULL: true, RATE_LIMITED: true, WRONG_PHASE: true, WRONG_ROLE: true,
  UNKNOWN_CONVERSATION: true, UNKNOWN_MESSAGE: true, UNKNOWN_CONTACT: true, UNKNOWN_DEVICE: true, UNKNOWN_BRANCH: true, TEXT_TOO_LONG: true, EMPTY_MESSAGE: true,
  NAME_TOO_LONG: true, RECOVERY_CODE_MALFORMED: true, RECOVERY_CODE_WRONG: true, IMPORT_UNREADABLE: true, STORAGE_FULL: true, PROFILE_IN_USE: true,
  STORAGE_LOST: true, OFFLINE: true, SELF: true, ATTACHMENT_UNAVAILABLE: true, UNREACHABLE: true, CLOSED: true,
}; // prettier-ignore

type Plural = readonly [name: string, type: string, choices: Record<string, readonly Token[]>];
const isPlural = (token: Token): boolean => typeof token !== "string" && token[1] === "plural";

function placeholders(tokens: readonly Token[]): string[] {
  return tokens.flatMap((token) => {
    if (typeof token === "string") return [];
    const inner =
      typeof token[2] === "object" ? Object.values(token[2]).flatMap((choice) => (Array.isArray(choice) ? placeholders(choice) : [])) : [];
    return [`${token[0]}:${token[1] ?? ""}`, ...inner];
  });
}
const compiled = (text: string): readonly Token[] => compileMessageOrThrow(text) as readonly Token[];

describe.each(LANGUAGES)("%s", (language) => {
  const catalogue = CATALOGUES[language];

  test("has exactly the keys of the English one", () => {
    expect(Object.keys(catalogue).sort()).toEqual(Object.keys(en).sort());
  });

  test("uses the same values in each text", () => {
    const wrong = Object.entries(catalogue).filter(([key, text]) => {
      const theirs = new Set(placeholders(compiled(text)));
      const ours = new Set(placeholders(compiled((en as Record<string, string>)[key]!)));
      return [...theirs].sort().join() !== [...ours].sort().join();
    });
    expect(wrong.map(([key]) => key)).toEqual([]);
  });

  test("has every plural form its grammar asks for", () => {
    const categories = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    const wrong = Object.entries(catalogue).filter(([, text]) =>
      compiled(text).some((token) => isPlural(token) && categories.some((category) => !(category in (token as unknown as Plural)[2]))),
    );
    expect(wrong.map(([key]) => key)).toEqual([]);
  });

  test("has a text for every error there is", () => {
    const names = [...Object.keys(ERROR_CODES), ...Object.keys(CLIENT_ERRORS)];
    expect(names.filter((name) => !((catalogue[`error.${name}`] ?? "").length > 10))).toEqual([]);
  });

  test("says with every error what happened and what to do, or that nothing has to be done", () => {
    const clauses = (text: string): string[] => text.split(/[.;:!?؟؛](?:\s|$)/u).filter((part) => part.trim().length > 6);
    const names = [...Object.keys(ERROR_CODES), ...Object.keys(CLIENT_ERRORS)];
    expect(names.filter((name) => clauses(catalogue[`error.${name}`] ?? "").length < 2)).toEqual([]);
  });

  test("leaves nothing empty and nothing in English", () => {
    const same = Object.entries(catalogue).filter(
      ([key, text]) => text.trim() === "" || (language !== "en" && text.length > 24 && text === (en as Record<string, string>)[key]),
    );
    expect(same.map(([key]) => key)).toEqual([]);
  });
});

test("what is put into Arabic keeps its own direction", () => {
  const text = compiled(CATALOGUES.ar["alert.added"]!) as CompiledMessage;
  expect(formatMessage(text, { name: "Chrome, Linux" }, "ar-EG")).toContain("\u2068Chrome, Linux\u2069");
  expect(formatMessage(compiled(CATALOGUES.en["alert.added"]!) as CompiledMessage, { name: "Chrome" }, "en")).not.toContain("\u2068");
});

test("numbers and plurals are put in as the language writes them", () => {
  const say = (language: Language, key: string, values: Record<string, number>) =>
    formatMessage(compiled(CATALOGUES[language][key]!) as CompiledMessage, values, language);
  expect(say("en", "chat.unread", { count: 1 })).toBe("1 unread message");
  expect(say("en", "chat.unread", { count: 1_200 })).toBe("1,200 unread messages");
  expect(say("en", "search.count", { count: 0 })).toBe("Nothing found");
  expect(say("tr", "history.progress", { done: 1_500, total: 20_000 })).toBe("1.500 / 20.000");
  expect(say("ar", "devices.count", { count: 2 })).toBe("جهازان");
  expect(say("az", "chat.unread", { count: 3 })).toBe("3 oxunmamış mesaj");
});
