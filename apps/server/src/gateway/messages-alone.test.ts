/**
 * Messages share nothing with linking, history and status: with all of those dead or hanging, every message arrives, and none waits for
 * anything. Time stands still in this test: what waited for a deadline or a retry of one of them would never come.
 */
import { RequestSchema } from "@hawser/wire";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { afterEach, expect, test } from "vitest";
import { TestServer } from "./gateway-fixture.ts";

const MESSAGES = 1_000;
let server: TestServer;
afterEach(() => server.stop());

test("with every request for links, history and keys hanging, 1,000 messages between phones: 0 lost, 0 waiting", async () => {
  server = await TestServer.start();
  const [ada, bob] = [server.account(1), server.account(1)];
  const [from, to] = [await server.device(ada, 1), await server.device(bob, 1)];
  const startedMs = server.clock.monotonicMs();
  const rendezvousId = new Uint8Array(16);
  const dead: NonNullable<MessageInitShape<typeof RequestSchema>["operation"]>[] = [
    { case: "rendezvousWatch", value: { rendezvousId, side: 1, fromIndex: 0 } },
    { case: "rendezvousPut", value: { rendezvousId, side: 2, index: 0, body: rendezvousId, writerToken: rendezvousId } },
    { case: "grantUpload", value: { purpose: 2, sizeBytes: 1n } },
    { case: "claimPreKeys", value: { accountId: bob.bytes, devices: [1] } },
    { case: "getDeviceActivity", value: {} },
  ];
  const texts: string[] = [];
  for (let i = 0; i < MESSAGES; i++) {
    // More than may be under way: the rest is refused, and messages go on beside it.
    const operation = dead[i % dead.length]!;
    for (const client of [from, to]) client.send({ type: "request", message: create(RequestSchema, { id: i + 1, operation }) });
    texts.push(`message ${i}`);
    from.sendMessage([bob.target([1])], texts.at(-1)!);
  }
  const acknowledged = (frames: typeof from.seen): number =>
    frames.reduce((sum, frame) => sum + (frame.type === "batch" ? frame.acks.length : 0), 0);
  const delivered = (frames: typeof to.seen): string[] =>
    frames.flatMap((frame) => (frame.type === "batch" ? frame.deliveries.map(({ body }) => new TextDecoder().decode(body)) : []));
  while (acknowledged(from.seen) < MESSAGES) await from.settle();
  while (delivered(to.seen).length < MESSAGES) await to.settle();
  expect(delivered(to.seen)).toEqual(texts);
  expect(acknowledged(from.seen)).toBe(MESSAGES);
  expect(server.clock.monotonicMs() - startedMs).toBe(0);
});
