import type { MessageView } from "@hawser/sdk";
import { expect, test } from "vitest";
import { MAX_WINDOW, refreshed, trimmed, windowOf, withMessage, withNewer, withOlder } from "./message-window.ts";

const message = (order: number, text = ""): MessageView => ({ id: `m${order}`, order, text }) as unknown as MessageView;
const run = (from: number, to: number): MessageView[] => Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
const page = (from: number, to: number, hasOlder: boolean, hasNewer: boolean) => ({ items: run(from, to).reverse(), hasOlder, hasNewer });
const orders = (window: { messages: readonly MessageView[] }): number[] => window.messages.map(({ order }) => order);

test("pages join without gaps or repetition", () => {
  const window = withOlder(windowOf(page(10, 20, true, false)), page(5, 11, true, true));
  expect(orders(window)).toEqual(run(5, 20).map(({ order }) => order));
  expect([window.hasOlder, window.hasNewer]).toEqual([true, false]);
  expect(orders(withNewer(windowOf(page(1, 3, false, true)), page(4, 6, true, false)))).toEqual([1, 2, 3, 4, 5, 6]);
});

test("the far end is let go after a page was joined, and known to be missing", () => {
  const older = withOlder(windowOf(page(100, 100 + MAX_WINDOW - 1, true, false)), page(40, 99, true, true));
  expect(older.messages.length).toBe(MAX_WINDOW + 60);
  const back = trimmed(older, "newer");
  expect([back.messages.length, back.messages[0]!.order, back.hasOlder, back.hasNewer]).toEqual([MAX_WINDOW, 40, true, true]);
  const newer = trimmed(withNewer(windowOf(page(1, MAX_WINDOW, false, true)), page(MAX_WINDOW + 1, MAX_WINDOW + 60, true, false)), "older");
  expect([newer.messages.length, newer.messages[0]!.order, newer.hasOlder, newer.hasNewer]).toEqual([MAX_WINDOW, 61, true, false]);
  expect(trimmed(back, "older")).toBe(back);
});

test("a refresh by a page smaller than the window keeps what stands before it", () => {
  const window = windowOf(page(1, 10, false, false));
  const fresh = refreshed(window, { items: [message(8, "new"), message(10, "new"), message(11, "new")], hasOlder: true, hasNewer: false });
  expect(orders(fresh)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 10, 11]);
  expect([fresh.hasOlder, fresh.hasNewer]).toEqual([false, false]);
  expect(orders(refreshed(window, page(3, 4, false, false)))).toEqual([1, 2, 3, 4]);
});

test("a changed message is replaced in place", () => {
  const window = withMessage(windowOf(page(1, 3, false, false)), message(2, "edited"));
  expect(window.messages.map(({ text }) => text)).toEqual(["", "edited", ""]);
});

test("a new message joins at the end only when the end is loaded", () => {
  expect(orders(withMessage(windowOf(page(1, 3, false, false)), message(4)))).toEqual([1, 2, 3, 4]);
  expect(orders(withMessage(windowOf(page(1, 3, false, true)), message(9)))).toEqual([1, 2, 3]);
  expect(orders(withMessage(windowOf(page(5, 7, true, false)), message(2)))).toEqual([5, 6, 7]);
});
