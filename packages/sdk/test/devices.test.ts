/** Linking, leaving, restoring, and sessions that heal: against a real server. */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { conversationWith, toBase64Url } from "@hawser/base";
import { nodePrimitives } from "@hawser/io-node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fileSourceOfBytes } from "../src/index.ts";
import { hasText, linkStage, texts, until, World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => world.stop());

test("a new companion gets contacts, settings and the whole history, and later messages beside it", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  for (let i = 0; i < 30; i++) await (i % 2 === 0 ? anna : bela).sendMessage({ conversation: i % 2 === 0 ? ab : ba, text: `old ${i}` });
  await until(anna, async () => (await texts(anna, ab)).length === 30);
  await anna.setSettings({ readReceipts: false });
  await anna.setChatState(ab, { pinned: true });
  const laptop = await world.link(anna, "laptop");
  await until(laptop, async () => (await laptop.state()).history.kind === "complete");
  expect(await texts(laptop, ab)).toEqual(await texts(anna, ab));
  expect((await laptop.contacts()).map((contact) => contact.name)).toEqual(["bela"]);
  expect((await laptop.state()).settings.readReceipts).toBe(false);
  expect(await laptop.conversation(ab)).toMatchObject({ pinned: true, historyComplete: true });
  await bela.sendMessage({ conversation: ba, text: "live" });
  await hasText(laptop, ab, "live");
});

test("a revoked companion forgets everything and says who did it", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab } = await world.befriend(anna, bela);
  await anna.sendMessage({ conversation: ab, text: "canaryword" });
  const laptop = await world.link(anna, "laptop");
  await hasText(laptop, ab, "canaryword");
  const device = (await anna.devices()).find((candidate) => candidate.name === "laptop")!;
  expect(device).toMatchObject({ role: "companion", connected: true });
  await anna.revokeDevice(device.device);
  await until(laptop, async () => (await laptop.state()).phase === "revoked");
  expect((await laptop.state()).revocation).toMatchObject({ revokedBy: 1, revokedByName: "anna's phone", reason: "by-user" });
  expect((await laptop.conversations()).total).toBe(0);
  await world.close("laptop");
  const stored = new DatabaseSync(join(world.folder, "laptop", "client.db"), { readOnly: true });
  expect(stored.prepare("SELECT key FROM kv").all().map((row) => row["key"])).toEqual(["revocation"]); // prettier-ignore
  expect(stored.prepare("SELECT count(*) AS n FROM sessions").get()).toEqual({ n: 0 });
  stored.close();
  // The same profile can be linked again.
  await world.link(anna, "laptop");
  expect((await anna.devices()).map((candidate) => candidate.device)).toEqual([1, 3]);
});

test("revoked while away: it learns on its next connection", async () => {
  const anna = await world.account("anna");
  await world.link(anna, "laptop");
  await world.close("laptop");
  await anna.revokeDevice((await anna.devices()).find((device) => !device.isThis)!.device);
  const laptop = world.open("laptop");
  await until(laptop, async () => (await laptop.state()).phase === "revoked");
});

test("what a companion sent before it was removed is read by whoever comes later", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  await world.close("bela");
  const laptop = await world.link(anna, "laptop");
  await laptop.sendMessage({ conversation: ab, text: "the last words" });
  await hasText(anna, ab, "the last words");
  await anna.revokeDevice((await anna.devices()).find((device) => !device.isThis)!.device);
  await until(laptop, async () => (await laptop.state()).phase === "revoked");
  // The list that removes the laptop is the first that bela sees with it.
  const again = world.open("bela");
  await hasText(again, ba, "the last words");
});

test("a companion that wipes itself disappears from the list", async () => {
  const anna = await world.account("anna");
  const laptop = await world.link(anna, "laptop");
  await laptop.wipe();
  expect((await laptop.state()).phase).toBe("empty");
  await until(anna, async () => (await anna.devices()).length === 1);
});

