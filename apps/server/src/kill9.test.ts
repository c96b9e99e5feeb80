/**
 * Invariant under test: whatever the server acknowledged arrives exactly once, although the server is killed again and
 * again in the middle of its work. The sender does what a real one does: it sends again, under the same id, what was not
 * acknowledged. The recipient keeps a cursor and takes what lies behind it.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bytes, toHex } from "@hawser/base";
import { nodePrimitives, openSqliteDatabase, systemRandom } from "@hawser/io-node";
import { SqlDirectory } from "@hawser/relay";
import { afterEach, expect, test } from "vitest";
import { TestAccount, TestClient } from "./gateway/gateway-fixture.ts";

const ROUNDS = 20;
const SENDS_UNDER_WAY = 64;
/** Acknowledgements after which the kill comes, somewhere in between. */
const [MIN_ACKS, MAX_ACKS] = [50, 400] as const;

const folder = mkdtempSync(join(tmpdir(), "hawser-kill9-"));
let child: ChildProcess | undefined;
afterEach(() => {
  child?.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

async function startChild(): Promise<string> {
  child = fork(join(import.meta.dirname, "kill9-child.ts"), [folder], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  return `ws://127.0.0.1:${port}/v1/connect`;
}

async function kill(): Promise<void> {
  child!.kill("SIGKILL");
  await once(child!, "exit");
}

const [alice, bob] = [new TestAccount(2), new TestAccount(1)];

async function connect(url: string, account: TestAccount, device: number, mailbox: { epoch: number; cursor: number }): Promise<TestClient> {
  const client = new TestClient(url);
  await client.opened();
  await client.authenticate(account, device, { mailboxEpoch: mailbox.epoch, cursor: BigInt(mailbox.cursor) });
  client.welcome = (await client.next("welcome")).message;
  return client;
}

/** Sends until so many are acknowledged; what was not goes first the next time. */
class Sender {
  readonly #waiting = new Map<string, Bytes>();
  readonly acknowledged = new Set<string>();
  readonly #requests = new Map<number, string>();

  async run(client: TestClient, until: number): Promise<void> {
    const targets = [bob.target([1]), alice.target([2])];
    const submit = (id: string, messageId: Bytes): void => {
      this.#requests.set(client.sendMessage(targets, id, messageId), id);
    };
    this.#requests.clear();
    for (const [id, messageId] of this.#waiting) submit(id, messageId);
    const fresh = (): void => {
      const messageId = systemRandom.bytes(16);
      const id = toHex(messageId);
      this.#waiting.set(id, messageId);
      submit(id, messageId);
    };
    let acks = 0;
    while (this.#waiting.size < SENDS_UNDER_WAY) fresh();
    while (acks < until) {
      for (const request of (await client.next("batch")).acks) {
        const id = this.#requests.get(request)!;
        this.#waiting.delete(id);
        this.acknowledged.add(id);
        acks++;
        fresh();
      }
    }
  }

  get unacknowledged(): number {
    return this.#waiting.size;
  }
}

/** Takes deliveries in order, and moves its cursor like a client whose commits are instant. */
class Recipient {
  readonly account: TestAccount;
  readonly device: number;
  readonly taken: string[] = [];
  readonly mailbox = { epoch: 0, cursor: 0 };

  constructor(account: TestAccount, device: number) {
    this.account = account;
    this.device = device;
  }

  async connect(url: string): Promise<TestClient> {
    const client = await connect(url, this.account, this.device, this.mailbox);
    const welcome = client.welcome!.device!;
    expect(welcome.needsResync).toBe(false);
    expect([0, welcome.mailboxEpoch]).toContain(this.mailbox.epoch);
    this.mailbox.epoch = welcome.mailboxEpoch;
    return client;
  }

  /** Until the connection ends or everything wanted is there. */
  async take(client: TestClient, wanted?: number): Promise<void> {
    while (wanted === undefined || this.taken.length < wanted) {
      let batch;
      try {
        batch = await client.next("batch");
      } catch {
        return;
      }
      for (const delivery of batch.deliveries) {
        if (delivery.sequence <= this.mailbox.cursor) continue;
        expect(delivery.sequence).toBe(this.mailbox.cursor + 1);
        this.mailbox.cursor = delivery.sequence;
        this.taken.push(new TextDecoder().decode(delivery.body));
      }
      client.send({ type: "cursor", sequence: this.mailbox.cursor });
    }
  }
}

test(`kill -9 in the middle of the load, ${ROUNDS} rounds: every acknowledged message arrives exactly once`, async () => {
  const database = openSqliteDatabase(join(folder, "directory.db"));
  const directory = new SqlDirectory({ database, primitives: nodePrimitives });
  database.transaction(() => {
    directory.insertFirst(alice.list, "alice", 0);
    directory.insertFirst(bob.list, "bob", 0);
  });
  database.close();

  const sender = new Sender();
  const recipients = [new Recipient(bob, 1), new Recipient(alice, 2)];
  for (let round = 0; round < ROUNDS; round++) {
    const url = await startChild();
    // One recipient is there in every second round, the other in every third: there is always something waiting.
    const present = recipients.filter((_, i) => round % (i + 2) === 0);
    const taking: Promise<void>[] = [];
    for (const recipient of present) taking.push(recipient.take(await recipient.connect(url)));

    const client = await connect(url, alice, 1, { epoch: 0, cursor: 0 });
    const until = MIN_ACKS + (systemRandom.bytes(2)[0]! / 255) * (MAX_ACKS - MIN_ACKS);
    await sender.run(client, until);
    await kill();
    await Promise.all(taking);
  }

  const url = await startChild();
  const client = await connect(url, alice, 1, { epoch: 0, cursor: 0 });
  await sender.run(client, sender.unacknowledged);
  for (const recipient of recipients) {
    const last = await recipient.connect(url);
    await recipient.take(last, recipient.taken.length + Number(last.welcome!.device!.waiting));
    const taken = new Set(recipient.taken);
    expect(taken.size, "twice").toBe(recipient.taken.length);
    expect(
      [...sender.acknowledged].filter((id) => !taken.has(id)),
      "lost",
    ).toEqual([]);
  }
  expect(sender.acknowledged.size).toBeGreaterThan(ROUNDS * MIN_ACKS);
  await kill();
});
