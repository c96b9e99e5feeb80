/** Clocks that are a day off are told, not punished: such devices link, chat both ways, and keep the order of what was said. */
import type { Clock } from "@hawser/base";
import { systemClock } from "@hawser/io-node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hasText, texts, until, World } from "./world.ts";

const DAY_MS = 86_400_000;
/** What the measurement itself may be off by, on a machine with too much to do. */
const MEASUREMENT_MS = 60_000;
const skewed = (byMs: number): Clock => ({ ...systemClock, nowMs: () => systemClock.nowMs() + byMs });

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => world.stop());

describe.each([
  { phone: "a day behind", companion: "a day ahead", phoneMs: -DAY_MS, companionMs: DAY_MS },
  { phone: "a day ahead", companion: "right", phoneMs: DAY_MS, companionMs: 0 },
])("the phone $phone, the companion $companion", ({ phoneMs, companionMs }) => {
  test("links and chats", async () => {
    const anna = await world.account("anna", { clock: skewed(phoneMs) });
    const bela = await world.account("bela");
    const { ab, ba } = await world.befriend(anna, bela);
    const laptop = await world.link(anna, "anna-laptop", { clock: skewed(companionMs) });
    await until(laptop, async () => (await laptop.contacts()).length === 1);

    const said: string[] = [];
    for (const [client, conversation] of [[anna, ab], [bela, ba], [laptop, ab], [bela, ba], [anna, ab]] as const) {
      const text = `${said.length}`;
      await client.sendMessage({ conversation, text });
      said.push(text);
      for (const [reader, chat] of [[anna, ab], [bela, ba], [laptop, ab]] as const) await hasText(reader, chat, text);
    } // prettier-ignore
    for (const [reader, chat] of [
      [anna, ab],
      [bela, ba],
      [laptop, ab],
    ] as const)
      expect(await texts(reader, chat)).toEqual(said);

    for (const [client, byMs] of [
      [anna, phoneMs],
      [laptop, companionMs],
    ] as const) {
      const { connection } = await client.state();
      expect(connection.kind === "online" && Math.abs(connection.clockOffsetMs + byMs)).toBeLessThan(MEASUREMENT_MS);
      expect((await client.diagnostics()).listed).toBe(true);
    }
  }, 60_000);
});
