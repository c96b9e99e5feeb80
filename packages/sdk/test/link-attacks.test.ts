/**
 * What an attacker can and cannot do with a link code. A fake page that shows a genuine code is the same, for the phone, as the
 * device behind that code: the person's word is what stands between them (docs/THREAT-MODEL.md).
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { HawserClient } from "../src/node/index.ts";
import { Middle } from "./middle.ts";
import { linkStage, until, World } from "./world.ts";

const ELSEWHERE = "https://hawser-login.example";

const world = new World();
let victim: HawserClient;
beforeAll(async () => {
  await world.start();
  victim = await world.account("victim");
});
afterAll(() => world.stop());

const lines = async (): Promise<number> => (await victim.devices()).length;

test("a relayed code: the phone shows what the attacker says, its code is genuine, and a no leaves nothing behind", async () => {
  const attacker = world.open("attacker");
  await attacker.startLink({ deviceName: "My own computer", platform: "Chromium 156 on Linux", typedCode: true });
  // The fake page shows this, or the letters.
  const { uri } = await linkStage(attacker, "waiting-for-scan");
  await victim.openLinkCode(uri!);
  const asked = await linkStage(victim, "comparing");
  // Honest about what it does not do: name, platform and origin are the attacker's words, and the digits are the right ones.
  expect(asked.peer).toMatchObject({ name: "My own computer", platform: "Chromium 156 on Linux", origin: world.server.origin });
  expect(asked.matchCode).toBe((await linkStage(attacker, "comparing")).matchCode);
  await victim.rejectLink(asked.attempt!);
  await until(attacker, async () => (await attacker.linkStatus())?.error?.name === "DECLINED");
  expect(await lines()).toBe(1);
  expect((await attacker.state()).self).toBeUndefined();
});

/** A page elsewhere that carries every frame to the real server and back: what runs in it is an honest program that was loaded from there. */
function relayed(name: string): HawserClient {
  const middle = new Middle();
  middle.toClient = (frame) => (frame.type === "server-hello" ? [{ ...frame, message: { ...frame.message, origin: ELSEWHERE } }] : [frame]);
  return world.open(name, { origin: ELSEWHERE, transport: middle.transport });
}

test("an honest companion of another address refuses the offer, and its code is refused by the phone", async () => {
  const elsewhere = relayed("elsewhere");
  await elsewhere.startLink({ deviceName: "x", platform: "x" });
  const { uri } = await linkStage(elsewhere, "waiting-for-scan");
  await expect(victim.openLinkCode(uri!)).rejects.toMatchObject({ code: "CODE_OTHER_ORIGIN" });
  // Rewritten by a page in between, the code itself is the same: the companion hears where the phone is, and ends.
  await victim.openLinkCode(uri!.replace(ELSEWHERE, world.server.origin));
  await until(elsewhere, async () => (await elsewhere.linkStatus())?.error?.name === "CODE_OTHER_ORIGIN");
  expect(await lines()).toBe(1);
});

test("letters of another address are wrong letters, though the place is the same", async () => {
  const elsewhere = relayed("elsewhere-typed");
  await elsewhere.startLink({ deviceName: "x", platform: "x", typedCode: true });
  await until(elsewhere, async () => (await elsewhere.linkStatus())?.typedCode !== undefined);
  await victim.openTypedCode((await elsewhere.linkStatus())!.typedCode!);
  await until(victim, async () => (await victim.linkStatus())?.error?.name === "CODE_WRONG");
});

test("guessing: three wrong answers end the letters of a code, six a phone's tries", async () => {
  const companion = world.open("guessed");
  await companion.startLink({ deviceName: "x", platform: "x", typedCode: true });
  const seen = new Set<string>();
  const guesser = await world.account("guesser");
  for (let guess = 0; guess < 3; guess++) {
    await until(companion, async () => {
      const letters = (await companion.linkStatus())?.typedCode;
      return letters !== undefined && !seen.has(letters);
    });
    const letters = (await companion.linkStatus())!.typedCode!;
    seen.add(letters);
    await guesser.openTypedCode(`${letters.slice(0, 5)}${letters.endsWith("0000") ? "1111" : "0000"}`);
    await until(guesser, async () => (await guesser.linkStatus())?.stage === "failed");
    expect((await guesser.linkStatus())?.error?.name).toBe("CODE_WRONG");
  }
  // The code itself still works: by camera, image or link.
  expect((await companion.linkStatus())?.uri).toBeDefined();
  for (let more = 0; more < 3; more++) {
    await guesser.openTypedCode("ZZZZ-ZZZZ");
    await until(guesser, async () => (await guesser.linkStatus())?.stage === "failed");
  }
  await expect(guesser.openTypedCode("ZZZZ-ZZZZ")).rejects.toMatchObject({ code: "RATE_LIMITED" });
  expect((await companion.linkStatus())?.typedCode).toBeUndefined();
}, 60_000);
