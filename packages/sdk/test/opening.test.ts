/** What a person came for is answered before the client connects, where the platform says when that may be. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { hasText, until, World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => world.stop());

test("a member's client answers at once and connects when it may begin; what was written before leaves then", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  await anna.sendMessage({ conversation: ab, text: "before" });
  await hasText(bela, ba, "before");
  await world.close("anna");

  let resume: () => void = () => undefined;
  const again = world.open("anna", { begin: (given) => (resume = given) });
  expect((await again.conversations()).items.map(({ last }) => last?.text)).toEqual(["before"]);
  expect((await again.state()).connection.kind).toBe("idle");
  await again.sendMessage({ conversation: ab, text: "early" });
  expect((await again.state()).connection.kind).toBe("idle");

  resume();
  await until(again, async () => (await again.state()).connection.kind === "online");
  await hasText(bela, ba, "early");
});

test("a client that was closed before it began begins nothing", async () => {
  await world.account("anna");
  await world.close("anna");
  let resume: () => void = () => undefined;
  world.open("anna", { begin: (given) => (resume = given) });
  await world.close("anna");
  expect(resume).not.toThrow();
});

test("without an account nothing waits to begin", async () => {
  const client = world.open("nobody", { begin: () => expect.unreachable() });
  expect((await client.checkHandle("anna")).available).toBe(true);
});
