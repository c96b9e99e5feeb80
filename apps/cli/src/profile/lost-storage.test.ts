/** A store that is damaged or gone: the program says so, and the way back that it names works. Real processes, real files. */
import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Hawser, hawser } from "../testing/spawn-hawser.ts";
import { openTestPlace, type TestPlace } from "../testing/test-place.ts";

let place: TestPlace;
beforeAll(async () => {
  place = await openTestPlace();
  await place.account("alice");
  await linkTo("laptop");
});
afterAll(() => place.close());

async function linkTo(profile: string, ...how: string[]): Promise<void> {
  const joining = new Hawser([...place.on(profile), "link", "--no-history"]);
  const { uri } = await joining.sees((line) => line.event === "link" && line["stage"] === "waiting-for-scan");
  const approved = await hawser([...place.on("alice"), "approve", String(uri), "--yes", "--no-history", ...how]);
  expect(approved.exit, approved.stderr).toBe(0);
  expect(await joining.ended(), joining.stderr).toBe(0);
}

const storeOf = (profile: string): string => join(place.folder, profile, "client.db");

const DAMAGES = [
  {
    how: "its first page is noise",
    damage(path: string) {
      const file = openSync(path, "r+");
      writeSync(file, Buffer.alloc(100, 0x5a), 0, 100, 0);
      closeSync(file);
    },
  },
  { how: "it is empty", damage: (path: string) => writeFileSync(path, "") },
  { how: "it is gone", damage: (path: string) => rmSync(path) },
];

describe.each(DAMAGES)("$how", ({ damage }) => {
  test.each([
    { profile: "alice", says: /Get @alice back in another folder.* hawser account restore alice --profile DIR/ },
    { profile: "laptop", says: /other devices still have everything.* hawser link --profile DIR.* hawser approve --restore 2$/ },
  ])("$profile", async ({ profile, says }) => {
    const whole = readFileSync(storeOf(profile));
    damage(storeOf(profile));
    for (const command of ["status", "chats", "devices"]) {
      const { exit, lines } = await hawser([...place.on(profile), command]);
      expect([command, exit, lines.at(-1)]).toMatchObject([command, 10, { event: "error", code: "STORAGE_LOST" }]);
      expect(lines.at(-1)!["next"]).toMatch(says);
    }
    writeFileSync(storeOf(profile), whole);
    expect((await hawser([...place.on(profile), "whoami"])).exit).toBe(0);
  });
});

test("the way back of a companion: linked again in another folder, it is the device that it was", async () => {
  writeFileSync(storeOf("laptop"), "");
  await linkTo("laptop-again", "--restore", "2");
  expect((await hawser([...place.on("laptop-again"), "whoami"])).lines).toMatchObject([{ device: 2, role: "companion", handle: "alice" }]);
});

test("a folder where nobody ever was is not taken for a loss", async () => {
  const { exit, lines } = await hawser([...place.on("nobody"), "status"]);
  expect([exit, lines.at(-1)]).toMatchObject([6, { code: "EMPTY_PROFILE" }]);
});
