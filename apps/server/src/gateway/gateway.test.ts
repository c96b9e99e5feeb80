/**
 * Invariants under test: acknowledged means committed and delivered in order until the cursor; a SEND is stored whole or
 * rejected whole with the reason; only a signed list signs a device out; a broken client changes nothing.
 */
import { CLOSE_CODES, ERROR_CODES, type ErrorName, RequestSchema } from "@hawser/wire";
import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TestAccount, type TestClient, TestServer } from "./gateway-fixture.ts";
import { DEFAULT_GATEWAY_LIMITS } from "./gateway-limits.ts";

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start();
});
afterEach(async () => {
  await server.stop();
});

const code = (name: ErrorName): number => ERROR_CODES[name].code;

async function rejection(
  client: TestClient,
): Promise<{ request: number; error: number | undefined; lists: number; retryAfterMs: number | undefined }> {
  const { event } = (await client.next("push")).message;
  if (event.case !== "sendRejected") throw new Error(`unexpected push ${event.case}`);
  const { request, failure } = event.value;
  return { request, error: failure?.error, lists: failure?.lists.length ?? 0, retryAfterMs: failure?.retryAfterMs };
}

describe("connecting", () => {
  test("an anonymous connection is welcomed without a device and may ask, but not send", async () => {
    const client = await server.client();
    const hello = (await client.next("server-hello")).message;
    expect(hello.nonce).toHaveLength(32);
    expect(hello).toMatchObject({ origin: "https://chat.example", protocolMin: 1, protocolMax: 1, serverVersion: "test" });
    client.hello();
    const welcome = (await client.next("welcome")).message;
    expect(welcome.protocol).toBe(1);
    expect(welcome.device).toBeUndefined();
    await client.settle();
    client.sendMessage([new TestAccount(1).target([1])], "hello");
    expect(await client.goodbye()).toMatchObject({ error: code("NOT_AUTHENTICATED"), closeCode: CLOSE_CODES.fault });
  });

  test("a device proves itself and learns where its mailbox stands", async () => {
    const alice = server.account(2);
    const client = await server.device(alice, 2);
    expect(client.welcome?.device).toMatchObject({
      nextSequence: 1n,
      needsResync: false,
      waiting: 0n,
      oneTimePreKeysLeft: 11,
      oneTimeKemPreKeysLeft: 5,
      newerLists: [],
    });
    expect(client.welcome?.device?.mailboxEpoch).toBeGreaterThan(0);
  });

  test("a wrong signature, a signature for another origin and unknown accounts mean: try again, keep everything", async () => {
    const alice = server.account(1);
    const wrong = await server.client();
    await wrong.authenticate(alice, 1, { signature: new Uint8Array(64) });
    expect(await wrong.goodbye()).toMatchObject({ error: code("BAD_SIGNATURE"), closeCode: CLOSE_CODES.retry });
    const elsewhere = await server.client();
    await elsewhere.authenticate(alice, 1, {}, "https://evil.example");
    expect(await elsewhere.goodbye()).toMatchObject({ error: code("BAD_SIGNATURE"), closeCode: CLOSE_CODES.retry });
    const stranger = await server.client();
    await stranger.authenticate(new TestAccount(1), 1);
    expect(await stranger.goodbye()).toMatchObject({ error: code("UNKNOWN_ACCOUNT"), closeCode: CLOSE_CODES.retry });
  });

  test("a list stapled to the hello certifies a device the server has never heard of", async () => {
    const alice = server.account(1);
    const phone = await server.device(alice, 1);
    const list = alice.change({ add: 1 });
    const client = await server.client();
    await client.authenticate(alice, 2, { stapledLists: [list] });
    expect((await client.next("welcome")).message.device).toBeDefined();
    expect((await phone.next("push")).message.event).toMatchObject({
      case: "deviceListChanged",
      value: { lists: [{ payload: list.payload }] },
    });
    const forged = await server.client();
    await forged.authenticate(alice, 2, { stapledLists: [{ ...alice.change({ add: 1 }), signature: new Uint8Array(64) }] });
    expect(await forged.goodbye()).toMatchObject({ error: code("LIST_INVALID"), closeCode: CLOSE_CODES.fault });
  });

  test("a revoked device is shown the list that revokes it, connected or not, and its mailbox is gone", async () => {
    const [alice, bob] = [server.account(2), server.account(1)];
    const [companion, sender] = [await server.device(alice, 2), await server.device(bob, 1)];
    sender.sendMessage([alice.target([1, 2])], "before");
    await companion.collect({ deliveries: 1 });
    const list = alice.change({ revoke: 2 });
    expect(server.directory.apply([list]).ok).toBe(true);
    const told = await companion.goodbye();
    expect(told).toMatchObject({ error: code("DEVICE_REVOKED"), closeCode: CLOSE_CODES.revoked });
    expect(told.message.revokingList?.payload).toEqual(list.payload);
    const again = await server.client();
    await again.authenticate(alice, 2);
    expect((await again.goodbye()).message.revokingList?.payload).toEqual(list.payload);
    const phone = await server.device(alice, 1);
    expect((await phone.collect({ deliveries: 1 })).texts).toEqual(["before"]);
  });

  test("a second connection of the same device takes over", async () => {
    const [alice, bob] = [server.account(1), server.account(1)];
    const older = await server.device(alice, 1);
    const newer = await server.device(alice, 1);
    expect(await older.goodbye()).toMatchObject({ error: code("REPLACED_BY_SAME_DEVICE"), closeCode: CLOSE_CODES.retry });
    const sender = await server.device(bob, 1);
    sender.sendMessage([alice.target([1])], "to the newer one");
    expect((await newer.collect({ deliveries: 1 })).texts).toEqual(["to the newer one"]);
    expect(server.gateway.connections()).toBe(2);
  });

  test("versions that do not meet are told which side is too old", async () => {
    for (const [range, error] of [
      [{ protocolMin: 0, protocolMax: 0 }, "CLIENT_TOO_OLD"],
      [{ protocolMin: 99, protocolMax: 100 }, "SERVER_TOO_OLD"],
    ] as const) {
      const client = await server.client();
      await client.next("server-hello");
      client.send({
        type: "client-hello",
        message: { $typeName: "hawser.v1.ClientHello", capabilities: [], platform: "", clientVersion: "", ...range },
      });
      expect(await client.goodbye()).toMatchObject({ error: code(error), closeCode: CLOSE_CODES.update });
    }
  });

  test("who says nothing for ten seconds goes; who stays silent for long is asked, then torn down", async () => {
    const silent = await server.client();
    await silent.next("server-hello");
    server.clock.advance(DEFAULT_GATEWAY_LIMITS.helloDeadlineMs + 1_000);
    expect(await silent.goodbye()).toMatchObject({ error: code("TIMEOUT"), closeCode: CLOSE_CODES.retry });
    const idle = await server.device(server.account(1), 1);
    let pinged = 0;
    idle.socket.on("ping", () => pinged++);
    server.clock.advance(DEFAULT_GATEWAY_LIMITS.pingAfterMs + 6_000);
    await idle.settle();
    expect(pinged).toBeGreaterThan(0);
    idle.socket.pause();
    server.clock.advance(DEFAULT_GATEWAY_LIMITS.deadAfterMs + 6_000);
    idle.socket.resume();
    expect(await idle.closed()).toBe(1006);
  });

  test("beyond the limit of connections the rest is asked to come back later", async () => {
    await server.stop();
    server = await TestServer.start({ limits: { maxConnections: 1 } });
    await server.device(server.account(1), 1);
    const late = await server.client();
    const { error, closeCode, message } = await late.goodbye();
    expect({ error, closeCode }).toEqual({ error: code("OVERLOADED"), closeCode: CLOSE_CODES.retry });
    expect(message.retryAfterMs).toBeGreaterThan(0);
  });

  test("a shutdown says goodbye with a spread of times to come back", async () => {
    const clients = [
      await server.device(server.account(1), 1),
      await server.device(server.account(1), 1),
      await server.device(server.account(1), 1),
    ];
    const drained = server.gateway.drain();
    const goodbyes = await Promise.all(clients.map((client) => client.goodbye()));
    await drained;
    expect(goodbyes.map((goodbye) => goodbye.error)).toEqual([4, 4, 4]);
    expect(new Set(goodbyes.map((goodbye) => goodbye.message.retryAfterMs)).size).toBeGreaterThan(1);
  });
});

