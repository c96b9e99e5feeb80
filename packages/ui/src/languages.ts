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
