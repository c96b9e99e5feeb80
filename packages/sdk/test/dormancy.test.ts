/** A device that was away for longer than its person chose: shown as dormant, and back by its own signature, with nothing missing. */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hasText, until, World } from "./world.ts";

const DAY_MS = 86_400_000;
let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => world.stop());

function editDirectory<T>(edit: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(join(world.folder, "server", "directory.db"));
  try {
    return edit(database);
  } finally {
    database.close();
  }
}

test("a month away: nothing is kept, it is called dormant, and it comes back without a link and has everything", async () => {
  const anna = await world.account("anna");
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  const desk = await world.link(anna, "desk");
  await until(desk, async () => (await desk.state()).history.kind === "complete");
  await anna.setSettings({ dormantAfterMonths: 1 });
  await until(desk, async () => (await desk.state()).settings.dormantAfterMonths === 1);
  await until(anna, async () => (await anna.state()).outboxCount === 0);
  const { device } = (await desk.state()).self!;
  await world.close("desk");
  await bela.sendMessage({ conversation: ba, text: "while it was away" });
  await hasText(anna, ab, "while it was away");
  await anna.setSettings({ language: "tr" });
  await until(anna, async () => (await anna.state()).outboxCount === 0);
  expect((await anna.devices()).map(({ dormantSinceMs }) => dormantSinceMs)).toEqual([undefined, undefined]);
  await world.server.stop();

  const lastSeenMs = Date.now() - 40 * DAY_MS;
  editDirectory((database) => {
    expect(database.prepare("SELECT after_days FROM dormancy").all()).toEqual([{ after_days: 30 }]);
    database.prepare("UPDATE activity SET last_seen_hour_ms = ? WHERE device = ?").run(lastSeenMs, device);
  });
  await world.start();
  await until(anna, async () => (await anna.state()).connection.kind === "online");
  const shown = (await anna.devices()).find((one) => one.device === device)!;
  expect(shown).toMatchObject({ connected: false, lastSeenMs, dormantSinceMs: lastSeenMs + 30 * DAY_MS });

  const entries = () => editDirectory((database) => database.prepare("SELECT count(*) AS n FROM lists").get()!["n"]);
  const before = entries();
  const back = world.open("desk");
  // Nothing was kept for it: it is told that something is missing, and fetches it as history.
  let sawGap = false;
  back.subscribe((event) => (sawGap ||= event.type === "state" && event.state.gapSinceMs !== undefined));
  await hasText(back, ab, "while it was away");
  await until(back, async () => (await back.state()).gapSinceMs === undefined && (await back.state()).settings.language === "tr");
  expect(sawGap).toBe(true);
  expect((await back.state()).phase).toBe("ready");
  expect(entries()).toBe(before);
  expect((await anna.devices()).find((one) => one.device === device)?.dormantSinceMs).toBeUndefined();
});
