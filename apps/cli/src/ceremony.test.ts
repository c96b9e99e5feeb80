/** The main job in terminals: link, chat in both directions, revoke. Real processes, real server, real protocol. */
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openNodeClient } from "@hawser/sdk/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Hawser, hawser } from "./testing/spawn-hawser.ts";
import { openTestPlace, type TestPlace } from "./testing/test-place.ts";

let place: TestPlace;
beforeAll(async () => {
  place = await openTestPlace();
  await Promise.all([place.account("alice"), place.account("bob")]);
});
afterAll(() => place.close());

const waitingForScan = (program: Hawser) => program.sees((line) => line.event === "link" && line["stage"] === "waiting-for-scan");

async function linkLaptop(): Promise<void> {
  const companion = new Hawser([...place.on("laptop"), "link", "--device-name", "Alice's laptop"]);
  const { uri } = await waitingForScan(companion);
  const phone = new Hawser([...place.on("alice"), "approve"]);
  phone.write(`${String(uri)}\n`);
  const asking = await phone.sees((line) => line.event === "link" && line["stage"] === "comparing");
  const shown = await companion.sees((line) => line.event === "link" && line["stage"] === "comparing");
  expect(asking["matchCode"]).toMatch(/^\d{3} \d{3}$/);
  expect(shown["matchCode"]).toBe(asking["matchCode"]);
  expect(asking).toMatchObject({ peerName: "Alice's laptop", peerOrigin: place.server.origin });
  phone.write("y\n").endInput();
  expect(await phone.ended(), phone.stdout + phone.stderr).toBe(0);
  expect(await companion.ended(), companion.stdout + companion.stderr + phone.stdout + phone.stderr).toBe(0);
  expect(phone.lines.map((line) => line.event)).toContain("approved");
  expect(companion.lines.at(-1)).toMatchObject({ event: "history", state: "complete", done: 3, total: 3 });
}

test("a companion is linked, gets the history, chats in both directions, and is signed out", async () => {
  const file = join(place.folder, "WhatsApp Chat - Book Club.txt");
  writeFileSync(
    file,
    "[13/01/2026, 10:00:01] Alice: Tea at four?\r\n[13/01/2026, 10:00:09] Carol: Yes.\r\n[13/01/2026, 10:01:00] Alice: See you there.\r\n",
  );
  const imported = await hawser([...place.on("alice"), "import", file, "--self", "Alice"]);
  expect(imported.lines.at(-1)).toMatchObject({ event: "imported", imported: 3, alreadyThere: 0 });
  expect((await hawser([...place.on("alice"), "import", file, "--self", "Alice"])).lines.at(-1)).toMatchObject({
    imported: 0,
    alreadyThere: 3,
  });

  await linkLaptop();
  const found = await hawser([...place.on("laptop"), "search", "tea"]);
  expect(found.lines).toMatchObject([{ event: "hit", text: "Tea at four?", outgoing: true, chatTitle: "Book Club" }]);
  expect((await hawser([...place.on("laptop"), "approve", "x"])).exit).toBe(6);

  const bob = new Hawser([...place.on("bob"), "listen", "--accept", "--mark-read"]);
  const laptop = new Hawser([...place.on("laptop"), "listen"]);
  await laptop.sees((line) => line.event === "connection" && line["state"] === "online");
  // A second command on a profile that is open: it goes through the process that has it.
  const sent = await hawser([...place.on("laptop"), "send", "bob", "-", "--wait", "read"], { input: "from the laptop\n" });
  expect(sent.exit).toBe(0);
  await bob.sees((line) => line.event === "message" && line["text"] === "from the laptop");
  expect((await hawser([...place.on("bob"), "send", "alice", "to alice"])).exit).toBe(0);
  expect(await laptop.sees((line) => line.event === "message" && line["text"] === "to alice")).toMatchObject({
    outgoing: false,
    kind: "text",
  });
  expect(await bob.kill("SIGINT")).toBe(130);

  // The phone has both as well: its own device wrote one of them.
  const onPhone = new Hawser([...place.on("alice"), "listen", "--unread"]);
  await onPhone.sees((line) => line.event === "message" && line["text"] === "to alice");
  await onPhone.kill("SIGTERM");
  const chat = await hawser([...place.on("alice"), "messages", "bob"]);
  expect(chat.lines.map(({ text, outgoing }) => [text, outgoing])).toEqual([["from the laptop", true], ["to alice", false]]); // prettier-ignore

  const { lines: devices } = await hawser([...place.on("alice"), "devices"]);
  expect(devices).toMatchObject([{ device: 1, isThis: true, role: "phone" }, { device: 2, name: "Alice's laptop", role: "companion" }]); // prettier-ignore
  expect((await hawser([...place.on("alice"), "revoke", "2"], { input: "n\n" })).exit).toBe(3);
  expect((await hawser([...place.on("alice"), "revoke", "2", "--yes"])).exit).toBe(0);
  expect(await laptop.ended()).toBe(5);
  expect(laptop.lines.find((line) => line.event === "signed-out")).toMatchObject({
    revokedBy: 1,
    revokedByName: "alice's phone",
    reason: "by-user",
  });
  const after = await hawser(
    place
      .on("laptop")
      .filter((word) => word !== "--json")
      .concat("whoami"),
  );
  expect(after.exit).toBe(5);
  expect(after.stderr).toMatch(/signed out by "alice's phone" \(device 1\) on \d{4}-\d\d-\d\d/);
  expect(after.stderr).not.toMatch(/\bat .*\.ts:/);
}, 60_000);

