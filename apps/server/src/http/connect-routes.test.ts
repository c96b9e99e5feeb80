/** Connections over plain HTTP as a client of another make would use them: repeats change nothing, gaps and strangers are refused. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import type { StreamingHttp } from "@hawser/base";
import { nodeStreamingHttp, systemClock } from "@hawser/io-node";
import {
  CARRIER_ID_BYTES,
  ClientHelloSchema,
  createStreamReader,
  decodeDownRecords,
  decodeServerFrame,
  encodeFrame,
  encodeUpBody,
  httpTransport,
  MAX_UP_BODY_BYTES,
  RequestSchema,
  type ServerFrame,
} from "@hawser/wire";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type RunningServer, startServer } from "../server.ts";

let folder: string;
let server: RunningServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "hawser-connect-"));
  server = await startServer({
    dataDir: folder,
    registration: "open",
    logLevel: "silent",
    limits: { gateway: { maxConnectionsPerAddress: 3 } },
  });
});
afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const post = (path: string, body?: Uint8Array, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${server.url}/v1/connect/${path}`, {
    method: "POST",
    headers,
    ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }),
  });

const hello = encodeFrame({
  type: "client-hello",
  message: create(ClientHelloSchema, { protocolMin: 1, protocolMax: 1, platform: "test" }),
});
const ping = (id: number): Uint8Array =>
  encodeFrame({ type: "request", message: create(RequestSchema, { id, operation: { case: "ping", value: {} } }) });

async function records(response: Response, skip = 0) {
  const parsed = decodeDownRecords(new Uint8Array(await response.arrayBuffer()).subarray(skip));
  if (!parsed.ok) throw new Error(parsed.error.kind);
  return parsed.value.map((record) => {
    if (record.kind === "end") return { number: 0, type: "end", id: record.code };
    const frame = decodeServerFrame(record.frame);
    if (!frame.ok) throw new Error(frame.error.kind);
    return { number: record.number, ...describeFrame(frame.value) };
  });
}
const describeFrame = (frame: ServerFrame) => ({ type: frame.type, id: frame.type === "response" ? frame.message.id : 0 });

async function openPoll(): Promise<string> {
  const response = await post("poll");
  const bytes = new Uint8Array(await response.clone().arrayBuffer());
  expect((await records(response, CARRIER_ID_BYTES)).map(({ type }) => type)).toEqual(["server-hello"]);
  return Buffer.from(bytes.subarray(0, CARRIER_ID_BYTES)).toString("hex");
}

test("polls: numbered, repeated until acknowledged; a repeated POST is one", async () => {
  const id = await openPoll();
  const body = encodeUpBody([hello, ping(1), ping(2)]);
  expect((await post(`${id}/frames?first=1&after=1`, body)).status).toBe(204);
  expect((await post(`${id}/frames?first=1&after=1`, body)).status).toBe(204);
  expect((await post(`${id}/frames?first=3&after=1`, encodeUpBody([ping(2), ping(3)]))).status).toBe(204);
  const expected = [
    { number: 2, type: "welcome", id: 0 },
    { number: 3, type: "response", id: 1 },
    { number: 4, type: "response", id: 2 },
    { number: 5, type: "response", id: 3 },
  ];
  const first = await post(`${id}/poll?after=1`);
  expect(first.headers.get("cache-control")).toBe("no-store, no-transform");
  expect(first.headers.get("content-type")).toBe("application/octet-stream");
  expect(first.headers.get("set-cookie")).toBeNull();
  expect(await records(first)).toEqual(expected);
  // As if that answer had been lost.
  expect(await records(await post(`${id}/poll?after=1`))).toEqual(expected);
  expect(await records(await post(`${id}/poll?after=3`))).toEqual(expected.slice(2));
});

test("a stream that was cut goes on behind what was acknowledged, and says what its connection ends with", async () => {
  const stream = await fetch(`${server.url}/v1/connect/sse`);
  expect(stream.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  expect(stream.headers.get("x-accel-buffering")).toBe("no");
  expect(stream.headers.get("content-security-policy")).toContain("default-src 'self'");
  const opened = await readEvents(stream, 2);
  expect(opened.map(({ kind }) => kind)).toEqual(["open", "frame"]);
  const id = Buffer.from((opened[0] as { id: Uint8Array }).id).toString("hex");
  await post(`${id}/frames?first=1&after=1`, encodeUpBody([hello, ping(1)]));
  const again = await fetch(`${server.url}/v1/connect/${id}/sse?after=1`);
  expect((await readEvents(again, 2)).map((event) => (event.kind === "frame" ? event.number : event.kind))).toEqual([2, 3]);
  const last = await fetch(`${server.url}/v1/connect/${id}/sse?after=3`);
  // Not a frame: the gateway says goodbye and closes, through whatever carries it.
  await post(`${id}/frames?first=3&after=3`, encodeUpBody([Uint8Array.of(0xff)]));
  expect((await readEvents(last, 2)).map((event) => (event.kind === "end" ? event.code : event.kind))).toEqual(["frame", 4400]);
});

async function readEvents(response: Response, count: number) {
  const reader = createStreamReader();
  const source = response.body!.getReader();
  const events = [];
  while (events.length < count) {
    const { value, done } = await source.read();
    if (done) break;
    const parsed = reader.read(value);
    if (!parsed.ok) throw new Error(parsed.error);
    events.push(...parsed.value);
  }
  await source.cancel();
  return events;
}

test("gaps, strangers, other origins and too much are refused, and end nothing", async () => {
  const id = await openPoll();
  const body = encodeUpBody([hello]);
  expect((await post(`${"0".repeat(32)}/frames?first=1&after=0`, body)).status).toBe(404);
  expect((await post(`${id}/frames?first=2&after=1`, body)).status).toBe(400);
  expect((await post(`${id}/frames?first=1&after=9`, body)).status).toBe(404);
  expect((await post(`${id}/frames?first=x&after=1`, body)).status).toBe(400);
  expect((await post(`${id}/frames?first=1&after=1`, body.subarray(1))).status).toBe(400);
  expect((await post(`${id}/frames?first=1&after=1`, new Uint8Array(MAX_UP_BODY_BYTES + 1))).status).toBe(413);
  expect((await post(`${id}/frames?first=1&after=1`, body, { origin: "https://evil.example" })).status).toBe(404);
  expect((await post("poll", undefined, { origin: "https://evil.example" })).status).toBe(403);
  expect((await post("poll", undefined, { origin: server.url })).status).toBe(200);
  expect((await post(`${id}/frames?first=1&after=1`, body)).status).toBe(204);
  expect((await records(await post(`${id}/poll?after=1`))).map(({ type }) => type)).toEqual(["welcome"]);
});

test("a newer request takes over, the client's goodbye ends it, and the gateway's limits count", async () => {
  const id = await openPoll();
  const waiting = post(`${id}/poll?after=1`);
  const newer = post(`${id}/poll?after=1`);
  expect(await records(await Promise.race([waiting, newer]))).toEqual([]);
  await openPoll();
  await openPoll();
  expect(server.connections()).toBe(3);
  const refused = await post("poll");
  expect((await records(refused, CARRIER_ID_BYTES)).map(({ type, id: code }) => [type, code])).toEqual([
    ["goodbye", 0],
    ["end", 4000],
  ]);
  expect((await fetch(`${server.url}/v1/connect/${id}`, { method: "DELETE" })).status).toBe(204);
  expect(server.connections()).toBe(2);
  expect((await post(`${id}/poll?after=1`)).status).toBe(404);
  await Promise.all([waiting, newer]);
});

test.each(["sse", "poll"] as const)("a server that stops says goodbye over %s", async (kind) => {
  const frames: string[] = [];
  const http = nodeStreamingHttp();
  let begun = 0;
  const ended = new Promise<number>((resolve) => {
    const watched: StreamingHttp = {
      begin(request) {
        // Whatever waits for what comes down is there before an answer that was asked for later.
        if (++begun === 2 && kind === "poll") void fetch(`${server.url}/healthz`).then(() => server.stop());
        return http.begin(request);
      },
    };
    httpTransport(kind, watched, systemClock).open(`${server.url}/v1/connect`, {
      opened: () => undefined,
      frame(bytes) {
        const frame = decodeServerFrame(bytes);
        frames.push(frame.ok ? frame.value.type : frame.error.kind);
        if (frames.length === 1 && kind === "sse") void server.stop();
      },
      closed: (code) => resolve(code),
    });
  });
  expect(await ended).toBe(4000);
  expect(frames).toEqual(["server-hello", "goodbye"]);
});
