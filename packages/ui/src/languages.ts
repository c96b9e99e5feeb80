/** The languages shipped, and how one is chosen before anything else has loaded. */
export const LANGUAGES = ["en", "tr", "az", "ar"] as const;
export type Language = (typeof LANGUAGES)[number];

/** Each language in its own words, for pickers. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: "English", tr: "Türkçe", az: "Azərbaycanca", ar: "العربية" };

export const isLanguage = (text: string | null | undefined): text is Language => LANGUAGES.includes(text as Language);
export const directionOf = (language: Language): "ltr" | "rtl" => (language === "ar" ? "rtl" : "ltr");

/** The person's own choice, else the first wish of the browser that is shipped, else English. */
export function chooseLanguage(chosen: string | null | undefined, wishes: readonly string[]): Language {
  if (isLanguage(chosen)) return chosen;
  for (const wish of wishes) {
    const base = wish.toLowerCase().split("-")[0];
    if (isLanguage(base)) return base;
  }
  return "en";
}

const WITH_REGION = /^([a-z]{2,3})(?:-[a-z]{4})?-([a-z]{2}|\d{3})(?:-|$)/i;

/**
 * How times and numbers are written: the words' language as it is used where the person is. `en` with the wishes `en-GB, tr` is
 * `en-GB`: 24 hours, day before month. Without a wish for a region of that language it is the language itself.
 */
export function localeOf(language: Language, wishes: readonly string[]): string {
  for (const wish of wishes) {
    const [, base, region] = WITH_REGION.exec(wish) ?? [];
    if (base?.toLowerCase() === language && region !== undefined) return `${language}-${region.toUpperCase()}`;
  }
  return language;
}