describe("sending", () => {
  test("reaches every device of both accounts, each with its own capsule, in order", async () => {
    const [alice, bob] = [server.account(2), server.account(2)];
    const [from, otherOwn, to1, to2] = [
      await server.device(alice, 1),
      await server.device(alice, 2),
      await server.device(bob, 1),
      await server.device(bob, 2),
    ];
    for (let i = 0; i < 100; i++) from.sendMessage([bob.target([1, 2]), alice.target([2], "own")], `m${i}`);
    const texts = Array.from({ length: 100 }, (_, i) => `m${i}`);
    const sequences = Array.from({ length: 100 }, (_, i) => i + 1);
    expect((await from.collect({ acks: 100 })).acks).toEqual(sequences);
    expect(await to1.collect({ deliveries: 100 })).toMatchObject({ texts, sequences, capsules: Array(100).fill("capsule 1") });
    expect(await to2.collect({ deliveries: 100 })).toMatchObject({ texts, sequences, capsules: Array(100).fill("capsule 2") });
    expect(await otherOwn.collect({ deliveries: 100 })).toMatchObject({ texts, sequences, capsules: Array(100).fill("own 2") });
    expect(server.count("hawser_messages_acknowledged_total ")).toBe(100);
  });

  test("a delivery says who sent it and when, from the authenticated connection", async () => {
    const [alice, bob] = [server.account(2), server.account(1)];
    const [from, to] = [await server.device(alice, 2), await server.device(bob, 1)];
    const messageId = new Uint8Array(16).fill(5);
    from.sendMessage([bob.target([1])], "hi", messageId);
    const { deliveries } = await to.next("batch");
    expect(deliveries).toMatchObject([{ senderAccount: alice.bytes, senderDevice: 2, messageId, serverTimeMs: server.clock.nowMs() }]);
  });

  test("what the cursor does not cover comes again after reconnecting; what it covers does not", async () => {
    const [alice, bob] = [server.account(1), server.account(1)];
    const from = await server.device(alice, 1);
    for (let i = 0; i < 10; i++) from.sendMessage([bob.target([1])], `m${i}`);
    await from.collect({ acks: 10 });
    const first = await server.device(bob, 1);
    expect(first.welcome?.device).toMatchObject({ waiting: 10n, nextSequence: 1n });
    await first.collect({ deliveries: 10 });
    first.send({ type: "cursor", sequence: 4 });
    await first.settle();
    first.socket.terminate();
    const epoch = first.welcome!.device!.mailboxEpoch;
    const second = await server.device(bob, 1, { epoch, cursor: 6 });
    expect(second.welcome?.device).toMatchObject({ waiting: 4n, nextSequence: 7n, needsResync: false });
    expect((await second.collect({ deliveries: 4 })).texts).toEqual(["m6", "m7", "m8", "m9"]);
  });

  test("a stale list is answered with the difference, and nothing is stored", async () => {
    const [alice, bob, carol] = [server.account(1), server.account(1), server.account(1)];
    const from = await server.device(alice, 1);
    const stale = bob.target([1]);
    const list = bob.change({ add: 1 });
    expect(server.directory.apply([list]).ok).toBe(true);
    const request = from.sendMessage([carol.target([1]), stale], "not stored");
    const { event } = (await from.next("push")).message;
    expect(event).toMatchObject({
      case: "sendRejected",
      value: { request, failure: { error: code("STALE_LIST"), accountId: bob.bytes, lists: [{ payload: list.payload }] } },
    });
    from.sendMessage([carol.target([1]), { ...bob.target([1, 2]), listHashPrefix: new Uint8Array(8) }], "not stored either");
    expect(await rejection(from)).toMatchObject({ error: code("STALE_LIST"), lists: 2 });
    from.sendMessage([bob.target([1, 2])], "stored");
    await from.collect({ acks: 1 });
    const to = await server.device(bob, 2);
    expect((await to.collect({ deliveries: 1 })).texts).toEqual(["stored"]);
    expect((await server.device(carol, 1)).welcome?.device?.waiting).toBe(0n);
  });

  test("unknown accounts, devices not in the list and a device named twice are rejected whole", async () => {
    const [alice, bob] = [server.account(1), server.account(1)];
    const from = await server.device(alice, 1);
    from.sendMessage([bob.target([1]), new TestAccount(1).target([1])], "x");
    expect(await rejection(from)).toMatchObject({ error: code("RECIPIENT_UNKNOWN") });
    from.sendMessage([bob.target([1, 2])], "x");
    expect(await rejection(from)).toMatchObject({ error: code("MALFORMED_FIELD") });
    from.sendMessage([bob.target([1]), bob.target([1])], "x");
    expect(await rejection(from)).toMatchObject({ error: code("MALFORMED_FIELD") });
    expect((await server.device(bob, 1)).welcome?.device?.waiting).toBe(0n);
  });

  test("whoever is blocked notices nothing, and nothing arrives", async () => {
    const [alice, bob] = [server.account(2), server.account(1)];
    server.directory.blocked.set(bob.id, alice.id, true);
    const [from, own] = [await server.device(alice, 1), await server.device(alice, 2)];
    const request = from.sendMessage([bob.target([1]), alice.target([2])], "hello?");
    expect((await from.collect({ acks: 1 })).acks).toEqual([request]);
    expect((await own.collect({ deliveries: 1 })).texts).toEqual(["hello?"]);
    expect((await server.device(bob, 1)).welcome?.device?.waiting).toBe(0n);
  });

  test("the same message again is acknowledged again and stored once, also from a new connection", async () => {
    const [alice, bob] = [server.account(1), server.account(1)];
    const messageId = new Uint8Array(16).fill(3);
    const first = await server.device(alice, 1);
    first.sendMessage([bob.target([1])], "once", messageId);
    first.sendMessage([bob.target([1])], "once", messageId);
    await first.collect({ acks: 2 });
    const second = await server.device(alice, 1);
    second.sendMessage([bob.target([1])], "once", messageId);
    await second.collect({ acks: 1 });
    expect((await server.device(bob, 1)).welcome?.device?.waiting).toBe(1n);
  });

  test("a commit that fails acknowledges nothing, says so, and the same message goes through afterwards", async () => {
    const [alice, bob] = [server.account(1), server.account(1)];
    const [from, to] = [await server.device(alice, 1), await server.device(bob, 1)];
    const messageId = new Uint8Array(16).fill(4);
    server.failNextCommit = true;
    const request = from.sendMessage([bob.target([1])], "again", messageId);
    expect(await rejection(from)).toMatchObject({ request, error: code("STORE_UNAVAILABLE") });
    expect(server.faults.splice(0)).toHaveLength(1);
    from.sendMessage([bob.target([1])], "again", messageId);
    expect((await from.collect({ acks: 1 })).acks).toEqual([request + 1]);
    expect(await to.collect({ deliveries: 1 })).toMatchObject({ texts: ["again"], sequences: [1] });
  });

  test("an overflowing mailbox drops the oldest and says resync, to those connected and to those who come back", async () => {
    await server.stop();
    server = await TestServer.start({ maxMessages: 50 });
    const [alice, bob] = [server.account(1), server.account(1)];
    const from = await server.device(alice, 1);
    for (let i = 0; i < 60; i++) from.sendMessage([bob.target([1])], `m${i}`);
    await from.collect({ acks: 60 });
    const to = await server.device(bob, 1);
    const welcome = to.welcome!.device!;
    expect(welcome.needsResync).toBe(true);
    const { texts, sequences } = await to.collect({ deliveries: Number(welcome.waiting) });
    expect(sequences[0]).toBe(Number(welcome.nextSequence));
    expect(texts.at(-1)).toBe("m59");
    expect(texts.length).toBeLessThanOrEqual(50);
  });

  test("a flood from one connection is slowed down with a time to wait, and the rest still gets through", async () => {
    await server.stop();
    server = await TestServer.start({ limits: { sendBurstPerConnection: 3, sendsPerSecondPerConnection: 2 } });
    const [alice, bob] = [server.account(1), server.account(1)];
    const from = await server.device(alice, 1);
    for (let i = 0; i < 4; i++) from.sendMessage([bob.target([1])], `m${i}`);
    expect(await rejection(from)).toEqual({ request: 4, error: code("RATE_LIMITED"), lists: 0, retryAfterMs: 500 });
    await from.collect({ acks: 3 });
    server.clock.advance(500);
    from.sendMessage([bob.target([1])], "later");
    await from.collect({ acks: 1 });
  });

  test("one account cannot fill the mailbox of an absent device; others, the owner and those who read are not held up", async () => {
    await server.stop();
    const limits = { backlogFreeMessages: 3, backlogShareBytes: 2_000, backlogShareBytesPerSecond: 1_000 };
    server = await TestServer.start({ limits });
    const [alice, bob, carol] = [server.account(1), server.account(2), server.account(1)];
    const [flooder, friend, own] = [await server.device(alice, 1), await server.device(carol, 1), await server.device(bob, 2)];
    const text = "x".repeat(900);
    const send = async (from: typeof flooder, name: string): Promise<void> => {
      from.sendMessage([bob.target([1])], `${name} ${text}`);
      await from.collect({ acks: 1 });
    };
    for (let i = 0; i < 5; i++) await send(flooder, `m${i}`);
    flooder.sendMessage([bob.target([1])], `one more, no: ${text}`);
    const refused = await rejection(flooder);
    expect(refused.error).toBe(code("RATE_LIMITED"));
    await send(friend, "from a friend");
    await send(own, "from an own device");
    server.clock.advance(refused.retryAfterMs ?? 0);
    await send(flooder, "the same size");
  });

  test("a device that does not read gets no more than the bound, and everything once it reads", async () => {
    const [alice, bob] = [server.account(1), server.account(1)];
    const [from, slow] = [await server.device(alice, 1), await server.device(bob, 1)];
    slow.socket.pause();
    const text = "x".repeat(60_000);
    const count = 300;
    for (let i = 0; i < count; i++) from.sendMessage([bob.target([1])], `${i} ${text}`);
    await from.collect({ acks: count });
    // What the kernel takes is not ours to bound; what this process holds is.
    expect(server.count("hawser_deliveries_total ")).toBeLessThan(count);
    slow.socket.resume();
    const { texts } = await slow.collect({ deliveries: count });
    expect(texts.map((received) => Number(received.split(" ")[0]))).toEqual(Array.from({ length: count }, (_, i) => i));
  });
});

