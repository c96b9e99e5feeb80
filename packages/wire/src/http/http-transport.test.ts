/** The client's end of frames over HTTP, against a way that answers as the test says. */
import { type Bytes, type Clock, type HttpExchange, type StreamingHttp, utf8 } from "@hawser/base";
import { expect, test } from "vitest";
import { encodeStreamEvent, STREAM_PADDING } from "./event-stream.ts";
import { httpTransport } from "./http-transport.ts";

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const OPEN = STREAM_PADDING + encodeStreamEvent({ kind: "open", id: new Uint8Array(16).fill(7) });

/** Virtual time, in the order of the timers. */
function virtualClock() {
  let nowMs = 0;
  const timers = new Set<{ readonly atMs: number; readonly act: () => void }>();
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after(delayMs, act) {
      const timer = { atMs: nowMs + delayMs, act };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  };
  const pass = async (durationMs: number): Promise<void> => {
    nowMs += durationMs;
    for (const timer of [...timers].sort((a, b) => a.atMs - b.atMs)) {
      if (timer.atMs > nowMs || !timers.delete(timer)) continue;
      timer.act();
      await settled();
    }
    await settled();
  };
  return { clock, pass };
}

/** Each stream that is asked for brings these pieces; a whole one ends then, a held one never does. */
function wayWith(streams: readonly { readonly pieces: readonly string[]; readonly ends: boolean }[]) {
  const asked: string[] = [];
  const http: StreamingHttp = {
    begin({ method, url }): HttpExchange {
      if (method !== "GET")
        return { answer: Promise.resolve({ status: 204, body: bodyOf([], true, new Promise(() => undefined)) }), cancel: () => undefined };
      const stream = streams[asked.push(url) - 1] ?? { pieces: [], ends: false };
      let cancel = (): void => undefined;
      const cancelled = new Promise<never>((_, reject) => (cancel = () => reject(new Error("cancelled"))));
      cancelled.catch(() => undefined);
      const answer =
        stream.pieces.length === 0 ? cancelled : Promise.resolve({ status: 200, body: bodyOf(stream.pieces, stream.ends, cancelled) });
      return { answer, cancel };
    },
  };
  return { http, asked };
}

async function* bodyOf(pieces: readonly string[], ends: boolean, cancelled: Promise<never>): AsyncGenerator<Bytes> {
  for (const piece of pieces) yield utf8(piece);
  if (!ends) await cancelled;
}

async function streamAgain(second: { readonly pieces: readonly string[]; readonly ends: boolean }) {
  const { clock, pass } = virtualClock();
  const { http, asked } = wayWith([{ pieces: [OPEN], ends: true }, second]);
  const closed: [number, string][] = [];
  httpTransport("sse", http, clock).open("http://server/v1/connect", {
    opened: () => undefined,
    frame: () => undefined,
    closed: (code, reason) => closed.push([code, reason]),
  });
  await settled();
  await pass(50);
  expect(asked).toEqual(["http://server/v1/connect/sse", `http://server/v1/connect/${"07".repeat(16)}/sse?after=0`]);
  return { closed, pass };
}

test("a stream that is asked for again and held back on the way ends the connection", async () => {
  const { closed, pass } = await streamAgain({ pieces: [], ends: false });
  await pass(4_900);
  expect(closed).toEqual([]);
  await pass(200);
  expect(closed).toEqual([[1006, "held back"]]);
});

test("a stream that begins may be silent for as long as it likes", async () => {
  const { closed, pass } = await streamAgain({ pieces: [STREAM_PADDING], ends: false });
  await pass(60_000);
  expect(closed).toEqual([]);
});
