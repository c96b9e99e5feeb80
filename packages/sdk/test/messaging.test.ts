/** Two accounts, three devices each, one real server: everything arrives exactly once, whatever is closed in between. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { type AccountId, fileSourceOfBytes } from "../src/index.ts";
import { hasText, hurried, statusOf, texts, until, World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => world.stop());

test("every device of both accounts shows the same chat", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  const annas = [anna, await world.link(anna, "anna-laptop"), await world.link(anna, "anna-tablet")];
  const belas = [bela, await world.link(bela, "bela-laptop"), await world.link(bela, "bela-tablet")];
  const expected: string[] = [];
  for (const [index, client] of [...annas, ...belas].entries()) {
    const text = `message ${index}`;
    await client.sendMessage({ conversation: annas.includes(client) ? ab : ba, text });
    expected.push(text);
    for (const other of annas) await hasText(other, ab, text);
    for (const other of belas) await hasText(other, ba, text);
  }
  for (const client of annas) expect((await texts(client, ab)).toSorted()).toEqual(expected);
  for (const client of belas) expect((await texts(client, ba)).toSorted()).toEqual(expected);
}, 60_000);

test("sent, delivered, read; a companion that reads clears the phone's count", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  const laptop = await world.link(bela, "bela-laptop");
  await until(laptop, async () => (await laptop.contacts()).length === 1);
  const message = await anna.sendMessage({ conversation: ab, text: "hello" });
  await statusOf(anna, message, "delivered");
  await hasText(laptop, ba, "hello");
  expect((await bela.state()).unreadTotal).toBe(1);
  await laptop.markRead(ba, message.id);
  await statusOf(anna, message, "read");
  await until(bela, async () => (await bela.state()).unreadTotal === 0);
});

test("what is written offline leaves once the server is back, in order and once", async () => {
  const anna = await world.account("anna");
  // The server asks for a pause of seconds when it stops.
  const bela = await world.account("bela", { clock: hurried(50) });
  const { ab, ba } = await world.befriend(anna, bela);
  await anna.sendMessage({ conversation: ab, text: "0" });
  await hasText(bela, ba, "0");
  await world.server.stop();
  await until(anna, async () => (await anna.state()).connection.kind !== "online");
  for (let i = 1; i <= 20; i++) await anna.sendMessage({ conversation: ab, text: String(i) });
  await world.close("anna");
  await world.start();
  const again = world.open("anna");
  await until(again, async () => (await again.state()).outboxCount === 0);
  await hasText(bela, ba, "20");
  expect(await texts(bela, ba)).toEqual(Array.from({ length: 21 }, (_, i) => String(i)));
}, 40_000);

test("a stranger's message waits as a request and earns no receipt before it is accepted", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const found = (await anna.findHandle("bela"))!;
  const chat = await anna.openConversation(found.account);
  const message = await anna.sendMessage({ conversation: chat.id, text: "do you know me?" });
  await until(bela, async () => (await bela.conversations()).total === 1);
  const [request] = (await bela.conversations()).items;
  expect(request).toMatchObject({ isRequest: true, unread: 1, last: { text: "do you know me?", senderName: "ANNA" } });
  expect((await anna.message(message.id))?.status).toBe("sent");
  await bela.acceptRequest(request!.id);
  await statusOf(anna, message, "delivered");
  expect((await bela.conversation(request!.id))?.isRequest).toBe(false);
  await until(bela, async () => (await bela.contacts())[0]?.handle === "anna");
});

test("a blocked account's messages are taken by the server and never arrive", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  await bela.setBlocked((await anna.state()).self!.account, true);
  const message = await anna.sendMessage({ conversation: ab, text: "blocked" });
  await statusOf(anna, message, "sent");
  await bela.setBlocked((await anna.state()).self!.account, false);
  await anna.sendMessage({ conversation: ab, text: "welcome back" });
  await hasText(bela, ba, "welcome back");
  expect(await texts(bela, ba)).toEqual(["welcome back"]);
});

test("safety numbers are equal on both sides, and a scanned contact code names the account", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const [a, b] = [(await anna.state()).self!, (await bela.state()).self!];
  expect(await anna.openContactCode(await bela.contactUri())).toEqual({ account: b.account, handle: "bela" });
  await expect(anna.openContactCode("https://elsewhere.example/add#1.AAAA")).rejects.toMatchObject({ code: "CODE_OTHER_ORIGIN" });
  const seen = await anna.safetyNumber(b.account);
  expect(seen.digits).toMatch(/^\d{60}$/);
  expect((await bela.safetyNumber(a.account)).digits).toBe(seen.digits);
  await anna.addContact({ account: b.account, name: "Bela" });
  await anna.setVerified(b.account, true);
  expect((await anna.safetyNumber(b.account)).verified).toBe(true);
});

test("attachments arrive whole on every device, small and in pieces", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  const small = new TextEncoder().encode("a small file");
  const large = new Uint8Array(5 * 1_048_576).map((_, i) => i % 251);
  const files = [fileSourceOfBytes("note.txt", "text/plain", small), fileSourceOfBytes("large.bin", "application/octet-stream", large)];
  const sent = await anna.sendMessage({ conversation: ab, text: "files", attachments: files });
  await hasText(bela, ba, "files");
  expect((await bela.message(sent.id))?.attachments.map((a) => [a.fileName, a.sizeBytes, a.local])).toEqual([["note.txt", 12, false], ["large.bin", large.length, false]]); // prettier-ignore
  expect(await bela.attachment(sent.id, 0)).toEqual(small);
  expect(Buffer.compare(await bela.attachment(sent.id, 1), large)).toBe(0);
  expect((await bela.message(sent.id))?.attachments[0]?.local).toBe(true);
});

test("a message to nobody fails, can be tried again, and holds nothing else up", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  const nobody = await anna.openConversation("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" as AccountId);
  const lost = await anna.sendMessage({ conversation: nobody.id, text: "hello?" });
  await anna.sendMessage({ conversation: ab, text: "to bela" });
  await hasText(bela, ba, "to bela");
  await statusOf(anna, lost, "failed");
  await anna.retryMessage(lost.id);
  await statusOf(anna, lost, "failed");
  await until(anna, async () => (await anna.state()).outboxCount === 0);
  await expect(anna.sendMessage({ conversation: ab, text: " " })).rejects.toMatchObject({ code: "EMPTY_MESSAGE" });
  await expect(anna.sendMessage({ conversation: ab, text: "x".repeat(70_000) })).rejects.toMatchObject({ code: "TEXT_TOO_LONG" });
  await expect(anna.openConversation((await anna.state()).self!.account)).rejects.toMatchObject({ code: "SELF" });
});

test("paging around a search hit, quotes and drafts", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  for (let i = 0; i < 30; i++) await anna.sendMessage({ conversation: ab, text: i === 15 ? "needle" : `hay ${i}` });
  await hasText(bela, ba, "hay 29");
  const [hit] = await bela.search({ text: "need", conversation: ba });
  const around = await bela.messages({ conversation: ba, aroundMessage: hit!.message.id, limit: 6 });
  expect(around.items.map((message) => message.text)).toEqual(["hay 18", "hay 17", "hay 16", "needle", "hay 14", "hay 13"]);
  expect(around).toMatchObject({ hasOlder: true, hasNewer: true });
  const newer = await bela.messages({ conversation: ba, afterOrder: around.items[0]!.order, limit: 100 });
  expect([newer.items.length, newer.items.at(-1)?.text, newer.hasNewer]).toEqual([11, "hay 19", false]);
  await bela.setDraft(ba, "half a thou");
  expect((await bela.conversation(ba))?.draft).toBe("half a thou");
  const answer = await bela.sendMessage({ conversation: ba, text: "found", quoted: hit!.message.id });
  expect((await bela.conversation(ba))?.draft).toBe("");
  await hasText(anna, ab, "found");
  expect((await anna.message(answer.id))?.quoted).toMatchObject({ id: hit!.message.id, text: "needle" });
});
