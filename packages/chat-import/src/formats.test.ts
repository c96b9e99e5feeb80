/** Every layout and language: what stands in the file is what comes out. */
import { describe, expect, it } from "vitest";
import { parseChatText } from "./chat-parser.ts";
import { fixture, OPTIONS } from "../fixtures/load.ts";

/** "time|kind|sender|text|file|edited", empty parts left out at the end. */
function rows(text: string, title?: string): string[] {
  const chat = parseChatText(text, { ...OPTIONS, ...(title === undefined ? {} : { title }) });
  if (!chat.ok) return [JSON.stringify(chat.error)];
  return chat.value.messages.map((message) =>
    [
      new Date(message.sentAtMs).toISOString().slice(0, 19),
      message.kind,
      message.sender ?? "",
      message.text.slice(0, 24),
      message.attachment?.fileName ?? "",
      message.edited ? "edited" : "",
    ]
      .join("|")
      .replace(/\|+$/, ""),
  );
}

const TABLE: Readonly<Record<string, readonly string[]>> = {
  "ios-de-24h.txt": [
    "2023-12-31T23:59:01|system||Nachrichten und Anrufe s",
    "2023-12-31T23:59:01|text|Jürgen Groß|Nah I don't think he goe",
    "2023-12-31T23:59:40|media|Anna||00000003-AUDIO-2023-12-31-23-59-40.opus",
    "2024-01-01T00:00:02|media|Anna",
    "2024-01-01T00:00:05|deleted|Anna",
  ],
  "android-tr.txt": [
    "2023-12-31T23:58:00|system||Mesajlar ve aramalar uçt",
    "2023-12-31T23:59:00|text|Ayşe Öztürk|Yeni yılın kutlu olsun!",
    "2023-12-31T23:59:00|media|Işıl",
    "2024-01-01T00:01:00|media|Ayşe Öztürk|Sahil çok güzeldi|IMG-20240101-WA0003.jpg",
    "2024-01-01T00:02:00|deleted|Işıl",
    "2024-01-01T00:03:00|text|Işıl|Saat 7 olsun||edited",
    "2024-01-01T00:04:00|system||Ayşe grubun konusunu “Pl",
  ],
  "android-az.txt": [
    "2023-12-31T23:58:00|system||Mesajlar və zənglər başd",
    "2023-12-31T23:59:00|text|Əli Məmmədov|Yeni iliniz mübarək!",
    "2024-01-01T00:00:00|media|Günel",
    "2024-01-01T00:01:00|deleted|Günel",
  ],
  "android-ar.txt": [
    "2023-12-31T23:58:00|system||الرسائل والمكالمات مشفرة",
    "2023-12-31T23:59:00|text|علي حسن|كل عام وأنتم بخير",
    "2024-01-01T00:00:00|media|ليلى",
    "2024-01-01T00:01:00|media|ليلى||IMG-20240101-WA0001.jpg",
    "2024-01-01T13:05:00|deleted|علي حسن",
  ],
  "android-es.txt": [
    "2023-12-31T23:58:00|system||Los mensajes y las llama",
    "2023-12-31T23:59:00|text|José Ñúñez|¡Feliz año!",
    "2024-01-01T00:00:00|media|Lucía",
    "2024-01-01T00:01:00|media|Lucía||AUD-20240101-WA0000.opus",
    "2024-01-01T00:02:00|deleted|José Ñúñez",
  ],
  "android-fr.txt": [
    "2023-12-31T23:58:00|system||Les messages et les appe",
    "2023-12-31T23:59:00|text|Chloé|Bonne année !",
    "2024-01-01T00:00:00|media|Noël",
    "2024-01-01T00:01:00|deleted|Noël",
    "2024-01-01T00:02:00|text|Chloé|à demain||edited",
  ],
  "android-pt.txt": [
    "2023-12-31T23:58:00|system||As mensagens e as ligaçõ",
    "2023-12-31T23:59:00|text|João|Feliz ano novo",
    "2024-01-01T00:00:00|media|Conceição",
    "2024-01-01T00:01:00|media|Conceição||VID-20240101-WA0002.mp4",
    "2024-01-01T00:02:00|deleted|João",
  ],
  "android-it.txt": [
    "2023-12-31T23:58:00|system||I messaggi e le chiamate",
    "2023-12-31T23:59:00|text|Niccolò|Buon anno",
    "2024-01-01T00:00:00|media|Giulia",
    "2024-01-01T00:01:00|deleted|Giulia",
  ],
  "android-ru.txt": [
    "2023-12-31T23:58:00|system||Сообщения и звонки защищ",
    "2023-12-31T23:59:00|text|Пётр|С Новым годом",
    "2024-01-01T00:00:00|media|Анна",
    "2024-01-01T00:01:00|media|Анна||DOC-20240101-WA0001.pdf",
    "2024-01-01T00:02:00|deleted|Пётр",
  ],
  "android-hi.txt": [
    "2023-12-31T23:58:00|system||मैसेज और कॉल एंड-टू-एंड ",
    "2023-12-31T23:59:00|text|आरव|नया साल मुबारक",
    "2024-01-01T00:00:00|media|दिया",
    "2024-01-01T00:01:00|deleted|दिया",
  ],
};

