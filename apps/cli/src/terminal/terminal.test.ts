import { encode } from "uqr";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { MessageView } from "@hawser/sdk";
import { messageLine } from "../views/message-view.ts";
import { paintFor } from "./paint.ts";
import { qrCode } from "./qr-code.ts";
import { safeName, safeText } from "./safe-text.ts";

const plain = paintFor({ isTTY: false }, {});
/** A link code as it is: rendezvous id, secret and key in base64url. */
const linkUri = (origin: string): string => `${origin}/link#1.${"aB3-".repeat(27).slice(0, 107)}`;

test("a link code of a long address fits 80 columns, and its characters are the code's modules", () => {
  const uri = linkUri(`https://messages.department.example-university.org:8443`);
  const lines = qrCode(uri, { paint: plain });
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  const { data, size } = encode(uri, { ecc: "L", boostEcc: false, border: 2 });
  const readBack = lines.flatMap((line) => ["▀█", "▄█"].map((light) => Array.from(line, (cell) => !light.includes(cell))));
  expect(readBack.slice(0, size).map((row) => row.slice(0, size))).toEqual(data);
});

test("colours only on a terminal, never against NO_COLOR", () => {
  expect(paintFor({ isTTY: true }, {}).bold("x")).toBe("\x1b[1mx\x1b[22m");
  expect(paintFor({ isTTY: true }, { NO_COLOR: "1" }).bold("x")).toBe("x");
  expect(paintFor({ isTTY: true }, { TERM: "dumb" }).bold("x")).toBe("x");
  expect(paintFor({ isTTY: false }, {}).bold("x")).toBe("x");
  expect(paintFor({ isTTY: false }, { FORCE_COLOR: "1" }).enabled).toBe(true);
});

test("nothing that a sender chose reaches a terminal as it came: names, texts, files and their types", () => {
  const evil = "\x1b]0;owned\x07";
  const attachment = {
    index: 0,
    blob: undefined,
    mediaType: evil,
    fileName: evil,
    sizeBytes: 5,
    width: 0,
    height: 0,
    thumbnail: undefined,
    local: false,
  };
  const message = {
    senderName: evil,
    text: evil,
    sentAtMs: 1,
    status: "received",
    kind: "text",
    outgoing: false,
    attachments: [attachment],
  };
  // oxlint-disable-next-line no-control-regex
  expect(messageLine(message as unknown as MessageView, plain, 1, evil)).not.toMatch(/[\x1b\x07]/);
});

test("no text from outside reaches a terminal with a control character", () => {
  expect(safeText("a\x1b]0;owned\x07b\r\x9bc\n\td")).toBe("a\u{fffd}]0;owned\u{fffd}b\u{fffd}\u{fffd}c\n\td");
  expect(safeName("Ann\u202ea\nBob\u200f")).toBe("Anna Bob");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      // oxlint-disable-next-line no-control-regex
      expect(safeText(text)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
      expect(safeText(text).length).toBe(text.length);
    }),
  );
});
