/** Properties: a chat rendered in any layout parses back to itself, and how the text is cut into pushes does not matter. */
import { utf8 } from "@hawser/base";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ChatParser, parseChatText } from "./chat-parser.ts";
import { ChatSurveyor } from "./chat-survey.ts";
import type { ImportedMessage } from "./imported-chat.ts";
import type { DateOrder } from "./local-date-time.ts";
import { OPTIONS } from "../fixtures/load.ts";
import { Utf8Stream } from "./utf8-stream.ts";

interface Line {
  readonly sender: string | undefined;
  readonly text: string;
  readonly atMs: number;
}
interface Layout {
  readonly order: DateOrder;
  readonly seconds: boolean;
  render(local: Date): string;
}

const two = (value: number): string => String(value).padStart(2, "0");
const clock = (at: Date): string => `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
const clock12 = (at: Date, am: string, pm: string): string =>
  `${at.getUTCHours() % 12 || 12}:${two(at.getUTCMinutes())}\u202f${at.getUTCHours() < 12 ? am : pm}`;
const parts = (at: Date): [string, string, string] => [String(at.getUTCDate()), String(at.getUTCMonth() + 1), String(at.getUTCFullYear())];
const digits = (text: string, zero: number): string => text.replace(/[0-9]/g, (digit) => String.fromCharCode(zero + Number(digit)));

const LAYOUTS: readonly Layout[] = [
  { order: "dmy", seconds: true, render: (at) => `[${parts(at).join("/")}, ${clock(at)}:${two(at.getUTCSeconds())}] ` },
  {
    order: "dmy",
    seconds: false,
    render: (at) =>
      `${parts(at)
        .map((part) => part.padStart(2, "0"))
        .join(".")} ${clock(at)} - `,
  },
  {
    order: "mdy",
    seconds: false,
    render: (at) => `${parts(at)[1]}/${parts(at)[0]}/${parts(at)[2].slice(2)}, ${clock12(at, "AM", "PM")} - `,
  },
  { order: "ymd", seconds: false, render: (at) => `${parts(at).reverse().join("-")} ${clock12(at, "a.\u00a0m.", "p.\u00a0m.")} - ` },
  {
    order: "dmy",
    seconds: false,
    render: (at) => `${digits(parts(at).join("\u200f/"), 0x660)}، ${digits(clock12(at, "ص", "م"), 0x660)} - `,
  },
  { order: "dmy", seconds: false, render: (at) => `${parts(at).join("/")} à ${clock(at)} - ` },
  {
    order: "ymd",
    seconds: false,
    render: (at) =>
      `${parts(at).reverse().join("/")} ${at.getUTCHours() < 12 ? "上午" : "下午"}${at.getUTCHours() % 12 || 12}:${two(at.getUTCMinutes())} - `,
  },
];

const word = fc.string({ unit: fc.constantFrom(...Array.from("abcXYZéşğ١अ中🙂#!?,.-()<[]")), minLength: 1, maxLength: 12 });
/** Text without marks or spaces at its ends, and nothing that WhatsApp itself could have written. */
const text = fc
  .array(
    fc.array(word, { maxLength: 6 }).map((words) => words.join(" ")),
    { minLength: 1, maxLength: 3 },
  )
  .map((lines) => `m${lines.join("\n")}.`);
const name = fc.constantFrom("Ali", "Zoë 🌙", "+90 532 000 00 00", "علي حسن", "Dr. O'Neil (work)", "दिया");
const chat = fc
  .array(fc.record({ sender: fc.option(name, { nil: undefined, freq: 9 }), text, stepSeconds: fc.integer({ min: 0, max: 40 * 86_400 }) }), {
    minLength: 1,
    maxLength: 25,
  })
  .map((steps) => {
    let atMs = Date.UTC(2019, 3, 5, 6, 7, 8);
    return steps.map((step): Line => ({ sender: step.sender, text: step.text, atMs: (atMs += step.stepSeconds * 1000) }));
  });
const layout = fc.constantFrom(...LAYOUTS);
const eol = fc.constantFrom("\n", "\r\n");

const render = (lines: readonly Line[], { render: header }: Layout, end: string): string =>
  lines
    .map((line) => header(new Date(line.atMs)) + (line.sender === undefined ? "" : `${line.sender}: `) + line.text.replaceAll("\n", end))
    .join(end) + end;

describe("round trip", () => {
  it("is exact", () => {
    fc.assert(
      fc.property(chat, layout, eol, fc.constantFrom("", "\ufeff"), (lines, style, end, mark) => {
        const parsed = parseChatText(mark + render(lines, style, end), { ...OPTIONS, dateOrder: style.order });
        const unit = style.seconds ? 1000 : 60_000;
        expect(
          parsed.ok && parsed.value.messages.map(({ sender, text: said, sentAtMs, kind }) => ({ sender, said, sentAtMs, kind })),
        ).toEqual(
          lines.map((line) => ({
            sender: line.sender,
            said: line.text,
            sentAtMs: Math.floor(line.atMs / unit) * unit,
            kind: line.sender === undefined ? "system" : "text",
          })),
        );
      }),
      { numRuns: 500, seed: 7 },
    );
  });
  it("finds the order itself whenever it says that it is sure", () => {
    let sure = 0;
    fc.assert(
      fc.property(chat, layout, (lines, style) => {
        const parsed = parseChatText(render(lines, style, "\n"), { ...OPTIONS, notAfterMs: lines.at(-1)!.atMs + 86_400_000 });
        if (!parsed.ok) throw new Error(parsed.error.kind);
        const { ambiguous } = parsed.value.dateOrder;
        if (ambiguous) return;
        sure += 1;
        const unit = style.seconds ? 1000 : 60_000;
        expect(parsed.value.messages.map((message) => message.sentAtMs)).toEqual(lines.map((line) => Math.floor(line.atMs / unit) * unit));
      }),
      { numRuns: 400, seed: 11 },
    );
    expect(sure).toBeGreaterThan(200);
  });
  it("does not depend on where the bytes are cut", () => {
    fc.assert(
      fc.property(
        chat,
        layout,
        eol,
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 9 }),
        (lines, style, end, cuts) => {
          const whole = render(lines, style, end);
          const bytes = utf8(whole);
          const surveyor = new ChatSurveyor();
          surveyor.push(whole);
          const survey = surveyor.finish();
          if (!survey.ok) throw new Error(survey.error.kind);
          const parser = new ChatParser({ ...OPTIONS, survey: survey.value });
          const decoder = new Utf8Stream();
          const messages: ImportedMessage[] = [];
          for (let at = 0, cut = 0; at < bytes.length; cut++) {
            const size = cuts[cut % cuts.length]!;
            const piece = decoder.push(bytes.subarray(at, at + size));
            const parsed = parser.push(piece.ok ? piece.value : "");
            messages.push(...(parsed.ok ? parsed.value : []));
            at += size;
          }
          const rest = parser.finish();
          messages.push(...(rest.ok ? rest.value : []));
          const once = parseChatText(whole, OPTIONS);
          expect(messages).toEqual(once.ok && once.value.messages);
        },
      ),
      { numRuns: 200, seed: 13 },
    );
  });
});