test("names are the phone's to give, and no other device's", async () => {
  const anna = await world.account("anna");
  const laptop = await world.link(anna, "laptop");
  await anna.renameDevice((await laptop.state()).self!.device, "desk");
  await until(laptop, async () => (await laptop.devices()).some((device) => device.name === "desk"));
  await expect(laptop.renameDevice((await laptop.state()).self!.device, "x")).rejects.toMatchObject({ code: "WRONG_ROLE" });
  await expect(anna.revokeDevice((await anna.state()).self!.device)).rejects.toMatchObject({ code: "SELF" });
});

test("a declined link leaves no device behind", async () => {
  const anna = await world.account("anna");
  const laptop = world.open("laptop");
  await laptop.startLink({ deviceName: "laptop", platform: "test" });
  await anna.openLinkCode((await linkStage(laptop, "waiting-for-scan")).uri!);
  await anna.rejectLink((await linkStage(anna, "comparing")).attempt!);
  expect((await linkStage(laptop, "failed")).error?.name).toBe("DECLINED");
  expect((await anna.devices()).length).toBe(1);
  await expect(anna.openLinkCode("https://elsewhere.example/link#1.AAAA")).rejects.toMatchObject({ code: "CODE_OTHER_ORIGIN" });
});

test("a link begun before a restart of the companion goes on after it", async () => {
  const anna = await world.account("anna");
  const before = world.open("laptop");
  await before.startLink({ deviceName: "laptop", platform: "test" });
  const { uri } = await linkStage(before, "waiting-for-scan");
  await world.close("laptop");
  const laptop = world.open("laptop");
  await anna.openLinkCode(uri!);
  await anna.approveLink((await linkStage(anna, "comparing")).attempt!);
  await until(laptop, async () => (await laptop.state()).phase === "ready");
});

test("a code that was on the screen before the engine ran is the one that works; a damaged one is replaced", async () => {
  const anna = await world.account("anna");
  const secretKey = nodePrimitives.sha256(new Uint8Array([1]));
  const seed = {
    rendezvousId: toBase64Url(new Uint8Array(16).fill(1)),
    secret: toBase64Url(new Uint8Array(32).fill(2)),
    ephemeralSecret: toBase64Url(secretKey),
    ephemeralPublicKey: toBase64Url(nodePrimitives.x25519PublicKey(secretKey)),
  };
  const damaged = world.open("damaged");
  await damaged.startLink({ deviceName: "d", platform: "test", initialOffer: { ...seed, ephemeralPublicKey: seed.secret } });
  expect((await linkStage(damaged, "waiting-for-scan")).uri).not.toContain(seed.rendezvousId.slice(0, 20));
  const laptop = world.open("laptop");
  const status = await laptop.startLink({ deviceName: "laptop", platform: "test", initialOffer: seed });
  expect(status).toMatchObject({ stage: "waiting-for-scan" });
  await anna.openLinkCode(status.uri!);
  await anna.approveLink((await linkStage(anna, "comparing")).attempt!);
  await until(laptop, async () => (await laptop.state()).phase === "ready");
});

test("a recovery code makes a new phone; companions stay, the lost phone is out, chats come back", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  await anna.sendMessage({ conversation: ab, text: "before" });
  const laptop = await world.link(anna, "laptop");
  await hasText(laptop, ab, "before");
  const code = await anna.createRecoveryCode();
  await expect(
    world.open("wrong").restoreAccount({ handle: "anna", recoveryCode: code.replaceAll(/[A-Z]/g, "A"), deviceName: "x" }),
  ).rejects.toMatchObject({ code: "RECOVERY_CODE_MALFORMED" });
  const phone = world.open("new-phone");
  const self = await phone.restoreAccount({ handle: "anna", recoveryCode: code.toLowerCase(), deviceName: "new phone" });
  expect(self.account).toBe((await laptop.state()).self!.account);
  await until(anna, async () => (await anna.state()).phase === "revoked");
  expect((await anna.state()).revocation?.reason).toBe("replaced");
  await hasText(phone, ab, "before");
  await bela.sendMessage({ conversation: ba, text: "to the new phone" });
  await hasText(phone, ab, "to the new phone");
  await hasText(laptop, ab, "to the new phone");
  expect((await laptop.state()).phase).toBe("ready");
  expect((await phone.contacts()).map((contact) => contact.name)).toEqual(["bela"]);
}, 40_000);