test("by letters, and by the code that the phone shows", async () => {
  const typed = new Hawser([...place.on("typed"), "link", "--no-history"]);
  const { typedCode } = await typed.sees((line) => line.event === "link" && line["typedCode"] !== null);
  const wrong = await hawser([...place.on("bob"), "approve", "--code", "ZZZZ-ZZZZ", "--yes"]);
  expect(wrong.exit).toBe(3);
  expect(wrong.lines.at(-1)).toMatchObject({ event: "error", code: "CODE_WRONG" });
  const phone = await hawser([...place.on("bob"), "approve", "--code", String(typedCode).toLowerCase(), "--yes", "--no-history"]);
  expect(phone.exit, phone.stderr).toBe(0);
  expect(await typed.ended(), typed.stdout + typed.stderr).toBe(0);

  const showing = new Hawser([...place.on("bob"), "approve", "--show", "--yes", "--no-history"]);
  const { uri } = await showing.sees((line) => line.event === "link" && line["uri"] !== null);
  const reading = await hawser([...place.on("reading"), "link", "--scan", String(uri), "--no-history"]);
  expect(reading.exit, reading.stderr).toBe(0);
  expect(await showing.ended(), showing.stdout + showing.stderr).toBe(0);
  expect((await hawser([...place.on("bob"), "devices"])).lines).toHaveLength(3);
}, 60_000);

test("an account with a passkey: a terminal has none, so the digits of its screen are asked for; wrong ones let nobody in", async () => {
  await place.account("carol");
  const carol = openNodeClient({ profileDir: join(place.folder, "carol"), serverUrl: place.server.url });
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ format: "der", type: "spki" }).toString("base64url");
  await carol.addPasskey({ credentialId: "AQ", spki, rpId: new URL(place.server.origin).hostname });
  await carol.close();
  const companion = new Hawser([...place.on("digits"), "link", "--no-history"]);
  const { uri } = await waitingForScan(companion);
  const wrong = await hawser([...place.on("carol"), "approve", String(uri), "--yes"], { input: "1\n" });
  expect(wrong.exit).toBe(3);
  expect(wrong.lines.find((line) => line.event === "link" && line["stage"] === "comparing")).toMatchObject({ passkey: "missing" });
  expect(wrong.lines.at(-1)).toMatchObject({ event: "error", code: "MATCH_CODE_WRONG" });
  // The wrong answer has refused it: nobody is left waiting.
  expect(await companion.ended()).toBe(3);

  const again = new Hawser([...place.on("digits"), "link", "--no-history"]);
  const fresh = await waitingForScan(again);
  const phone = new Hawser([...place.on("carol"), "approve", String(fresh["uri"]), "--no-history"]);
  const { matchCode } = await again.sees((line) => line.event === "link" && line["stage"] === "comparing");
  phone.write(`${String(matchCode)}\n`).endInput();
  expect(await phone.ended(), phone.stdout + phone.stderr).toBe(0);
  expect(await again.ended(), again.stdout + again.stderr).toBe(0);
}, 60_000);

test("a declined link ends with 3 on both sides", async () => {
  const companion = new Hawser([...place.on("stranger"), "link"]);
  const { uri } = await waitingForScan(companion);
  const phone = await hawser([...place.on("alice"), "approve", String(uri)], { input: "no\n" });
  expect(phone.exit).toBe(3);
  expect(phone.lines.at(-1)).toMatchObject({ event: "error", code: "DECLINED" });
  expect(await companion.ended()).toBe(3);
  expect(companion.lines.at(-1)).toMatchObject({ event: "error", code: "DECLINED" });
});

test("in plain text the code is drawn for 80 columns, with its link below", async () => {
  const companion = new Hawser([...place.on("plain").filter((word) => word !== "--json"), "link"]);
  while (!companion.stdout.includes("#1.")) await new Promise((resolve) => companion.child.stdout!.once("data", resolve));
  expect(await companion.kill("SIGINT")).toBe(130);
  const drawn = companion.stdout.split("\n").filter((line) => /[█▀▄]/.test(line));
  expect(drawn.length).toBeGreaterThan(20);
  expect(Math.max(...drawn.map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(companion.stdout).not.toContain("\x1b");
});
