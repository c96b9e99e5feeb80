/** Several transports behind one: what the session sees, in the hands of transports that do what they are told. */
import type { Bytes, Clock, FrameConnectionEvents, Transport } from "@hawser/base";
import type { TransportMemory } from "@hawser/session";
import { expect, test } from "vitest";
import { createChosenTransport } from "./chosen-transport.ts";

function world(memory?: unknown) {
  const opened: { kind: string; events: FrameConnectionEvents; sent: Bytes[]; closed: boolean }[] = [];
  const timers: { atMs: number; run: () => void }[] = [];
  const heard: string[] = [];
  const saved: TransportMemory[] = [];
  let nowMs = 1_800_000_000_000;
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after(delayMs, run) {
      const timer = { atMs: nowMs + delayMs, run };
      timers.push(timer);
      return () => void (timers.includes(timer) && timers.splice(timers.indexOf(timer), 1));
    },
  };
  const transport = (kind: string): Transport => ({
    kind,
    open(_url, events) {
      const one = { kind, events, sent: [] as Bytes[], closed: false };
      opened.push(one);
      return { send: (frame) => void one.sent.push(frame), bufferedBytes: 7, close: () => void (one.closed = true) };
    },
  });
  const chosen = createChosenTransport({
    transports: ["websocket", "sse", "poll"].map(transport),
    clock,
    network: () => "here",
    loadMemory: () => memory,
    saveMemory: (next) => void saved.push(next),
    reconnect: () => void heard.push("reconnect"),
  });
  const open = () =>
    chosen.open("wss://x/v1/connect", {
      opened: () => void heard.push("opened"),
      frame: (frame) => void heard.push(`frame ${frame[0]}`),
      closed: (code) => void heard.push(`closed ${code}`),
    });
  const pass = (ms: number): void => {
    nowMs += ms;
    for (const timer of timers.splice(0).toSorted((a, b) => a.atMs - b.atMs)) {
      if (timer.atMs <= nowMs) timer.run();
      else timers.push(timer);
    }
  };
  return { opened, heard, saved, chosen, open, pass };
}

test("the first that brings a frame is the connection; the other is closed, and not heard any more", async () => {
  const { opened, heard, saved, chosen, open, pass } = world();
  const connection = open();
  opened[0]!.events.opened();
  pass(1_500);
  expect([heard, opened.map(({ kind }) => kind)]).toEqual([[], ["websocket", "sse"]]);
  opened[1]!.events.frame(Uint8Array.of(1));
  opened[0]!.events.frame(Uint8Array.of(9));
  opened[0]!.events.closed(1006, "");
  opened[1]!.events.frame(Uint8Array.of(2));
  expect([heard, opened[0]!.closed, chosen.carrier]).toEqual([["opened", "frame 1", "frame 2"], true, "sse"]);
  connection.send(Uint8Array.of(5));
  expect([opened[1]!.sent, connection.bufferedBytes]).toEqual([[Uint8Array.of(5)], 7]);
  connection.close(1000, "");
  expect(heard.at(-1)).toBe("frame 2");
  await Promise.resolve();
  expect([heard.at(-1), opened[1]!.closed]).toEqual(["closed 1000", true]);
  expect(saved).toHaveLength(1);
  // What was saved is where the next program begins.
  const next = world(JSON.parse(JSON.stringify(saved[0])));
  next.open();
  expect(next.opened.map(({ kind }) => kind)).toEqual(["sse"]);
});

test("a better one that works again is asked for beside the connection, which goes on until it is taken over", () => {
  const { opened, heard, open, pass } = world();
  open();
  opened[0]!.events.closed(1006, "");
  opened[1]!.events.frame(Uint8Array.of(1));
  pass(600_000);
  expect(opened.map(({ kind }) => kind)).toEqual(["websocket", "sse", "websocket"]);
  opened[2]!.events.frame(Uint8Array.of(9));
  opened[1]!.events.frame(Uint8Array.of(2));
  expect([heard, opened[2]!.closed, opened[1]!.closed]).toEqual([["opened", "frame 1", "reconnect", "frame 2"], true, false]);
});

test("where nothing gets through, the session hears of it once", () => {
  const { opened, heard, open } = world();
  const connection = open();
  for (let i = 0; i < 3; i++) opened[i]!.events.closed(1006, "");
  connection.close(1000, "");
  connection.send(Uint8Array.of(1));
  expect(heard).toEqual(["closed 1006"]);
});