test("a lost session heals: the message that could not be read is asked for and comes", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  await anna.sendMessage({ conversation: ab, text: "one" });
  await hasText(bela, ba, "one");
  await bela.sendMessage({ conversation: ba, text: "two" });
  await hasText(anna, ab, "two");
  await world.close("bela");
  const stored = new DatabaseSync(join(world.folder, "bela", "client.db"));
  stored.exec("DELETE FROM sessions");
  stored.close();
  const sent = await anna.sendMessage({ conversation: ab, text: "three" });
  const again = world.open("bela");
  const kinds: string[] = [];
  again.subscribe((event) => event.type === "message" && event.message.id === sent.id && kinds.push(event.message.kind));
  await hasText(again, ba, "three");
  expect(kinds[0]).toBe("undecryptable");
  expect(await texts(again, ba)).toEqual(["one", "two", "three"]);
  expect((await again.conversation(ba))?.unread).toBe(2);
});

test("an import is imported once, reaches the companion, and is found by search", async () => {
  const anna = await world.account("anna");
  const laptop = await world.link(anna, "laptop");
  const lines = Array.from(
    { length: 30 },
    (_, i) =>
      `[${String((i % 28) + 1).padStart(2, "0")}.03.24, 10:${String(i).padStart(2, "0")}:00] ${i % 2 === 0 ? "Mia" : "Noor"}: pebble ${i}`,
  ).toSorted();
  const file = fileSourceOfBytes("WhatsApp Chat - Mia.txt", "text/plain", new TextEncoder().encode(lines.join("\r\n")));
  const run = async () => {
    const preview = await anna.previewImport(file);
    expect(preview).toMatchObject({ messageCount: 30, participants: ["Mia", "Noor"] });
    return anna.runImport({ importId: preview.importId, title: preview.title, self: "Noor" });
  };
  const first = await run();
  expect(first).toMatchObject({ imported: 30, alreadyThere: 0 });
  expect(await run()).toEqual({ conversation: first.conversation, imported: 0, alreadyThere: 30 });
  await until(laptop, async () => (await texts(laptop, first.conversation)).length === 30);
  const hits = await laptop.search({ text: "pebble 7" });
  expect(hits.map((hit) => hit.message.text)).toEqual(["pebble 7"]);
});

test("a sender that knows an old list is told, and its message reaches the new device and spares the removed one", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  const old = await world.link(bela, "old-laptop");
  await anna.sendMessage({ conversation: ab, text: "to both" });
  await hasText(old, ba, "to both");
  // Anna's device sees nothing of this: lists change only on Bela's side.
  const fresh = await world.link(bela, "new-laptop");
  await bela.revokeDevice((await old.state()).self!.device);
  await until(old, async () => (await old.state()).phase === "revoked");
  await anna.sendMessage({ conversation: ab, text: "after the change" });
  await hasText(fresh, ba, "after the change");
  await hasText(bela, ba, "after the change");
  expect((await texts(bela, ba)).filter((text) => text === "after the change")).toHaveLength(1);
});