describe("fixtures", () => {
  it.each(Object.keys(TABLE))("%s", (name) => expect(rows(fixture(name))).toEqual(TABLE[name]));

  it("ios-en-12h.txt: marks, CRLF, a mark of byte order, month first", () => {
    expect(rows(fixture("ios-en-12h.txt"), "Book Club")).toEqual([
      "2023-12-30T21:05:07|system||Messages and calls are e",
      "2023-12-30T21:05:07|system||Maya created this group",
      "2023-12-30T21:06:11|text|Maya|Ok lar... Joking wif u o",
      "2023-12-31T00:00:00|text|Tomás 🦊|U dun say so early hor..",
      "2023-12-31T00:00:09|media|Maya||00000012-PHOTO-2023-12-31-00-00-09.jpg",
      "2023-12-31T12:01:00|media|Maya|the list|00000013-list of books.pdf",
      "2023-12-31T12:01:30|media|+44 7700 900123",
      "2023-12-31T12:02:00|deleted|Maya",
      "2024-01-01T01:15:00|text|Maya|See you at 7||edited",
      "2024-01-01T01:16:00|text|Maya|Agenda:\n1. budget\n\n[2/2/",
    ]);
  });

  it("keeps what a person named like the chat sent, whatever mark WhatsApp put in front", () => {
    const at = "[31/12/2023, 23:59:01] Maya: ";
    const text = `${at}hello\n${at}\u200e<attached: 00000002-PHOTO-2023-12-31-23-59-01.jpg>\n${at}\u200eMissed voice call\n${at}\u200eimage omitted`;
    expect(rows(text, "Maya").map((row) => row.slice(20))).toEqual([
      "text|Maya|hello",
      "media|Maya||00000002-PHOTO-2023-12-31-23-59-01.jpg",
      "text|Maya|Missed voice call",
      "media|Maya",
    ]);
    const group = text.replace(/hello|<.*>|image omitted/g, "\u200eMaya added Ali").replaceAll("\u200e\u200e", "\u200e");
    expect(rows(group, "Maya").map((row) => row.slice(20).split("|")[0])).toEqual(["system", "system", "system", "system"]);
  });

  it("android-en-24h.txt: names with a colon, phone numbers as names, colons in a system line", () => {
    const chat = parseChatText(fixture("android-en-24h.txt"), OPTIONS);
    if (!chat.ok) throw new Error(chat.error.kind);
    expect(chat.value.participants).toEqual(["Dr: House", "+1 (555) 010-9999"]);
    expect(chat.value.messages.map((message) => message.kind)).toEqual([
      "system",
      ...Array(10).fill("text"),
      "media",
      "deleted",
      "system",
      "media",
    ]);
    expect(chat.value.messages.at(-1)).toMatchObject({ sender: "Dr: House", text: "a caption" });
  });
});

