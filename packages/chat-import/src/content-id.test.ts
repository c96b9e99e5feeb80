/** Invariant: the messages that two exports share have the same ids, and only those. */
import { describe, expect, it } from "vitest";
import { parseChatText } from "./chat-parser.ts";
import { OPTIONS } from "../fixtures/load.ts";

function ids(text: string, chatKey = "i:a"): string[] {
  const chat = parseChatText(text, { ...OPTIONS, chatKey });
  if (!chat.ok) throw new Error(chat.error.kind);
  return chat.value.messages.map((message) => message.contentId);
}
const line = (minute: number, body: string): string => `13/02/2024, 10:${String(minute).padStart(2, "0")} - ${body}\n`;

describe("content ids", () => {
  const old = line(1, "A: ok") + line(1, "B: ok") + line(1, "A: ok") + line(2, "A: bye") + line(3, "B: <Media omitted>");
  it("are the same for the same file, whatever the time it is imported", () => expect(ids(old)).toEqual(ids(old)));
  it("are all different inside one file", () => expect(new Set(ids(old)).size).toBe(5));
  it("are UUIDs of version 8 with the minute in front", () => {
    for (const id of ids(old)) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(ids(old)[0]!.replace("-", "").slice(0, 12), 16)).toBe(Date.UTC(2024, 1, 13, 10, 1));
  });
  it("are continued by a longer export", () => expect(ids(old + line(9, "A: new")).slice(0, 5)).toEqual(ids(old)));
  it("survive an export that begins later, inside a minute of equal messages", () => {
    const cut = line(1, "A: ok") + line(2, "A: bye") + line(3, "B: <Media omitted>");
    expect(ids(cut).every((id) => ids(old).includes(id))).toBe(true);
  });
  it("survive another name in the address book", () => expect(ids(old.replaceAll("- A", "- Anna"))).toEqual(ids(old)));
  it("are the same with and without media, and from an iPhone with seconds", () => {
    const android = line(5, "A: IMG-20240213-WA0001.jpg (file attached)\nlook");
    const omitted = line(5, "A: <Media omitted>\nlook");
    const ios = "[13/02/2024, 10:05:44] A: look \u200e<attached: 00000007-PHOTO-2024-02-13-10-05-44.jpg>";
    expect(ids(android)).toEqual(ids(omitted));
    expect(ids(ios)).toEqual(ids(omitted));
  });
  it("differ between chats, minutes, texts and kinds", () => {
    const all = [
      ids(line(1, "A: x")),
      ids(line(1, "A: x"), "i:b"),
      ids(line(2, "A: x")),
      ids(line(1, "A: y")),
      ids(line(1, "x")),
      ids(line(1, "A: This message was deleted")),
    ];
    expect(new Set(all.flat()).size).toBe(6);
  });
  it("is pinned: a change of the rule would import every old chat twice", () => {
    expect(ids(line(1, "A: ok"))).toEqual(["018da1e9-a360-83eb-ada2-31bdb96cf873"]);
  });
});