test("settings, names, pins and blocks follow to every device, the last writer wins", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab } = await world.befriend(anna, bela);
  const laptop = await world.link(anna, "laptop");
  await until(laptop, async () => (await laptop.contacts()).length === 1);
  const account = (await bela.state()).self!.account;
  await laptop.renameContact(account, "Bela B.");
  await until(anna, async () => (await anna.contacts())[0]?.name === "Bela B.");
  await anna.renameContact(account, "Béla");
  await until(laptop, async () => (await laptop.contacts())[0]?.name === "Béla");
  await anna.setDisplayName("Anna K.");
  await until(laptop, async () => (await laptop.state()).self?.displayName === "Anna K.");
  await laptop.setSettings({ theme: "dark" });
  await until(anna, async () => (await anna.state()).settings.theme === "dark");
  await laptop.openConversation(account);
  await laptop.setChatState(ab, { archived: true });
  await until(anna, async () => (await anna.conversation(ab))?.archived === true);
  await laptop.setBlocked(account, true);
  await until(anna, async () => (await anna.contacts())[0]?.blocked === true);
});

test("calls after close say so, and a second opening of a live profile is refused", async () => {
  const anna = await world.account("anna");
  expect(() => world.open("anna")).toThrow(expect.objectContaining({ code: "PROFILE_IN_USE" }));
  await anna.close();
  await expect(anna.state()).rejects.toMatchObject({ code: "CLOSED" });
  world.clients.delete("anna");
  expect((await world.open("anna").state()).phase).toBe("ready");
});

test("a new companion calls nobody it is told of a request, whatever comes before it was told", async () => {
  const anna = await world.account("anna");
  const [bela, carl] = [await world.account("bela"), await world.account("carl")];
  const annaIs = (await anna.state()).self!.account;
  // Bela was answered and is no contact; Carl is a stranger who waits.
  const belas = await bela.openConversation(annaIs);
  const carls = await carl.openConversation(annaIs);
  await bela.sendMessage({ conversation: belas.id, text: "hello" });
  const unread = await carl.sendMessage({ conversation: carls.id, text: "do you know me?" });
  await until(anna, async () => (await anna.conversations()).total === 2);
  const [withBela, withCarl] = [conversationWith((await bela.state()).self!.account), conversationWith((await carl.state()).self!.account)];
  await anna.sendMessage({ conversation: withBela, text: "answer" });
  const laptop = await world.link(anna, "laptop");
  await until(laptop, async () => (await laptop.state()).history.kind === "complete");
  await until(laptop, async () => (await laptop.conversation(withCarl))?.isRequest === true);
  // Nobody told the laptop what a stranger is called: it asks.
  await until(laptop, async () => (await laptop.conversation(withCarl))?.contact?.handle === "carl");
  expect((await laptop.conversation(withBela))?.isRequest).toBe(false);
  await until(laptop, async () => (await laptop.state()).outboxCount === 0);
  // As it was linked a moment ago and has not been told anything.
  await world.close("laptop");
  await world.close("anna");
  const stored = new DatabaseSync(join(world.folder, "laptop", "client.db"));
  stored.exec(
    "DELETE FROM messages; DELETE FROM conversations; DELETE FROM contacts; DELETE FROM state_entries; DELETE FROM history_jobs; DELETE FROM history_chunks",
  );
  stored.exec("INSERT INTO kv (key, value) VALUES ('settling', CAST('true' AS BLOB))");
  stored.close();
  const early = await bela.sendMessage({ conversation: belas.id, text: "early" });
  const fresh = world.open("laptop");
  await hasText(fresh, withBela, "early");
  expect((await fresh.conversation(withBela))?.isRequest).toBe(false);
  await until(fresh, async () => (await fresh.state()).outboxCount === 0);
  expect((await bela.message(early.id))?.status).toBe("sent");
  // Told by the phone.
  await fresh.requestHistory();
  world.open("anna");
  await until(fresh, async () => (await fresh.state()).history.kind === "complete");
  await until(fresh, async () => (await fresh.conversation(withCarl))?.isRequest === true);
  expect((await fresh.conversation(withBela))?.isRequest).toBe(false);
  await until(bela, async () => (await bela.message(early.id))?.status === "delivered");
  expect((await carl.message(unread.id))?.status).toBe("sent");
});
