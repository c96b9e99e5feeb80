/**
 * What signs a device out is asked before it happens, and what others did is answered, in a terminal: alerts, sign-out, restoring, moving.
 * Real processes, real server.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Hawser, hawser, type Line } from "./testing/spawn-hawser.ts";
import { openTestPlace, type TestPlace } from "./testing/test-place.ts";

let place: TestPlace;
beforeAll(async () => {
  place = await openTestPlace();
  await Promise.all([place.account("alice"), place.account("carol"), place.account("dora")]);
});
afterAll(() => place.close());

const words = (profile: string): string[] => place.on(profile).filter((word) => word !== "--json");
const devicesOf = async (phone: string): Promise<unknown[]> => (await hawser([...place.on(phone), "devices"])).lines.map((line) => line["device"]); // prettier-ignore
const alertsOf = async (profile: string): Promise<readonly Line[]> => (await hawser([...place.on(profile), "alerts"])).lines;

async function linked(phone: string, profile: string, { as = "link", more = [] as string[] } = {}): Promise<void> {
  const joining = new Hawser([...place.on(profile), as, "--no-history"]);
  const { uri } = await joining.sees((line) => line.event === "link" && line["stage"] === "waiting-for-scan");
  const approved = await hawser([...place.on(phone), "approve", String(uri), "--yes", "--no-history", ...more]);
  expect(approved.exit, approved.stderr).toBe(0);
  expect(await joining.ended(), joining.stderr).toBe(0);
}

test("alerts: another device hears of a new one, says that it was not us, and the phone signs it out", async () => {
  await linked("alice", "desk");
  await linked("alice", "stranger");
  const listener = new Hawser([...place.on("desk"), "listen"]);
  expect(await listener.sees((line) => line.event === "device-alert")).toMatchObject({ kind: "added", device: 3, removing: false });
  await listener.kill("SIGTERM");
  expect(await alertsOf("desk")).toMatchObject([{ kind: "added", device: 3, role: "companion" }]);
  expect((await hawser([...words("desk"), "alerts"])).stderr).toContain("If not: hawser alerts remove 3");

  expect((await hawser([...place.on("desk"), "alerts", "known", "9"])).exit).toBe(7);
  expect((await hawser([...place.on("desk"), "alerts", "remove", "x"])).exit).toBe(2);
  const removed = await hawser([...place.on("desk"), "alerts", "remove", "3"]);
  expect([removed.exit, removed.lines]).toMatchObject([0, [{ event: "alert-answered", device: 3, answer: "remove" }]]);
  expect(await alertsOf("desk")).toMatchObject([{ device: 3, removing: true }]);
  const kept = await hawser([...place.on("desk"), "alerts", "undo", "3"]);
  expect([kept.exit, await alertsOf("desk")]).toMatchObject([0, [{ device: 3, removing: false }]]);

  await hawser([...place.on("desk"), "alerts", "remove", "3"]);
  const phone = new Hawser([...place.on("alice"), "listen"]);
  const stranger = await hawser([...place.on("stranger"), "listen"]);
  await phone.kill("SIGTERM");
  expect(stranger.exit).toBe(5);
  // What is empty because the account said so is not lost.
  const linking = new Hawser([...place.on("stranger"), "link"]);
  await linking.sees((line) => line.event === "link" && line["stage"] === "waiting-for-scan");
  await linking.kill("SIGINT");
  expect((await hawser([...place.on("stranger"), "whoami"])).lines.at(-1)).toMatchObject({ code: "EMPTY_PROFILE" });
  expect(await devicesOf("alice")).toEqual([1, 2]);
});

test("alerts: known is gone on every device", async () => {
  await linked("carol", "carols-first");
  await linked("carol", "carols-second");
  expect(await alertsOf("carols-first")).toMatchObject([{ kind: "added", device: 3 }]);
  const known = await hawser([...place.on("carols-first"), "alerts", "known"]);
  expect([known.exit, known.lines]).toMatchObject([0, [{ event: "alert-answered", device: 3, answer: "known" }]]);
  expect(await alertsOf("carols-first")).toEqual([]);
  expect((await hawser([...words("carols-first"), "alerts"])).stdout).toBe("Nothing to answer.\n");
});

test("sign-out: asked, with more words where no other device is there; then nothing is left and the phone takes it off the list", async () => {
  const alone = await hawser([...words("desk"), "sign-out"], { input: "n\n" });
  expect([alone.exit, alone.stderr]).toEqual([3, expect.stringContaining("this may be the last one that works")]);
  const phone = new Hawser([...place.on("alice"), "listen"]);
  await phone.sees((line) => line.event === "connection" && line["state"] === "online");
  const beside = await hawser([...words("desk"), "sign-out"], { input: "\n" });
  expect([beside.exit, beside.stderr]).toEqual([3, expect.not.stringContaining("the last one")]);
  expect((await hawser([...place.on("desk"), "whoami"])).exit).toBe(0);

  const gone = await hawser([...place.on("desk"), "sign-out"], { input: "y\n" });
  expect([gone.exit, gone.lines.at(-1)]).toMatchObject([0, { event: "erased", device: 2, told: true }]);
  expect(readdirSync(join(place.folder, "desk"))).not.toContain("terminal.json");
  expect((await hawser([...place.on("desk"), "whoami"])).exit).toBe(6);
  expect((await hawser([...place.on("desk"), "sign-out", "--yes"])).exit).toBe(6);
  while ((await devicesOf("alice")).length > 1);
  await phone.kill("SIGTERM");
});

test("sign-out without a server: the device erases itself, and says that the list still has it", async () => {
  const words = ["--profile", join(place.folder, "carols-first"), "--server", "http://127.0.0.1:9", "sign-out"];
  const gone = await hawser([...words, "--yes"]);
  expect([gone.exit, gone.stderr]).toEqual([0, expect.stringContaining("stays on its list until the phone removes it")]);
});

test("restoring and the end of a move sign a phone out: a person is asked, and a pipe has to say --yes", async () => {
  const { lines } = await hawser([...place.on("dora"), "account", "recovery-code"]);
  const code = String(lines[0]!["code"]);
  const asked = await hawser([...words("doras-new"), "account", "restore", "dora", "--code", code], { input: "no\n" });
  expect([asked.exit, asked.stderr]).toEqual([3, expect.stringMatching(/@dora has now is signed out for good[^]*hawser move/)]);
  expect((await hawser([...place.on("dora"), "whoami"])).exit).toBe(0);

  await linked("dora", "doras-next", { as: "move", more: ["--new-phone"] });
  // Two phones for a while. What one lets in, the other may throw out, and it stays until that is done.
  await linked("doras-next", "doras-desk");
  const thrownOut = await hawser([...place.on("dora"), "alerts", "remove", "3"]);
  expect([thrownOut.exit, thrownOut.lines]).toMatchObject([
    0,
    [
      { event: "alert-answered", answer: "remove" },
      { event: "revoked", device: 3 },
    ],
  ]);
  expect((await hawser([...place.on("doras-desk"), "status"])).exit).toBe(5);

  const finish = await hawser([...place.on("doras-next"), "move", "finish", "--without-history"]);
  expect([finish.exit, finish.lines.at(-1)]).toMatchObject([
    3,
    { event: "error", code: "NOT_CONFIRMED", next: "Without a question: --yes" },
  ]);
  expect((await hawser([...place.on("dora"), "status"])).exit).toBe(0);
  const finished = await hawser([...place.on("doras-next"), "move", "finish", "--without-history"], { input: "y\n" });
  expect([finished.exit, finished.lines.at(-1)]).toMatchObject([0, { event: "moved" }]);
  expect((await hawser([...place.on("dora"), "status"])).exit).toBe(5);

  const restored = await hawser([...place.on("doras-new"), "account", "restore", "dora", "--yes"], { input: `${code}\n` });
  expect([restored.exit, restored.lines]).toMatchObject([
    0,
    [
      { event: "account", role: "phone" },
      { event: "notice", notice: "restored-alone" },
    ],
  ]);
  // No other device was there to say which passkeys there were: it is said here, and once more by whoever asks how things are.
  const told = await hawser([...words("doras-new"), "status"]);
  expect(told.stdout).toContain("passkeys");
  expect((await hawser([...place.on("doras-new"), "status"])).lines).toMatchObject([{ event: "status", notice: null }]);
});
