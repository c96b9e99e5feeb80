/** Bytes that the server does not have: imported media, and blobs that are gone, come from another own device, end to end. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ConversationId, fileSourceOfBytes, type HawserClient, type MessageView } from "../src/index.ts";
import { storedZip } from "./stored-zip.ts";
import { hasText, hurried, until, World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => world.stop());

/** Begins as a PNG of 1280 × 720 does. */
const photo = new Uint8Array(200_000).map((_, i) => (i * 31) % 251);
photo.set(Buffer.from("89504e470d0a1a0a0000000d4948445200000500000002d0", "hex"));

/** An exported chat with one picture, on the phone only. */
async function importChat(phone: HawserClient): Promise<{ conversation: ConversationId; message: MessageView }> {
  const lines = [
    "[01.03.24, 10:00:00] Mia: look",
    "[01.03.24, 10:01:00] Mia: \u200e<attached: 00000002-PHOTO-2024.jpg>",
    "[01.03.24, 10:02:00] Noor: nice",
  ];
  const zip = storedZip({ "_chat.txt": new TextEncoder().encode(lines.join("\r\n")), "00000002-PHOTO-2024.jpg": photo });
  const preview = await phone.previewImport(fileSourceOfBytes("WhatsApp Chat - Mia.zip", "application/zip", zip));
  expect(preview.mediaCount).toBe(1);
  const { conversation } = await phone.runImport({ importId: preview.importId, title: preview.title, self: "Noor" });
  return { conversation, message: (await withPicture(phone, conversation))! };
}

const withPicture = async (client: HawserClient, conversation: ConversationId): Promise<MessageView | undefined> => {
  if ((await client.conversation(conversation)) === undefined) return undefined;
  return (await client.messages({ conversation, limit: 50 })).items.find((message) => message.attachments.length > 0);
};

test("a companion fetches imported media from the phone, also when the phone comes online later", async () => {
  const anna = await world.account("anna");
  const { conversation, message } = await importChat(anna);
  expect(message.attachments[0]).toMatchObject({ local: true, sizeBytes: photo.length, mediaType: "image/jpeg" });
  const laptop = await world.link(anna, "laptop");
  await until(laptop, async () => (await withPicture(laptop, conversation)) !== undefined);
  const seen = (await withPicture(laptop, conversation))!;
  expect(seen.attachments[0]).toMatchObject({
    local: false,
    blob: undefined,
    sizeBytes: photo.length,
    fileName: "00000002-PHOTO-2024.jpg",
    width: 1_280,
    height: 720,
  });
  await until(laptop, async () => (await laptop.state()).outboxCount === 0);
  await world.close("anna");
  // Two wishes are one request.
  const wishes = Promise.all([laptop.attachment(seen.id, 0), laptop.attachment(seen.id, 0)]);
  await until(laptop, async () => (await laptop.state()).outboxCount === 0);
  world.open("anna");
  for (const bytes of await wishes) expect(Buffer.compare(bytes, photo)).toBe(0);
  expect((await withPicture(laptop, conversation))?.attachments[0]?.local).toBe(true);
});

test("a wish that nobody answers in time says so; the bytes come once the phone is there", async () => {
  const anna = await world.account("anna");
  const { conversation } = await importChat(anna);
  const first = await world.link(anna, "laptop");
  await until(first, async () => (await first.state()).history.kind === "complete");
  const { id } = (await withPicture(first, conversation))!;
  await world.close("anna");
  await world.close("laptop");
  const laptop = world.open("laptop", { clock: hurried(100) });
  await expect(laptop.attachment(id, 0)).rejects.toMatchObject({ code: "ATTACHMENT_UNAVAILABLE", retry: { afterMs: 30_000 } });
  await world.close("laptop");
  // Nothing but what is stored remembers the wish now.
  const again = world.open("laptop");
  world.open("anna");
  await until(again, async () => (await again.message(id))?.attachments[0]?.local === true);
  expect(Buffer.compare(await again.attachment(id, 0), photo)).toBe(0);
});

test("pictures bring their size and a thumbnail to everyone, by message and by history", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  const picture = (sizeBytes: number) =>
    fileSourceOfBytes("p.jpg", "image/jpeg", new Uint8Array(10), {
      width: 1_200,
      height: 800,
      thumbnail: new Uint8Array(sizeBytes).fill(7),
    });
  // The second thumbnail is too large, and of the others only eight go into one message.
  const attachments = [picture(16_384), picture(16_385), ...Array.from({ length: 8 }, () => picture(16_384))];
  await anna.sendMessage({ conversation: ab, text: "pictures", attachments });
  await hasText(bela, ba, "pictures");
  const laptop = await world.link(anna, "laptop");
  await until(laptop, async () => (await laptop.state()).history.kind === "complete");
  for (const [client, conversation] of [
    [anna, ab],
    [bela, ba],
    [laptop, ab],
  ] as const) {
    const views = (await withPicture(client, conversation))!.attachments;
    expect(views.map((view) => view.thumbnail?.length)).toEqual([16_384, undefined, ...Array.from({ length: 7 }, () => 16_384), undefined]);
    expect(views.every((view) => view.width === 1_200 && view.height === 800)).toBe(true);
  }
});

test("a file that the server lost comes from the device that has it; when none has, the answer is clear", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  const laptop = await world.link(bela, "laptop");
  const files = [
    fileSourceOfBytes("kept.bin", "application/octet-stream", photo),
    fileSourceOfBytes("lost.bin", "application/octet-stream", photo),
  ];
  const sent = await anna.sendMessage({ conversation: ab, text: "files", attachments: files });
  await hasText(laptop, ba, "files");
  await hasText(bela, ba, "files");
  await bela.attachment(sent.id, 0);
  for (const name of ["bela", "laptop"]) await world.close(name);
  await world.server.stop();
  for (const name of ["blobs", "blobs.db", "blobs.db-wal", "blobs.db-shm"])
    rmSync(join(world.folder, "server", name), { recursive: true, force: true });
  await world.start();
  world.open("bela");
  const again = world.open("laptop");
  await until(again, async () => (await again.state()).connection.kind === "online");
  expect(Buffer.compare(await again.attachment(sent.id, 0), photo)).toBe(0);
  await expect(again.attachment(sent.id, 1)).rejects.toMatchObject({ code: "ATTACHMENT_UNAVAILABLE", retry: "never" });
});
