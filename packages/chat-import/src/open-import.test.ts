/** Files as they come from phones, and files made to hurt: each refusal has its own kind. */
import { concat, utf8 } from "@hawser/base";
import { strToU8, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { type ByteSource, sourceOfBytes } from "./byte-source.ts";
import { guessSelf } from "./guess-self.ts";
import type { ImportedMessage } from "./imported-chat.ts";
import { openImport } from "./open-import.ts";
import { fixture, OPTIONS } from "../fixtures/load.ts";

const CHAT = fixture("ios-en-12h.txt");

async function importAll(bytes: Uint8Array | ByteSource, fileName = "WhatsApp Chat - Book Club.zip") {
  const source = bytes instanceof Uint8Array ? sourceOfBytes(bytes) : bytes;
  const opened = await openImport(source, { fileName });
  if (!opened.ok) return { error: opened.error };
  const messages: ImportedMessage[] = [];
  for await (const batch of opened.value.messages(OPTIONS)) {
    if (!batch.ok) return { error: batch.error };
    messages.push(...batch.value.messages);
  }
  return { messages, opened: opened.value };
}
const kindOf = async (bytes: Uint8Array, fileName?: string) => (await importAll(bytes, fileName)).error?.kind;
const zip = (files: Record<string, Uint8Array>): Uint8Array => zipSync(files);
const patched = (bytes: Uint8Array, edit: (view: DataView, end: number) => void): Uint8Array => {
  const copy = bytes.slice();
  edit(new DataView(copy.buffer), copy.length - 22);
  return copy;
};

const PHOTO = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) >> 3);
const GOOD = zip({ "_chat.txt": utf8(CHAT), "00000012-PHOTO-2023-12-31-00-00-09.jpg": PHOTO });

describe("a zip with media", () => {
  it("gives title, messages, progress and attachments", async () => {
    const seen: string[] = [];
    const opened = await openImport(sourceOfBytes(GOOD), {
      fileName: "WhatsApp Chat - Book Club.zip",
      onProgress: ({ phase, consumedBytes, totalBytes }) => seen.push(`${phase} ${consumedBytes === totalBytes}`),
    });
    if (!opened.ok) throw new Error(opened.error.kind);
    const { survey } = opened.value;
    expect(survey).toMatchObject({ title: "Book Club", messageCount: 10, mediaCount: 3, systemCount: 2, platform: "ios" });
    expect(survey.participants.map((participant) => participant.name)).toEqual(["Maya", "Tomás 🦊", "+44 7700 900123"]);
    expect(guessSelf(survey)[0]).toEqual({ name: "Maya", reasons: ["deleted-own-message"] });
    const messages: ImportedMessage[] = [];
    for await (const batch of opened.value.messages(OPTIONS)) messages.push(...(batch.ok ? batch.value.messages : []));
    expect(messages).toHaveLength(10);
    expect([seen[0], seen.at(-1)]).toEqual(["survey true", "messages true"]);
    const pieces: Uint8Array[] = [];
    for await (const piece of opened.value.readAttachment(messages[4]!.attachment!.fileName))
      pieces.push(piece.ok ? piece.value : new Uint8Array(1));
    expect(concat(...pieces)).toEqual(PHOTO);
    expect((await opened.value.readAttachment("none.jpg").next()).value).toMatchObject({
      ok: false,
      error: { kind: "no-such-attachment" },
    });
  });
  it("gives the same messages as the text alone", async () => {
    const text = await importAll(utf8(CHAT), "WhatsApp Chat with Book Club.txt");
    expect(text.messages).toEqual((await importAll(GOOD)).messages);
    expect(text.opened?.survey.title).toBe("Book Club");
  });
});

