/** Invariants: only what its account gave up is dropped, only for devices that are away, and a device is told of it when it comes back. */
import type { DeviceNumber } from "@hawser/base";
import { openSqliteDatabase } from "@hawser/io-node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { account, DEVICE, Harness } from "../../test/mailbox-harness.ts";
import { migrate } from "../store/migrations.ts";
import { DeviceActivity } from "./device-activity.ts";
import { DIRECTORY_MIGRATIONS } from "./directory-schema.ts";
import { Dormancy, emptyDormant } from "./dormancy.ts";

const DAY_MS = 86_400_000;
const NOW_MS = 1_800_000_000_000;
let harness: Harness;
let activity: DeviceActivity;
let dormancy: Dormancy;
beforeEach(() => {
  harness = new Harness();
  const database = openSqliteDatabase(":memory:");
  migrate(database, DIRECTORY_MIGRATIONS);
  activity = new DeviceActivity(database);
  dormancy = new Dormancy(database, activity);
});
afterEach(() => harness.remove());

const pass = (): number => emptyDormant(dormancy, harness.mailboxes, NOW_MS);
const address = (of: number, device = DEVICE) => ({ account: account(of), device });
const SILENT = { mailboxChanged: () => undefined };

test("away for longer than its account chose: emptied, told of it, and everything since then arrives", () => {
  const there = 3 as DeviceNumber;
  for (const one of [address(1), address(2)]) activity.seen(one, NOW_MS - 31 * DAY_MS);
  activity.seen(address(1, there), NOW_MS - 29 * DAY_MS);
  harness.send("before", [[1, DEVICE], [1, there], [2, DEVICE]]); // prettier-ignore
  harness.flush();
  expect(pass()).toBe(0);
  dormancy.set(account(1), 30);
  expect(pass()).toBe(1);
  expect(pass()).toBe(0);
  harness.send("after", [[1, DEVICE]]);
  harness.flush();
  expect(harness.texts()).toEqual(["after"]);
  expect(harness.waiting(1, there)).toHaveLength(1);
  expect(harness.waiting(2)).toHaveLength(1);
  const client = { epoch: 0, cursor: 0 };
  expect(harness.mailboxes.attach(address(1), SILENT, client)).toMatchObject({ start: 1, needsResync: true });
  expect(harness.mailboxes.attach(address(1, there), SILENT, client)).toMatchObject({ start: 0, needsResync: false });
});

test("a device that is connected loses nothing, whatever the record says; nor does any after the choice is taken back", () => {
  activity.seen(address(1), NOW_MS - 40 * DAY_MS);
  dormancy.set(account(1), 30);
  const { mailbox } = harness.mailboxes.attach(address(1), SILENT, { epoch: 0, cursor: 0 });
  harness.send("read me", [[1, DEVICE]]);
  harness.flush();
  expect(pass()).toBe(0);
  harness.mailboxes.detach(mailbox, SILENT);
  dormancy.set(account(1), 0);
  expect(pass()).toBe(0);
  expect(harness.texts()).toEqual(["read me"]);
});
