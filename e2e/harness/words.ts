/** What the app says, from its own catalogues: scenarios find things by what a person reads or hears, in any language. */
import { messages as ar } from "@hawser/ui/catalogues/ar/index";
import { messages as az } from "@hawser/ui/catalogues/az/index";
import { messages as en } from "@hawser/ui/catalogues/en/index";
import { messages as tr } from "@hawser/ui/catalogues/tr/index";
import type { MessageKey } from "@hawser/ui/catalogues/keys";

export const CATALOGUES = { en, tr, az, ar } as const;
export type Language = keyof typeof CATALOGUES;

/** The text of a key; `{names}` are filled in. Texts with plurals are for `wording`. */
export function say(key: MessageKey, values: Readonly<Record<string, string>> = {}, language: Language = "en"): string {
  const text = CATALOGUES[language][key];
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/** A pattern for a text whatever its values are. */
export function wording(key: MessageKey, language: Language = "en"): RegExp {
  const escaped = CATALOGUES[language][key].replaceAll(/[.*+?^$()|[\]\\]/g, "\\$&");
  return new RegExp(escaped.replaceAll(/\{[^{}]*(\{[^{}]*\}[^{}]*)*\}/g, "[^]*"));
}
