/** Invariants: a finished content reads back as what went in; its length tells only a step; nobody can pass one off as another's. */
import { type AccountId, type DeviceNumber, type MessageId } from "@hawser/base";
import type { VerifiedDeviceList } from "@hawser/crypto";
import { PADDING_STEPS } from "@hawser/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeContent, finishContent, paddedSize, readContent } from "./content.ts";
import { orderOfDelivery, orderOfOwn } from "./order.ts";

const ME = { account: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" as AccountId, device: 1 as DeviceNumber };
const YOU = { account: "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" as AccountId, device: 2 as DeviceNumber };
const ID = "01890000-0000-7000-8000-000000000000" as MessageId;
const list = { number: 3, hash: new Uint8Array(32).fill(1) } as unknown as VerifiedDeviceList;

test("what was written is read, and the length is a step", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 3_000, unit: "grapheme" }), (text) => {
      const bytes = encodeContent(
        { sender: ME, conversation: YOU.account, messageId: ID, sentAtMs: 5 },
        { case: "message", value: { text } },
      );
      const finished = finishContent(bytes, list, list);
      expect(PADDING_STEPS.some((step) => step === finished.length)).toBe(true);
      const read = readContent(finished, ME, YOU.account);
      expect(read?.content.body).toMatchObject({ case: "message", value: { text } });
      expect(read).toMatchObject({ messageId: ID, sentAtMs: 5, conversation: ME.account });
      expect(read?.content.senderList?.number).toBe(3n);
    }),
  );
});

test("a time that no calendar can show is brought back to one that can be", () => {
  const bytes = encodeContent(
    { sender: ME, conversation: YOU.account, messageId: ID, sentAtMs: Number.MAX_SAFE_INTEGER },
    { case: "message", value: { text: "x" } },
  );
  const { sentAtMs } = readContent(bytes, ME, YOU.account)!;
  expect(new Date(sentAtMs).toISOString()).toBe("2100-01-01T00:00:00.000Z");
});

test("beyond the steps sizes are multiples of the last", () => {
  expect(paddedSize(40_954)).toBe(40_960);
  expect(paddedSize(40_955)).toBe(81_920);
});

test("a content of another sender, for another account, or about the receiver itself is refused", () => {
  const from = (conversation: AccountId | undefined) =>
    encodeContent({ sender: ME, conversation, messageId: ID, sentAtMs: 5 }, { case: "message", value: { text: "x" } });
  const third = "cccccccccccccccccccccccccccccccc" as AccountId;
  expect(readContent(from(YOU.account), { ...ME, device: 9 as DeviceNumber }, YOU.account)).toBeUndefined();
  expect(readContent(from(YOU.account), YOU, YOU.account)).toBeUndefined();
  expect(readContent(from(third), ME, YOU.account)).toBeUndefined();
  expect(readContent(from(undefined), ME, YOU.account)).toBeUndefined();
  expect(readContent(from(ME.account), ME, ME.account)).toBeUndefined();
  expect(readContent(from(YOU.account), ME, ME.account)?.conversation).toBe(YOU.account);
  expect(readContent(from(undefined), ME, ME.account)?.conversation).toBeUndefined();
  expect(readContent(new Uint8Array([0xff]), ME, YOU.account)).toBeUndefined();
});

test("senders' clocks move a message within bounds only; own messages come last", () => {
  const serverMs = 1_700_000_000_000;
  const dayMs = 86_400_000;
  const newest = (): number => serverMs - dayMs;
  expect(orderOfDelivery(serverMs + 1e12, serverMs, serverMs, newest)).toBe(serverMs * 1_000);
  expect(orderOfDelivery(serverMs - 5_000, serverMs, serverMs, newest)).toBe((serverMs - 5_000) * 1_000);
  expect(orderOfDelivery(0, serverMs, serverMs, newest)).toBe((serverMs - dayMs) * 1_000);
  // A server years ahead, with a sender who helps: a day, not the end of the chat for years.
  expect(orderOfDelivery(9e15, 9e15, serverMs, newest)).toBe((serverMs + dayMs) * 1_000);
  // This device's clock is years behind what it holds: sender and server are believed where they agree, neither of them alone.
  const slowMs = serverMs - 500 * dayMs;
  expect(orderOfDelivery(serverMs - 5_000, serverMs, slowMs, newest)).toBe((serverMs - 5_000) * 1_000);
  expect(orderOfDelivery(slowMs, serverMs, slowMs, newest)).toBe(slowMs * 1_000);
  expect(orderOfOwn(5, 9_000)).toBe(9_001);
  expect(orderOfOwn(10, 9_000)).toBe(10_000);
});
