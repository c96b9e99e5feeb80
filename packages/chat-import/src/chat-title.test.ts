import { expect, it } from "vitest";
import { titleFromFileName } from "./chat-title.ts";
import { guessSelf } from "./guess-self.ts";

it.each([
  ["WhatsApp Chat with Ali.txt", "Ali"],
  ["WhatsApp Chat - Book Club.zip", "Book Club"],
  ["WhatsApp Chat - Book Club (2).zip", "Book Club"],
  ["WhatsApp Chat with Ali.txt.zip", "Ali"],
  ["/sdcard/Download/WhatsApp-Chat mit Jürgen Groß.txt", "Jürgen Groß"],
  ["C:\\Downloads\\Chat de WhatsApp con Lucía.txt", "Lucía"],
  ["Conversa do WhatsApp com João.txt", "João"],
  ["Discussion WhatsApp avec Chloé.txt", "Chloé"],
  ["Chat WhatsApp con Giulia.txt", "Giulia"],
  ["WhatsApp-chat met Sanne.txt", "Sanne"],
  ["Чат WhatsApp с контактом Пётр.txt", "Пётр"],
  ["Ayşe Öztürk ile WhatsApp Sohbeti.txt", "Ayşe Öztürk"],
  ["Günel ilə WhatsApp Söhbəti.txt", "Günel"],
  ["محادثة واتساب مع علي حسن.txt", "علي حسن"],
  ["दिया के साथ WhatsApp चैट.txt", "दिया"],
  ["WhatsApp Chat with +90 532 000 00 00.txt", "+90 532 000 00 00"],
  ["_chat.txt", undefined],
  ["export.txt", undefined],
  ["WhatsApp Chat with .txt", undefined],
])("%j → %j", (fileName, title) => expect(titleFromFileName(fileName)).toBe(title));

it("guesses who made the export only from evidence", () => {
  const person = (name: string, selfDeletions = 0) => ({ name, messageCount: 3, selfDeletions });
  expect(guessSelf({ title: "Ali_", participants: [person("Ali:"), person("Me")] })).toEqual([
    { name: "Me", reasons: ["title-names-the-other"] },
    { name: "Ali:", reasons: [] },
  ]);
  expect(guessSelf({ participants: [person("A"), person("B")] }).flatMap((candidate) => candidate.reasons)).toEqual([]);
  expect(guessSelf({ title: "Club", participants: [person("A"), person("B", 2), person("C")] })[0]).toEqual({
    name: "B",
    reasons: ["deleted-own-message"],
  });
  expect(guessSelf({ title: "🐻", participants: [person("🦊"), person("🐻")] })[0]?.name).toBe("🦊");
});
