/**
 * Every way to a link code, over a real server: letters, a code that the phone shows, several at once. Invariant: all ways
 * lead to one attempt and one device, and what fails says why.
 */
import { OperationalError } from "@hawser/base";
import { webSocketTransport } from "@hawser/io-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { HawserClient, LinkStatus } from "../src/node/index.ts";
import { linkStage, until, World } from "./world.ts";

const world = new World();
let anna: HawserClient;
beforeAll(async () => {
  await world.start();
  anna = await world.account("anna");
});
afterAll(() => world.stop());

async function showingLetters(name: string): Promise<{ companion: HawserClient; letters: string }> {
  const companion = world.open(name);
  await companion.startLink({ deviceName: name, platform: "test", typedCode: true });
  return { companion, letters: await lettersOf(companion) };
}

async function lettersOf(companion: HawserClient, before?: string): Promise<string> {
  let letters: string | undefined;
  await until(companion, async () => {
    letters = (await companion.linkStatus())?.typedCode;
    return letters !== undefined && letters !== before;
  });
  return letters!;
}

async function finish(phone: HawserClient, companion: HawserClient): Promise<LinkStatus> {
  const asked = await linkStage(phone, "comparing");
  expect((await linkStage(companion, "comparing")).matchCode).toBe(asked.matchCode);
  await phone.approveLink(asked.attempt!);
  const active = await linkStage(companion, "active");
  await until(phone, async () => (await phone.linkStatus())?.stage === "active");
  return active;
}

const failure = async (client: HawserClient): Promise<string | undefined> => {
  await until(client, async () => (await client.linkStatus())?.stage === "failed");
  return (await client.linkStatus())?.error?.name;
};

test("letters, as a person types them", async () => {
  const { companion, letters } = await showingLetters("letters");
  expect(letters).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
  await anna.openTypedCode(` ${letters.toLowerCase().replaceAll("-", " ").replaceAll("0", "o").replaceAll("1", "l")} `);
  await finish(anna, companion);
});

test("a wrong letter is said, uses the code up, and the new letters work", async () => {
  const { companion, letters } = await showingLetters("wrong-letter");
  const wrong = letters.slice(0, -1) + (letters.endsWith("7") ? "8" : "7");
  await anna.openTypedCode(wrong);
  expect(await failure(anna)).toBe("CODE_WRONG");
  const fresh = await lettersOf(companion, letters);
  expect(fresh.slice(0, 4)).not.toBe(letters.slice(0, 4));
  // The right letters of the code that was guessed at are worth nothing any more.
  await anna.openTypedCode(letters);
  expect(await failure(anna)).toBe("CODE_ALREADY_USED");
  await anna.openTypedCode(fresh);
  await finish(anna, companion);
});

test("letters that nobody shows", async () => {
  await anna.openTypedCode("ZZZZ-ZZZZ");
  expect(await failure(anna)).toBe("CODE_WRONG");
  await expect(anna.openTypedCode("ZZZZ-ZZZ")).rejects.toMatchObject({ code: "CODE_MALFORMED" });
});

test("the code that the phone shows", async () => {
  const companion = world.open("reverse");
  await companion.startLink({ deviceName: "reverse", platform: "test" });
  await linkStage(companion, "waiting-for-scan");
  await anna.showReverseCode();
  const { uri } = await linkStage(anna, "waiting-for-scan");
  expect(uri).toContain("/link-me#1.");
  await expect(anna.openLinkCode(uri!)).rejects.toMatchObject({ code: "CODE_MALFORMED" });
  await expect(companion.openReverseCode(uri!.replace(/^https?:\/\/[^/]+/, "https://elsewhere.example"))).rejects.toMatchObject({
    code: "CODE_OTHER_ORIGIN",
  });
  await companion.openReverseCode(uri!);
  await finish(anna, companion);
});

test("the phone's connection for messages is all that a link needs of the phone", async () => {
  const opened: string[] = [];
  const real = webSocketTransport();
  let isShut = false;
  const phone = await world.account("carla", {
    http: {
      request: () => Promise.reject(new OperationalError("UNREACHABLE")),
    },
    transport: {
      kind: real.kind,
      open(url, events) {
        opened.push(url);
        if (!isShut) return real.open(url, events);
        queueMicrotask(() => events.closed(1006, ""));
        return { send: () => undefined, bufferedBytes: 0, close: () => undefined };
      },
    },
  });
  // What is open stays open; nothing else can be opened, by any address.
  isShut = true;
  const before = opened.length;
  const { companion, letters } = await showingLetters("messages-only");
  await phone.openTypedCode(letters);
  await finish(phone, companion);
  expect(opened.length).toBe(before);
});

test("all ways at once, two phones: one device on one of the accounts", async () => {
  const bela = await world.account("bela");
  const before = [await anna.devices(), await bela.devices()].map((devices) => devices.length);
  const { companion, letters } = await showingLetters("everything");
  const { uri } = (await companion.linkStatus())!;
  await bela.showReverseCode();
  const shown = await linkStage(bela, "waiting-for-scan");
  await Promise.allSettled([
    anna.openTypedCode(letters),
    anna.openLinkCode(uri!),
    companion.openReverseCode(shown.uri!),
    bela.openLinkCode(uri!),
  ]);
  const asked = await linkStage(companion, "comparing");
  const winner = asked.peer!.name === "anna" ? anna : bela;
  const loser = winner === anna ? bela : anna;
  expect(await failure(loser)).toBe("CODE_ALREADY_USED");
  await finish(winner, companion);
  const after = [await anna.devices(), await bela.devices()].map((devices) => devices.length);
  expect(after.reduce((sum, count) => sum + count)).toBe(before.reduce((sum, count) => sum + count) + 1);
});