/** [header, the time it means]; one message each, so that no other line can help. */
const HEADERS: readonly (readonly [string, string])[] = [
  ["[31/12/2023, 23:59:01] ", "2023-12-31T23:59:01"],
  ["\u200e[31/12/2023, 11:59:01\u202fPM] ", "2023-12-31T23:59:01"],
  ["[31.12.2023 23:59:01] ", "2023-12-31T23:59:01"],
  ["[2023-12-31, 11:59:01 p.m.] ", "2023-12-31T23:59:01"],
  ["[2023/12/31 23:59:01] ", "2023-12-31T23:59:01"],
  ["[2023. 12. 31. 오후 11:59:01] ", "2023-12-31T23:59:01"],
  ["[31-12-2023 23:59:01] ", "2023-12-31T23:59:01"],
  ["[٣١‏/١٢‏/٢٠٢٣، ١١:٥٩:٠١ م] ", "2023-12-31T23:59:01"],
  ["31/12/2023, 23:59 - ", "2023-12-31T23:59:00"],
  ["12/31/23, 11:59 PM - ", "2023-12-31T23:59:00"],
  ["12/31/23, 12:00\u202fAM - ", "2023-12-31T00:00:00"],
  ["31.12.2023, 23:59 - ", "2023-12-31T23:59:00"],
  ["31.12.23, 23:59 – ", "2023-12-31T23:59:00"],
  ["2023-12-31 23:59 - ", "2023-12-31T23:59:00"],
  ["2023-12-31, 11:59 p.m. - ", "2023-12-31T23:59:00"],
  ["31/12/2023 à 23:59 - ", "2023-12-31T23:59:00"],
  ["2023-12-31 23 h 59 - ", "2023-12-31T23:59:00"],
  ["31/12/2023 às 23:59 - ", "2023-12-31T23:59:00"],
  ["31.12.2023 klo 23.59 - ", "2023-12-31T23:59:00"],
  ["31.12.2023 kl. 23.59 - ", "2023-12-31T23:59:00"],
  ["31.12.2023 saat 23:59 - ", "2023-12-31T23:59:00"],
  ["31.12.2023 г., 23:59 ч. - ", "2023-12-31T23:59:00"],
  ["31/12/23 11:59 μ.μ. - ", "2023-12-31T23:59:00"],
  ["31/12/2023 23.59 - ", "2023-12-31T23:59:00"],
  ["31/12/2566 23:59 - ", "2023-12-31T23:59:00"],
  ["2023/12/31 下午11:59 - ", "2023-12-31T23:59:00"],
  ["2023年12月31日 23:59 - ", "2023-12-31T23:59:00"],
  ["2023/12/31 23:59 - ", "2023-12-31T23:59:00"],
  ["2023. 12. 31. 오후 11:59 - ", "2023-12-31T23:59:00"],
  ["31/12/2023, 11:59 अपराह्न - ", "2023-12-31T23:59:00"],
  ["३१/१२/२०२३, ११:५९ pm - ", "2023-12-31T23:59:00"],
  ["31.12.2023, 11:59 אחה״צ - ", "2023-12-31T23:59:00"],
  ["31.12.2023 ÖS 11:59 - ", "2023-12-31T23:59:00"],
  ["۳۱/۱۲/۲۰۲۳،‏ ۲۳:۵۹ - ", "2023-12-31T23:59:00"],
];

describe("headers", () => {
  it.each(HEADERS)("%j", (header, time) => {
    const chat = parseChatText(`${header}Ali: hello`, { ...OPTIONS, notAfterMs: Date.UTC(2024, 5) });
    expect(chat.ok && chat.value.messages).toMatchObject([{ sender: "Ali", text: "hello", sentAtMs: Date.parse(`${time}Z`) }]);
  });

  it.each([
    "31/12/2023 23:59 Ali: x",
    "[31/12/2023 25:00:00] A: x",
    "31/12/2023, 23:60 - A: x",
    "12/31/23, 13:00 PM - A: x",
    "hello",
    "1/2, 3:04 - A: x",
    "31/12/123, 10:00 - A: x",
  ])("%j is none", (line) => expect(parseChatText(line, OPTIONS)).toMatchObject({ ok: false, error: { kind: "not-a-chat" } }));

  it("refuses Persian and Islamic years by name", () => {
    expect(parseChatText("1402/10/10، 23:59 - علی: سلام", OPTIONS)).toMatchObject({
      ok: false,
      error: { kind: "unsupported-calendar", line: 1 },
    });
  });
});
