/** The instrument itself: a search that finds nothing proves something only if it finds what is there. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findInFiles, findShapes, shapesOf } from "./needle.ts";
import { unmasked } from "./wire-tap.ts";

const TEXT = "canary ŞAKI-7f3a بط";
const NOISE = Buffer.from([0x00, 0xff, 0x41, 0x80, 0x0a]);

test("every shape of a planted text is found, wherever it begins", () => {
  const utf16 = Buffer.from(TEXT, "utf16le");
  for (let shift = 0; shift < 4; shift++) {
    const before = Buffer.concat([NOISE.subarray(0, shift), Buffer.from(TEXT)]);
    const planted: Record<string, Buffer> = {
      "UTF-8": before,
      "UTF-16LE": Buffer.concat([NOISE, utf16]),
      "UTF-16BE": Buffer.concat([NOISE, Buffer.from(utf16).swap16()]),
      base64: Buffer.from(Buffer.concat([before, NOISE]).toString("base64")),
      base64url: Buffer.from(Buffer.concat([before, NOISE]).toString("base64url")),
      hex: Buffer.from(before.toString("hex")),
      HEX: Buffer.from(before.toString("hex").toUpperCase()),
      backwards: Buffer.from(before).reverse(),
    };
    expect(Object.keys(planted)).toEqual([...shapesOf(TEXT).keys()]);
    for (const [shape, bytes] of Object.entries(planted)) expect(findShapes(bytes, TEXT), `${shape} at ${shift}`).toContain(shape);
  }
  expect(findShapes(Buffer.concat([NOISE, Buffer.from("canary ŞAKI-7f3b بط")]), TEXT)).toEqual([]);
});

test("files in folders are searched, and named", () => {
  const folder = mkdtempSync(join(tmpdir(), "hawser-needle-"));
  try {
    mkdirSync(join(folder, "blobs"));
    writeFileSync(join(folder, "mailbox.db-wal"), Buffer.concat([NOISE, Buffer.from(TEXT)]));
    writeFileSync(join(folder, "blobs", "aa"), Buffer.from(TEXT).toString("hex"));
    writeFileSync(join(folder, "clean"), NOISE);
    expect(findInFiles(folder, TEXT).sort()).toEqual(["blobs/aa: hex", "mailbox.db-wal: UTF-8"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("masked WebSocket frames of every length are read", () => {
  const head = Buffer.from("GET /v1/connect HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
  const mask = Buffer.from([0x12, 0x34, 0x56, 0x78]);
  const frame = (payload: Buffer): Buffer => {
    const size = payload.length;
    const length = size < 126 ? Buffer.from([0x80 | size]) : size < 65_536 ? Buffer.alloc(3, 0x80 | 126) : Buffer.alloc(9, 0);
    if (length.length === 3) length.writeUInt16BE(size, 1);
    if (length.length === 9) {
      length[0] = 0x80 | 127;
      length.writeBigUInt64BE(BigInt(size), 1);
    }
    return Buffer.concat([Buffer.from([0x82]), length, mask, payload.map((byte, index) => byte ^ mask[index & 3]!)]);
  };
  const payloads = [0, 5, 125, 126, 300, 65_535, 65_536, 70_000].map((size) => Buffer.concat([Buffer.alloc(size, 7), Buffer.from(TEXT)]));
  const stream = Buffer.concat([head, ...payloads.map(frame)]);
  expect(stream.includes(TEXT)).toBe(false);
  expect(unmasked(stream).equals(Buffer.concat([head, ...payloads]))).toBe(true);
});
