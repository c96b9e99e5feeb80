/**
 * Linking or unlinking one device touches no other: over 100,000 operations on directory and mailboxes together, wired as the gateway
 * wires them, each operation changes what is its own and nothing else, and at the end every device has exactly what was meant for it.
 */
import type { AccountId, DeviceNumber } from "@hawser/base";
import { accountIdToBytes } from "@hawser/base";
import { nodePrimitives, openSqliteDatabase } from "@hawser/io-node";
import { MAX_COMPANIONS } from "@hawser/wire";
import { expect, test } from "vitest";
import { type CopySink, openMailboxes, readU32 } from "../mailbox/index.ts";
import { seededRandom, TestAccount, TestClock } from "../test-world.ts";
import { SqlDirectory } from "./sql-directory.ts";

const OPERATIONS = 100_000;
const ACCOUNTS = 4;
const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

test("100,000 operations: a link or its end changes that one device and no other", () => {
  const random = seededRandom(2026);
  const below = (limit: number): number => new DataView(random.bytes(4).buffer).getUint32(0) % limit;
  const pick = <T>(all: readonly T[]): T => all[below(all.length)]!;
  const databases = [openSqliteDatabase(":memory:"), openSqliteDatabase(":memory:")];
  const directory = new SqlDirectory({ database: databases[0]!, primitives: nodePrimitives, maxChainLists: 1_000_000 });
  const scheduled: (() => void)[] = [];
  const mailboxes = openMailboxes({
    database: databases[1]!,
    clock: new TestClock(),
    random,
    schedule: (callback) => scheduled.push(callback),
    onUpkeepFailure: (cause) => expect.unreachable(String(cause)),
  });
  mailboxes.onCommit({ sealed: () => undefined, committed: (failure) => expect(failure).toBeUndefined(), flushed: () => undefined });
  const flush = (): void => scheduled.splice(0).forEach((callback) => callback());

  /** What each device should have: undelivered texts by sequence. */
  const model = new Map<string, { account: TestAccount; device: DeviceNumber; waiting: [number, number][]; last: number }>();
  const key = (account: AccountId, device: number): string => `${account}/${device}`;
  let told: { account: AccountId; revoked: readonly DeviceNumber[] } | undefined;
  directory.onChange((entry, _lists, revoked) => {
    told = { account: entry.account, revoked };
    for (const device of revoked) mailboxes.forgetDevice({ account: entry.account, device });
  });

  const accounts = Array.from({ length: ACCOUNTS }, () => new TestAccount(random, nodePrimitives));
  const live = (account: TestAccount): number[] => account.latest.list.devices.map(({ number }) => number);
  for (const [i, account] of accounts.entries()) {
    databases[0]!.transaction(() => directory.insertFirst(account.latest, `h${i}`, 0));
    model.set(key(account.id, 1), { account, device: 1 as DeviceNumber, waiting: [], last: 0 });
  }
  /** Everything that stands for the devices that are not concerned. */
  const others = (except: string): string =>
    JSON.stringify(
      [...model].flatMap(([name, { account, device }]) => {
        if (name === except) return [];
        const entry = directory.find(account.id)?.devices.get(device);
        const { last, waiting, dropped, forgotten } = mailboxes.mailbox(account.id, device);
        return [
          [
            name,
            entry?.kind,
            ...(entry === undefined ? [] : [text(entry.signingKey), text(entry.dhKey)]),
            last,
            waiting,
            dropped,
            forgotten,
          ],
        ];
      }),
    );
  const [senderBytes, window] = [accountIdToBytes(accounts[0]!.id), mailboxes.holdWindow(accounts[0]!.address())];
  const counts = { linked: 0, unlinked: 0, sent: 0, moved: 0 };
  for (let i = 0; i < OPERATIONS; i++) {
    const kind = below(100);
    const account = pick(accounts);
    const companions = live(account).filter((device) => device !== 1);
    if (kind < 3 && companions.length < MAX_COMPANIONS) {
      flush();
      const before = others("");
      const list = account.add();
      told = undefined;
      expect(directory.apply([list]).ok).toBe(true);
      expect(told).toEqual({ account: account.id, revoked: [] });
      expect(others("")).toBe(before);
      const device = account.latest.list.nextDeviceNumber - 1;
      model.set(key(account.id, device), { account, device: device as DeviceNumber, waiting: [], last: 0 });
      counts.linked++;
    } else if (kind < 6 && companions.length > 0) {
      flush();
      const device = pick(companions) as DeviceNumber;
      const name = key(account.id, device);
      const before = others(name);
      const list = account.revoke(device);
      told = undefined;
      expect(directory.apply([list]).ok).toBe(true);
      expect(told).toEqual({ account: account.id, revoked: [device] });
      expect(others(name)).toBe(before);
      expect(mailboxes.mailbox(account.id, device).waiting).toBe(0);
      model.delete(name);
      counts.unlinked++;
    } else {
      const device = pick(live(account)) as DeviceNumber;
      const mailbox = mailboxes.mailbox(account.id, device);
      const expected = model.get(key(account.id, device))!;
      if (kind < 70) {
        const body = new Uint8Array(4);
        new DataView(body.buffer).setUint32(0, i);
        const messageId = new Uint8Array(16);
        new DataView(messageId.buffer).setUint32(12, i + 1);
        const capsule = body;
        const recipients = [{ mailbox, accountBytes: accountIdToBytes(account.id), capsule }];
        mailboxes.append({ accountBytes: senderBytes, device: 1 as DeviceNumber, window }, messageId, body, recipients);
        expected.waiting.push([++expected.last, i]);
        counts.sent++;
      } else {
        flush();
        const upTo = below(mailbox.last + 1);
        mailboxes.advance(mailbox, upTo);
        expected.waiting = expected.waiting.filter(([sequence]) => sequence > upTo);
        counts.moved++;
      }
    }
    if (i % 64 === 0) flush();
  }
  flush();
  for (const { account, device, waiting } of model.values()) {
    const seen: [number, number][] = [];
    const sink: CopySink = {
      add: (sequence, source, _headAt, _capsuleAt, bodyAt) => seen.push([sequence, readU32(source, bodyAt + 4)]) > 0,
    };
    mailboxes.read(mailboxes.mailbox(account.id, device), waiting[0] === undefined ? Number.MAX_SAFE_INTEGER : waiting[0][0] - 1, sink);
    expect(seen).toEqual(waiting);
  }
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(2_000);
  mailboxes.close();
  for (const database of databases) database.close();
});