describe("which text is the chat", () => {
  const other = utf8("shopping list");
  it("WhatsApp's names win over a sent text file", async () => {
    expect((await importAll(zip({ "notes.txt": other, "_chat.txt": utf8(CHAT) }))).messages).toHaveLength(10);
    expect((await importAll(zip({ "notes.txt": other, "Sohbet X.txt": utf8(CHAT) }), "Sohbet X.zip")).messages).toHaveLength(10);
    expect((await importAll(zip({ "notes.txt": other, "WhatsApp-Chat mit X.txt": utf8(CHAT) }), "a.zip")).opened?.survey.title).toBe("X");
    expect((await importAll(zip({ "folder/_chat.txt": utf8(CHAT), "__MACOSX/folder/_chat.txt": other }))).messages).toHaveLength(10);
  });
  it("or it says why there is none", async () => {
    expect(await kindOf(zip({ "a.txt": other, "b.txt": other }))).toBe("several-chat-texts");
    expect(await kindOf(zip({ "a.jpg": other }))).toBe("no-chat-text");
    expect(await kindOf(zip({ "export.zip": GOOD }))).toBe("nested-zip");
    expect(await kindOf(zip({}))).toBe("no-chat-text");
    expect(await kindOf(zip({ "_chat.txt": other }))).toBe("not-a-chat");
  });
});

describe("zips made to hurt", () => {
  it("bombs by ratio, by a lie about the size, and by sharing bytes", async () => {
    expect(await kindOf(zip({ "_chat.txt": new Uint8Array(3_000_000) }))).toBe("zip-bomb");
    const lying = zip({ "_chat.txt": new Uint8Array(3_000_000).fill(65) });
    expect(await kindOf(patched(lying, (view, end) => view.setUint32(view.getUint32(end + 16, true) + 24, 1000, true)))).toBe("zip-bomb");
    const twice = zip({ "_chat.txt": utf8(CHAT), "b.jpg": PHOTO });
    expect(
      await kindOf(
        patched(twice, (view, end) => {
          const second = view.getUint32(end + 16, true) + 46 + 9;
          view.setUint32(second + 42, 0, true);
        }),
      ),
    ).toBe("overlapping-entries");
  });
  it.each(["../_chat.txt", "/etc/passwd.txt", "a/../../b.txt", "C:x.txt", "a\\b.txt", "a//b.txt", "./a.txt", "a\u0000.txt"])(
    "the path %j",
    async (path) => {
      expect(await kindOf(zip({ [path]: utf8(CHAT) }))).toBe("unsafe-path");
    },
  );
  it("one name twice", async () =>
    expect(await kindOf(zip({ "_chat.txt": utf8(CHAT), "a/b.jpg": PHOTO, "c/b.jpg": PHOTO }))).toBe("duplicate-entry"));
  it("encryption, other methods, several disks", async () => {
    expect(await kindOf(patched(GOOD, (view, end) => view.setUint16(view.getUint32(end + 16, true) + 8, 1, true)))).toBe("encrypted-zip");
    expect(await kindOf(patched(GOOD, (view) => view.setUint16(6, 1, true)))).toBe("encrypted-zip");
    expect(await kindOf(patched(GOOD, (view, end) => view.setUint16(view.getUint32(end + 16, true) + 10, 12, true)))).toBe(
      "unsupported-zip",
    );
    expect(await kindOf(patched(GOOD, (view, end) => view.setUint16(end + 4, 1, true)))).toBe("unsupported-zip");
  });
  it("truncation anywhere", async () => {
    for (const length of [4, 30, 100, GOOD.length - 23, GOOD.length - 1]) expect(await kindOf(GOOD.slice(0, length))).toBe("truncated-zip");
    expect(await kindOf(concat(GOOD, utf8("x")))).toBe("truncated-zip");
    expect(await kindOf(concat(GOOD.slice(0, 4), utf8("in front"), GOOD.slice(4)))).toBe("malformed-zip");
  });
  it("damaged data", async () =>
    expect(await kindOf(patched(GOOD, (view) => view.setUint8(60, view.getUint8(60) ^ 0xff)))).toBe("corrupt-entry"));
  it("too many entries", async () => {
    expect(await kindOf(withEnd64(Uint8Array.of(0x50, 0x4b, 3, 4), 70_000, 0))).toBe("too-many-entries");
  });
  it("a file that shrinks while it is read", async () => {
    const source: ByteSource = { sizeBytes: 1_000_000, read: async (offset, length) => utf8(CHAT).slice(offset, offset + length) };
    expect((await importAll(source)).error?.kind).toBe("source-changed");
  });
});

