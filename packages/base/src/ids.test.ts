import fc from "fast-check";
import { expect, test } from "vitest";
import {
  accountIdFromBytes,
  accountIdToBytes,
  accountOfConversation,
  conversationWith,
  messageIdFromBytes,
  messageIdTimeMs,
  messageIdToBytes,
  newMessageId,
  parseAccountId,
  parseDeviceNumber,
  parseMessageId,
} from "./ids.ts";

const random = { bytes: (size: number) => new Uint8Array(size).fill(0xff) };

test("a UUIDv7 carries its time, its version and its variant, and later ones sort later", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 47 }), fc.integer({ min: 1, max: 1e9 }), (timeMs, laterMs) => {
      const id = newMessageId(timeMs, random);
      expect(messageIdTimeMs(id)).toBe(timeMs);
      expect(id[14]).toBe("7");
      expect(["8", "9", "a", "b"]).toContain(id[19]);
      expect(newMessageId(timeMs + laterMs, { bytes: (size) => new Uint8Array(size) }) > id).toBe(true);
    }),
  );
});

test("ids keep their bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), fc.uint8Array({ minLength: 16, maxLength: 16 }), (account, message) => {
      const id = accountIdFromBytes(account);
      expect(accountIdToBytes(id)).toEqual(account);
      expect(accountOfConversation(conversationWith(id))).toBe(id);
      expect(messageIdToBytes(messageIdFromBytes(message))).toEqual(message);
      expect(parseMessageId(messageIdFromBytes(message))).toBeDefined();
    }),
  );
});

test("what is no id is refused", () => {
  for (const text of ["", "a", "a".repeat(31), "A".repeat(32), "1".repeat(32), "a".repeat(33)])
    expect(parseAccountId(text)).toBeUndefined();
  for (const value of [0, -1, 1.5, 2 ** 32, Number.NaN]) expect(parseDeviceNumber(value)).toBeUndefined();
  expect(parseMessageId("00000000000000000000000000000000")).toBeUndefined();
  expect(accountOfConversation("i:whatever" as never)).toBeUndefined();
});
