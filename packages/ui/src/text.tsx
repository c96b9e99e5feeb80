/** The language of the screen: `useText()` gives the words and the formats of the one chosen. */
import { createContext, useContext, useMemo, type ReactNode } from "react";
import type { Catalogue } from "./catalogues/load.ts";
import type { MessageKey } from "./catalogues/keys.ts";
import { directionOf, type Language } from "./languages.ts";
import { formatMessage, type Values } from "./message-format.ts";

export type Translate = (key: MessageKey, values?: Values) => string;

export interface Text {
  readonly t: Translate;
  /** For keys made of codes: `undefined` when the catalogue has none. */
  readonly maybe: (key: string, values?: Values) => string | undefined;
  readonly language: Language;
  /** For times and sizes: the language with the person's region. */
  readonly locale: string;
  readonly direction: "ltr" | "rtl";
}

const TextContext = createContext<Text | undefined>(undefined);

export function textOf(catalogue: Catalogue, language: Language, locale: string): Text {
  const maybe = (key: string, values: Values = {}): string | undefined => {
    const message = catalogue[key];
    return message === undefined ? undefined : formatMessage(message, values, locale);
  };
  return { t: (key, values) => maybe(key, values) ?? key, maybe, language, locale, direction: directionOf(language) };
}

interface TextProperties {
  readonly catalogue: Catalogue;
  readonly language: Language;
  readonly locale: string;
  readonly children: ReactNode;
}

export function TextProvider({ catalogue, language, locale, children }: TextProperties) {
  const text = useMemo(() => textOf(catalogue, language, locale), [catalogue, language, locale]);
  return <TextContext value={text}>{children}</TextContext>;
}

export function useText(): Text {
  const text = useContext(TextContext);
  if (text === undefined) throw new Error("useText needs a TextProvider");
  return text;
}
