/** 10,000 damaged files and a file of a million lines: every outcome is messages or a typed error, in bounded memory. */
import { sourceOfBytes } from "./byte-source.ts";
import { utf8 } from "@hawser/base";
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { ChatParser } from "./chat-parser.ts";
import type { MessageOptions } from "./open-import.ts";
import { openImport } from "./open-import.ts";
import { fixture, OPTIONS } from "../fixtures/load.ts";

/** mulberry32: a small seeded generator, so that a failure names its round. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function mutated(original: Uint8Array, below: (limit: number) => number): Uint8Array {
  let bytes = original.slice();
  for (let edits = 1 + below(4); edits > 0 && bytes.length > 0; edits--) {
    const at = below(bytes.length);
    const kind = below(5);
    if (kind === 0) bytes[at] = below(256);
    else if (kind === 1) bytes[at] = [0, 0xff, 0x0a, 0x3a, 0x5b, 0x3c, 0xe2, 0x20][below(8)]!;
    else if (kind === 2) bytes = bytes.slice(0, at);
    else if (kind === 3) bytes.copyWithin(at, below(bytes.length), below(bytes.length));
    else bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + below(20))]);
  }
  return bytes;
}

const FILES = ["ios-en-12h.txt", "ios-de-24h.txt", "android-tr.txt", "android-ar.txt", "android-fr.txt", "android-en-24h.txt"].map(fixture);
/** All that a damaged small file may come to. */
const KINDS = new Set([
  "messages",
  "empty-file",
  "utf-16",
  "not-utf8",
  "not-a-chat",
  "unsupported-calendar",
  "date-order-contradicted",
  "truncated-zip",
  "malformed-zip",
  "encrypted-zip",
  "unsupported-zip",
  "zip-bomb",
  "too-many-entries",
  "unsafe-path",
  "duplicate-entry",
  "overlapping-entries",
  "corrupt-entry",
  "no-chat-text",
  "several-chat-texts",
  "line-too-long",
]);

/** The outcome of a whole import: an error kind, or how many messages. */
async function outcome(bytes: Uint8Array, options: MessageOptions): Promise<string | number> {
  const opened = await openImport(sourceOfBytes(bytes), { fileName: "WhatsApp Chat - X.zip" });
  if (!opened.ok) return opened.error.kind;
  let count = 0;
  for await (const batch of opened.value.messages(options)) {
    if (!batch.ok) return batch.error.kind;
    count += batch.value.messages.length;
  }
  for (const name of opened.value.attachments.keys()) {
    for await (const piece of opened.value.readAttachment(name)) if (!piece.ok) return piece.error.kind;
  }
  return count;
}

async function drill(originals: readonly Uint8Array[], rounds: number, seed: number): Promise<Map<string, number>> {
  const seen = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    const result = await outcome(mutated(originals[round % originals.length]!, seeded(seed + round)), OPTIONS);
    const key = typeof result === "string" ? result : result > 0 ? "messages" : `nothing in round ${round}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  expect([...seen.keys()].filter((kind) => !KINDS.has(kind))).toEqual([]);
  return seen;
}

describe("mutations", () => {
  it("5,000 texts", async () => {
    const seen = await drill(
      FILES.map((text) => utf8(text)),
      5_000,
      1,
    );
    expect([...seen.keys()]).toEqual(expect.arrayContaining(["messages", "not-utf8", "not-a-chat"]));
  });
  it("5,000 zips", async () => {
    const zips = FILES.map((text) => zipSync({ "_chat.txt": utf8(text), "a.jpg": new Uint8Array(500).map((_, i) => i) }));
    const seen = await drill(zips, 5_000, 100_000);
    expect([...seen.keys()]).toEqual(expect.arrayContaining(["messages", "truncated-zip", "malformed-zip", "corrupt-entry"]));
  });
});

describe("texts chosen to take quadratic time", () => {
  const head = "[31/12/2023, 23:59:01] A: ";
  it.each([
    " ".repeat(200_000) + "x",
    "<".repeat(200_000) + ">",
    "\u200e".repeat(200_000) + ")",
    ": ".repeat(100_000),
    "(a.b ".repeat(50_000) + ")",
    "[1/1/1".repeat(30_000),
  ])("%#", (body) => {
    const parser = new ChatParser({ ...OPTIONS, dateOrder: "dmy" });
    for (let i = 0; i < 10; i++) expect(parser.push(`${head}${body}\n`).ok).toBe(true);
    expect(parser.finish().ok).toBe(true);
  });
});

it("streams 1,000,000 lines and holds at most one message back", () => {
  const parser = new ChatParser({ ...OPTIONS, dateOrder: "dmy", sha256: (data) => new Uint8Array(32).fill(data.length) });
  const block = Array.from(
    { length: 250 },
    (_, i) => `31/12/2023, 23:${String(i % 60).padStart(2, "0")} - P${i % 5}: line ${i}\nsecond\nthird\nfourth\n`,
  ).join("");
  let messages = 0;
  for (let round = 1; round <= 1_000; round++) {
    const parsed = parser.push(block);
    if (!parsed.ok) throw new Error(parsed.error.kind);
    messages += parsed.value.length;
    expect(messages).toBe(round * 250 - 1);
  }
  const rest = parser.finish();
  expect(rest.ok && rest.value[0]).toMatchObject({ indexInFile: 249_999, text: "line 249\nsecond\nthird\nfourth" });
});
