import { describe, expect, it } from "vitest";
import { ChatParser, parseChatText } from "./chat-parser.ts";
import type { DateOrder } from "./local-date-time.ts";
import { OPTIONS } from "../fixtures/load.ts";

const chat = (...dates: readonly string[]): string => dates.map((date, i) => `${date}, 10:00 - Ali: message ${i}`).join("\n");
const decide = (text: string, options: { notAfterMs?: number; dateOrder?: DateOrder } = {}) => {
  const parsed = parseChatText(text, { ...OPTIONS, ...options });
  return parsed.ok ? parsed.value.dateOrder : parsed.error;
};

describe("which number is the day", () => {
  it("a value above 12", () => {
    expect(decide(chat("01/02/2024", "13/02/2024"))).toMatchObject({ order: "dmy", basis: "impossible-values", ambiguous: false });
    expect(decide(chat("01/02/2024", "02/13/2024"))).toMatchObject({ order: "mdy", basis: "impossible-values", ambiguous: false });
  });
  it("a chat runs forward", () => {
    expect(decide(chat("10/01/2024", "02/02/2024"))).toMatchObject({ order: "dmy", basis: "runs-forward", ambiguous: false });
    expect(decide(chat("01/10/2024", "02/02/2024"))).toMatchObject({ order: "mdy", basis: "runs-forward", ambiguous: false });
  });
  it("an attachment's name", () => {
    const text = "03/04/2024, 10:00 - Ali: IMG-20240304-WA0001.jpg (file attached)";
    expect(decide(text)).toMatchObject({ order: "mdy", basis: "attachment-names", ambiguous: false });
  });
  it("dates after the import", () => {
    expect(decide(chat("03/04/2024"), { notAfterMs: Date.UTC(2024, 2, 10) })).toMatchObject({ order: "mdy", ambiguous: false });
  });
  it("a span of days is likelier than a span of months, but asks", () => {
    expect(decide(chat("01/02/2024", "02/02/2024", "03/02/2024"))).toMatchObject({
      order: "dmy",
      basis: "shortest-span",
      ambiguous: true,
      candidates: ["dmy", "mdy"],
    });
    expect(decide(chat("02/01/2024", "02/02/2024", "02/03/2024"))).toMatchObject({ order: "mdy", basis: "shortest-span", ambiguous: true });
  });
  it("one date says nothing: convention, and asks", () => {
    expect(decide(chat("03/04/2024"))).toMatchObject({ order: "dmy", basis: "convention", ambiguous: true });
    expect(decide("3/4/24, 10:00 AM - Ali: x")).toMatchObject({ order: "mdy", basis: "convention", ambiguous: true });
  });
  it("does not ask when it makes no difference", () => expect(decide(chat("04/04/2024"))).toMatchObject({ ambiguous: false }));
  it("two-digit years in front", () => {
    expect(decide("23. 12. 31. 오후 11:59 - 김: a\n24. 1. 1. 오전 1:00 - 김: b")).toMatchObject({ order: "ymd", ambiguous: false });
  });
});

describe("a person's word", () => {
  it("decides", () => {
    const parsed = parseChatText(chat("03/04/2024"), { ...OPTIONS, dateOrder: "mdy" });
    expect(parsed.ok && parsed.value.messages[0]?.sentAtMs).toBe(Date.UTC(2024, 2, 4, 10));
  });
  it("is refused where the file contradicts it", () => {
    expect(decide(chat("03/04/2024", "25/04/2024"), { dateOrder: "mdy" })).toEqual({ kind: "date-order-contradicted", line: 2 });
  });
});

it("a typed line with an impossible date stays text", () => {
  const text = `${chat("01/13/2024", "01/14/2024")}\n25/12/2023, 10:00 - Eve: forged`;
  const parsed = parseChatText(text, OPTIONS);
  expect(parsed.ok && parsed.value.messages.map((message) => message.text)).toEqual([
    "message 0",
    "message 1\n25/12/2023, 10:00 - Eve: forged",
  ]);
});

describe("without a survey", () => {
  it("holds messages back until the order is known", () => {
    const parser = new ChatParser(OPTIONS);
    expect(parser.push(`${chat("01/02/2024", "02/02/2024", "03/02/2024")}\n`)).toEqual({ ok: true, value: [] });
    const released = parser.push(`${chat("13/02/2024")}\nx\n14/02/2024, 1:00 - B: y`);
    expect(released.ok && released.value.length).toBe(0);
    const rest = parser.finish();
    expect(rest.ok && rest.value.map((message) => new Date(message.sentAtMs).getUTCDate())).toEqual([1, 2, 3, 13, 14]);
  });
  it("holds a bounded number, and says when its guess proves wrong", () => {
    const parser = new ChatParser(OPTIONS);
    const guessed = parser.push(`${chat(...Array<string>(2_500).fill("02/03/2024"))}\n`);
    expect(guessed.ok && guessed.value.length).toBe(2_499);
    expect(parser.dateOrder).toMatchObject({ order: "dmy", ambiguous: true });
    expect(parser.push(chat("02/13/2024") + "\n")).toMatchObject({ ok: false, error: { kind: "date-order-contradicted", line: 2_501 } });
    expect(parser.finish()).toMatchObject({ ok: false, error: { kind: "date-order-contradicted" } });
  });
});