/** Appends a zip64 end record, its locator and the saturated end record. */
function withEnd64(body: Uint8Array, count: number, directoryBytes: number): Uint8Array {
  const out = new Uint8Array(56 + 20 + 22);
  const view = new DataView(out.buffer);
  view.setUint32(0, 0x06064b50, true);
  view.setBigUint64(4, 44n, true);
  view.setBigUint64(24, BigInt(count), true);
  view.setBigUint64(32, BigInt(count), true);
  view.setBigUint64(40, BigInt(directoryBytes), true);
  view.setBigUint64(48, BigInt(body.length - directoryBytes), true);
  view.setUint32(56, 0x07064b50, true);
  view.setBigUint64(64, BigInt(body.length), true);
  view.setUint32(72, 1, true);
  view.setUint32(76, 0x06054b50, true);
  for (const at of [84, 86]) view.setUint16(at, 0xffff, true);
  for (const at of [88, 92]) view.setUint32(at, 0xffff_ffff, true);
  return concat(body, out);
}

it("reads zip64, with sizes in the extra field", async () => {
  const plainZip = zipSync({ "_chat.txt": [strToU8(CHAT), { extra: { 1: new Uint8Array(24) } }] });
  const view = new DataView(plainZip.buffer, plainZip.byteOffset, plainZip.length);
  const end = plainZip.length - 22;
  const directoryAt = view.getUint32(end + 16, true);
  const extraAt = directoryAt + 46 + 9 + 4;
  for (const [i, field] of [24, 20, 42].entries()) {
    view.setBigUint64(extraAt + 8 * i, BigInt(view.getUint32(directoryAt + field, true)), true);
    view.setUint32(directoryAt + field, 0xffff_ffff, true);
  }
  const bytes = withEnd64(plainZip.slice(0, end), 1, end - directoryAt);
  expect((await importAll(bytes)).messages).toHaveLength(10);
  const broken = patched(bytes, (all) => all.setBigUint64(extraAt, 2n ** 63n, true));
  expect(await kindOf(broken)).toBe("malformed-zip");
});

describe("texts made to hurt", () => {
  it.each<[string, Uint8Array, string]>([
    ["nothing", new Uint8Array(0), "empty-file"],
    ["white space", utf8(" \n\n"), "empty-file"],
    ["UTF-16 with a mark", Uint8Array.of(0xff, 0xfe, 0x5b, 0), "utf-16"],
    ["UTF-16 without", Uint8Array.of(0x5b, 0, 0x33, 0), "utf-16"],
    ["Latin-1", Uint8Array.from("31/12/2023, 23:59 - Jos\u00e9: a", (c) => c.charCodeAt(0)), "not-utf8"],
    ["an unfinished character", concat(utf8("31/12/2023, 23:59 - A: "), Uint8Array.of(0xf0, 0x9f)), "not-utf8"],
    ["one endless line", new Uint8Array(1_000_000).fill(65), "line-too-long"],
    ["one endless message", concat(utf8("31/12/2023, 23:59 - A: x"), utf8("\nline of text".repeat(30_000))), "message-too-long"],
    ["other lines", utf8("hello\n".repeat(30)), "not-a-chat"],
    ["20,000 names", utf8(Array.from({ length: 20_000 }, (_, i) => `31/12/2023, 23:59 - P${i}: x`).join("\n")), "too-many-participants"],
  ])("%s", async (_name, bytes, kind) => expect(await kindOf(bytes, "a.txt")).toBe(kind));

  it("gives the offset of what is not UTF-8", async () => {
    const bytes = concat(utf8("é".repeat(200_000)), Uint8Array.of(0xc3, 0x28));
    const { error } = await importAll(concat(utf8("31/12/2023, 23:59 - A: \n"), bytes), "a.txt");
    expect(error).toEqual({ kind: "not-utf8", offsetBytes: 400_024 });
    const short = await importAll(concat(utf8("31/12/2023, 23:59 - é: "), Uint8Array.of(0xc3, 0x28)), "a.txt");
    expect(short.error).toEqual({ kind: "not-utf8", offsetBytes: 24 });
  });
  it("takes no path out of an attachment's name", async () => {
    const { messages } = await importAll(utf8("31/12/2023, 23:59 - A: \u200e../../etc/passwd.txt (file attached)"), "a.txt");
    expect(messages).toMatchObject([{ kind: "text" }]);
    expect(messages?.[0]).not.toHaveProperty("attachment");
  });
});
