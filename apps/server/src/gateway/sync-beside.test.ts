/** No acknowledgement and no delivery leaves before the sync of its block has returned; meanwhile the server answers everybody. */
import type { ServerFrame } from "@hawser/wire";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TestServer } from "./gateway-fixture.ts";

let server: TestServer;
let waiting: ((failure: unknown) => void)[];
beforeEach(async () => {
  waiting = [];
  server = await TestServer.start({ sync: { start: (done) => void waiting.push(done), now: () => undefined } });
});
afterEach(() => server.stop());

const diskSays = (failure?: Error): void => waiting.splice(0).forEach((done) => done(failure));
const text = (frames: readonly ServerFrame[]): string[] =>
  frames.flatMap((frame) =>
    frame.type === "batch"
      ? [...frame.acks.map((request) => `ack ${request}`), ...frame.deliveries.map(({ body }) => new TextDecoder().decode(body))]
      : frame.type === "push" && frame.message.event.case === "sendRejected"
        ? [`rejected ${frame.message.event.value.request}`]
        : [],
  );

test("acknowledgements and deliveries wait for the disk, other requests do not", async () => {
  const [alice, bob] = [server.account(1), server.account(1)];
  const [from, to] = [await server.device(alice, 1), await server.device(bob, 1)];
  from.sendMessage([bob.target([1])], "first");
  expect(text(await from.settle())).toEqual([]);
  from.sendMessage([bob.target([1])], "second");
  expect(text([...(await from.settle()), ...(await to.settle())])).toEqual([]);
  expect(waiting).toHaveLength(1);
  diskSays();
  expect(text([await from.next("batch"), await to.next("batch")])).toEqual(["ack 1", "first"]);
  expect(text([...(await from.settle()), ...(await to.settle())])).toEqual([]);
  expect(waiting).toHaveLength(1);
  diskSays();
  expect(text([await from.next("batch"), await to.next("batch")])).toHaveLength(2);
});

test("when the sync fails, its block and what came since are rejected, and go through when sent again", async () => {
  const [alice, bob, carol] = [server.account(1), server.account(1), server.account(1)];
  const [from, to, other] = [await server.device(alice, 1), await server.device(bob, 1), await server.device(carol, 1)];
  const ids = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)] as const;
  const requests = [from.sendMessage([bob.target([1])], "first", ids[0])];
  await from.settle();
  requests.push(from.sendMessage([bob.target([1])], "second", ids[1]));
  // Sent again while nobody knows whether it is stored.
  requests.push(from.sendMessage([bob.target([1])], "first", ids[0]));
  other.sendMessage([bob.target([1])], "third");
  expect(text([...(await from.settle()), ...(await other.settle())])).toEqual([]);
  diskSays(new Error("the disk is broken"));
  expect(text(await from.settle())).toEqual(requests.map((request) => `rejected ${request}`));
  expect(text(await other.settle())).toEqual(["rejected 1"]);
  expect(server.faults.splice(0)).toHaveLength(1);
  const again = [from.sendMessage([bob.target([1])], "second", ids[1]), from.sendMessage([bob.target([1])], "first", ids[0])];
  let [acks, deliveries]: [number[], string[]] = [[], []];
  while (acks.length < 2) {
    for (const frame of await from.settle()) if (frame.type === "batch") acks = [...acks, ...frame.acks];
    deliveries = [...deliveries, ...text(await to.settle())];
    diskSays();
  }
  deliveries = [...deliveries, ...text(await to.settle())];
  expect(acks).toEqual(again);
  expect(deliveries).toEqual(["second", "first"]);
});
