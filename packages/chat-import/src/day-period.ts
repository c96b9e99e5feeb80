/** Words for the halves of the day in 12-hour times, as phones write them (CLDR's abbreviated and wide day periods). */

export type DayPeriod = "am" | "pm" | "noon";

const WORDS: Readonly<Record<DayPeriod, readonly string[]>> = {
  am: [
    "am",
    "ص",
    "صباحا",
    "öö",
    "上午",
    "凌晨",
    "早上",
    "清晨",
    "午前",
    "오전",
    "πμ",
    "de",
    "sa",
    "pg",
    "dop",
    "पूर्वाह्न",
    "पूर्व",
    "मपू",
    "सुबह",
    "পূর্বাহ্ণ",
    "قظ",
    "قبلدوپہر",
    "לפנהצ",
    "முற்பகல்",
    "ఉదయం",
    "ಪೂರ್ವಾಹ್ನ",
    "രാവിലെ",
    "epd",
    "eparadites",
    "дп",
    "ก่อนเที่ยง",
    "fm",
    "vorm",
  ],
  pm: [
    "pm",
    "م",
    "مساء",
    "ös",
    "下午",
    "晚上",
    "午後",
    "오후",
    "μμ",
    "du",
    "ch",
    "ptg",
    "odp",
    "अपराह्न",
    "अपर",
    "मउ",
    "शाम",
    "অপরাহ্ণ",
    "بظ",
    "بعددوپہر",
    "אחהצ",
    "பிற்பகல்",
    "సాయంత్రం",
    "ಅಪರಾಹ್ನ",
    "വൈകുന്നേരം",
    "emd",
    "epasdites",
    "пп",
    "หลังเที่ยง",
    "em",
    "nachm",
  ],
  noon: ["中午", "正午"],
};

const PERIOD_BY_WORD = new Map<string, DayPeriod>();
for (const period of ["am", "pm", "noon"] as const) for (const word of WORDS[period]) PERIOD_BY_WORD.set(word, period);

const PUNCTUATION = /[\s.,،、:'"׳״’\-\p{Cf}\u064b-\u0652]+/gu;

/** Letters only, lower case: "p. m." → "pm", "אחה״צ" → "אחהצ", "ÖS" → "ös". */
export const bareWord = (text: string): string => (text === "" ? "" : text.replace(PUNCTUATION, "").toLowerCase());

export const dayPeriodOf = (word: string): DayPeriod | undefined => PERIOD_BY_WORD.get(word);

/** The hour 0 … 23, or `undefined` when the clock has no such hour. */
export function hourOfDay(hour: number, period: DayPeriod | undefined): number | undefined {
  if (period === undefined) return hour <= 23 ? hour : undefined;
  if (hour > 12) return undefined;
  if (period === "am") return hour % 12;
  return period === "noon" && hour === 11 ? 11 : (hour % 12) + 12;
}