describe("rules of the connection", () => {
  test.each([
    ["a frame before the hello", new Uint8Array([0x11, 0, 0, 0, 0, 0, 0, 0, 1]), "UNEXPECTED_FRAME"],
    ["an unknown frame", new Uint8Array([0x77]), "UNKNOWN_FRAME"],
    ["a frame of the other side", new Uint8Array([0x20, 0, 0, 0, 0]), "UNKNOWN_FRAME"],
    ["nonsense", new Uint8Array([0x02, 0xff]), "MALFORMED_FRAME"],
    ["an empty message", new Uint8Array(0), "MALFORMED_FRAME"],
  ] as const)("%s", async (_name, frame, error) => {
    const client = await server.client();
    await client.next("server-hello");
    client.send(frame);
    expect(await client.goodbye()).toMatchObject({ error: code(error), closeCode: CLOSE_CODES.fault });
  });

  test("text messages are not spoken, a second hello neither, and a cursor beyond what was delivered is a fault", async () => {
    const texting = await server.client();
    await texting.next("server-hello");
    texting.socket.send("hello");
    expect(await texting.goodbye()).toMatchObject({ error: code("MALFORMED_FRAME") });
    const alice = server.account(1);
    const twice = await server.device(alice, 1);
    twice.hello();
    expect(await twice.goodbye()).toMatchObject({ error: code("UNEXPECTED_FRAME") });
    const ahead = await server.device(alice, 1);
    ahead.send({ type: "cursor", sequence: 1 });
    expect(await ahead.goodbye()).toMatchObject({ error: code("MALFORMED_FIELD") });
  });

  test("requests under way are bounded; the one too many is told to wait", async () => {
    const client = await server.device(server.account(1), 1);
    for (let id = 1; id <= 65; id++) {
      client.send({ type: "request", message: create(RequestSchema, { id, operation: { case: "findHandle", value: { handle: "x" } } }) });
    }
    const { message } = await client.next("response");
    expect(message).toMatchObject({ id: 65, result: { case: "failure", value: { error: code("RATE_LIMITED") } } });
  });
});
