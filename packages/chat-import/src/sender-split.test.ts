import { expect, it } from "vitest";
import { parseChatText } from "./chat-parser.ts";
import { senderName, splitSender } from "./sender-split.ts";
import { OPTIONS } from "../fixtures/load.ts";

it.each([
  ["Ali: hi", "Ali", "hi"],
  ["Ali:", "Ali", ""],
  ["+90 532 000 00 00: see https://a.b/c: d", "+90 532 000 00 00", "see https://a.b/c: d"],
  ["‎علي 🌙: مرحبا", "علي 🌙", "مرحبا"],
  ["~\u202fDana: hi", "Dana", "hi"],
  ["12:30 Club: hi", "12:30 Club", "hi"],
  ['Ali "The King" Y: hi', 'Ali "The King" Y', "hi"],
])("%j", (body, sender, text) => {
  const split = splitSender(body);
  expect([split?.sender, body.slice(split?.textAt)]).toEqual([sender, text]);
});

it.each([
  "Ali left",
  "see https://x.y",
  `${"n".repeat(200)}: x`,
  'Ali changed the subject to "A: B"',
  ": x",
  "Messages and calls are end-to-end encrypted: no one can read them",
])("%j is a system line", (body) => expect(splitSender(body)).toBeUndefined());

it("takes the longest known name", () => {
  expect(splitSender("A: B: c", new Set(["A", "A: B"]))?.sender).toBe("A: B");
  expect(splitSender("A: B: c", new Set(["A"]))?.sender).toBe("A");
});

it("does not take a habit of two messages for a name, but a title for evidence", () => {
  const text = "01/02/2024, 10:00 - Ali: Note: milk\n01/02/2024, 10:01 - Ali: Note: bread";
  const names = (title?: string) => {
    const chat = parseChatText(text, { ...OPTIONS, ...(title === undefined ? {} : { title }) });
    return chat.ok && chat.value.participants;
  };
  expect(names()).toEqual(["Ali"]);
  expect(names("Ali_ Note")).toEqual(["Ali: Note"]);
});

it("keeps a name's inner marks out of comparison", () => expect(senderName("\u202aAli\u202c")).toBe("Ali"));
