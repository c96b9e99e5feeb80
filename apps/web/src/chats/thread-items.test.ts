import type { MessageView } from "@hawser/sdk";
import { expect, test } from "vitest";
import { isOnlyEmoji, threadItems } from "./thread-items.ts";

const NOON_MS = new Date(2026, 5, 10, 12).getTime();
const MINUTE_MS = 60_000;

const message = (id: string, minutes: number, change: Partial<MessageView> = {}): MessageView =>
  ({
    id,
    sentAtMs: NOON_MS + minutes * MINUTE_MS,
    order: minutes,
    outgoing: false,
    senderName: "Ada",
    kind: "text",
    text: id,
    ...change,
  }) as MessageView;
const shape = (items: ReturnType<typeof threadItems>): string[] =>
  items.map((item) => (item.type === "message" ? `${item.isFirst ? "(" : ""}${item.message.id}${item.isLast ? ")" : ""}` : item.type));

test("messages of one sender within five minutes stand together", () => {
  expect(shape(threadItems([message("a", 0), message("b", 4), message("c", 10), message("d", 11, { outgoing: true })], undefined))).toEqual(
    ["day", "(a", "b)", "(c)", "(d)"],
  );
});

test("a new day gets its separator and ends a group", () => {
  const night = 12 * 60 - 1;
  expect(shape(threadItems([message("a", night), message("b", night + 2)], undefined))).toEqual(["day", "(a)", "day", "(b)"]);
});

test("the unread line stands before the first unread message and splits its group", () => {
  expect(shape(threadItems([message("a", 0), message("b", 1), message("c", 2)], "b" as never))).toEqual([
    "day",
    "(a)",
    "unread",
    "(b",
    "c)",
  ]);
});

test("system lines belong to nobody's group", () => {
  expect(shape(threadItems([message("a", 0), message("s", 1, { kind: "system" }), message("b", 2)], undefined))).toEqual([
    "day",
    "(a)",
    "(s)",
    "(b)",
  ]);
});

test("keys stay the same when older messages come in front", () => {
  const later = [message("b", 24 * 60), message("c", 24 * 60 + 1)];
  const key = (items: ReturnType<typeof threadItems>, id: string) =>
    items.find((item) => item.type === "message" && item.message.id === id)?.key;
  expect(key(threadItems([message("a", 0), ...later], undefined), "c")).toBe(key(threadItems(later, undefined), "c"));
});

test("one to three emoji alone are shown large", () => {
  expect([
    isOnlyEmoji("⛵️"),
    isOnlyEmoji("👋🏽 👨‍👩‍👧"),
    isOnlyEmoji("🎉🎉🎉🎉"),
    isOnlyEmoji("ok 👍"),
    isOnlyEmoji("12"),
    isOnlyEmoji(""),
  ]).toEqual([true, true, false, false, false, false]);
});
