import type { FrameConnectionEvents, Transport } from "@hawser/base";
import { expect, test } from "vitest";
import { flushedTransport } from "./flushed-transport.ts";

/** A wire that remembers, and storage whose writes end when told. */
function world() {
  const sent: number[] = [];
  const closed: string[] = [];
  const writes: PromiseWithResolvers<void>[] = [];
  let inner: FrameConnectionEvents | undefined;
  const transport: Transport = {
    kind: "websocket",
    open(_url, events) {
      inner = events;
      return {
        send: (frame) => void sent.push(frame[0]!),
        bufferedBytes: 0,
        close: (code, reason) => events.closed(code, reason),
      };
    },
  };
  const flush = (): Promise<void> => {
    const write = Promise.withResolvers<void>();
    writes.push(write);
    return write.promise;
  };
  const connection = flushedTransport(transport, flush).open("ws://x", {
    opened: () => undefined,
    frame: () => undefined,
    closed: (_code, reason) => void closed.push(reason),
  });
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  return { connection, sent, closed, writes, settle, drop: () => inner?.closed(1006, "dropped") };
}

test("a frame waits for the storage, and frames keep their order whatever order writes end in", async () => {
  const { connection, sent, writes, settle } = world();
  connection.send(Uint8Array.of(1));
  connection.send(Uint8Array.of(2));
  expect(connection.bufferedBytes).toBe(2);
  writes[1]!.resolve();
  await settle();
  expect(sent).toEqual([]);
  writes[0]!.resolve();
  await settle();
  expect(sent).toEqual([1, 2]);
  expect(connection.bufferedBytes).toBe(0);
});

test("storage that takes no more ends the connection once, and nothing behind it leaves", async () => {
  const { connection, sent, closed, writes, settle } = world();
  connection.send(Uint8Array.of(1));
  connection.send(Uint8Array.of(2));
  writes[0]!.reject(new Error("full"));
  writes[1]!.resolve();
  await settle();
  expect(sent).toEqual([]);
  expect(closed).toEqual(["storage takes no more"]);
});

test("nothing is sent on a connection that ended while the frame waited", async () => {
  const { connection, sent, closed, writes, settle, drop } = world();
  connection.send(Uint8Array.of(1));
  drop();
  writes[0]!.resolve();
  await settle();
  expect([sent, closed]).toEqual([[], ["dropped"]]);
});
