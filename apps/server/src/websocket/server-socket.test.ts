/** A WebSocket's life over a stream: who closes, how, and what happens with peers that do not behave. */
import { Duplex } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { frameOf, OPCODES } from "./frame-writer.ts";
import { ServerSocket } from "./server-socket.ts";

/** The peer's end: keeps what was written, gives what the test says. */
class Wire extends Duplex {
  readonly written: Buffer[] = [];
  /** False: the peer does not read. */
  reads = true;
  ended = false;
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(Buffer.from(chunk));
    if (this.reads) done();
  }
  override _final(done: () => void): void {
    this.ended = true;
    done();
  }
  /** From the peer, masked with zeros. */
  async says(opcode: number, payload: Uint8Array): Promise<void> {
    const plain = frameOf(opcode, payload);
    const head = Buffer.from(plain.subarray(0, plain.length - payload.length));
    head[1]! |= 0x80;
    this.push(Buffer.concat([head, Buffer.alloc(4), payload]));
    await settled();
  }
  /** Opcode and payload of each frame. */
  get frames(): [number, string][] {
    return this.written.map((frame) => [frame[0]! & 0x0f, frame.subarray(2).toString("latin1")]);
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const close = (code: number, reason = ""): Buffer => Buffer.from([code >>> 8, code, ...Buffer.from(reason)]);

let wire: Wire;
let socket: ServerSocket;
let heard: string[];
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  wire = new Wire({ allowHalfOpen: true });
  wire.on("error", () => undefined);
  socket = new ServerSocket(wire, 1_000);
  heard = [];
  socket.listen({
    received: (data, isBinary) => heard.push(`${isBinary} ${Buffer.from(data).toString()}`),
    alive: () => heard.push("alive"),
    closed: () => heard.push("closed"),
  });
});
afterEach(() => vi.useRealTimers());

test("frames up and down, pings answered, pongs heard", async () => {
  await wire.says(OPCODES.binary, Buffer.from("up"));
  await wire.says(OPCODES.ping, Buffer.from("are you there"));
  await wire.says(OPCODES.pong, Buffer.from(""));
  const shared = Buffer.from("down");
  socket.send(shared, () => undefined);
  // The bytes were only lent.
  shared.fill(0);
  socket.ping();
  expect(heard).toEqual(["true up", "alive"]);
  expect(wire.frames).toEqual([
    [OPCODES.pong, "are you there"],
    [OPCODES.binary, "down"],
    [OPCODES.ping, ""],
  ]);
});

test("closed from here: code and reason go out, nothing behind them; the peer's answer ends the stream", async () => {
  socket.close(4_001, "GONE");
  const failure = new Promise((resolve) => socket.send(Buffer.from("late"), resolve));
  expect(await failure).toBeInstanceOf(Error);
  expect(wire.frames).toEqual([[OPCODES.close, close(4_001, "GONE").toString("latin1")]]);
  await settled();
  expect(wire.ended).toBe(false);
  await wire.says(OPCODES.close, close(4_001));
  expect(wire.ended).toBe(true);
  expect(wire.frames).toHaveLength(1);
  wire.push(null);
  await settled();
  expect(heard).toEqual(["closed"]);
});

test.each([
  ["without a code", Buffer.alloc(0), ""],
  ["with one", close(1_001, "leaving"), close(1_001).toString("latin1")],
  ["with half of one", Buffer.from([3]), close(1_002).toString("latin1")],
  ["with one that may not be sent", close(1_005), close(1_002).toString("latin1")],
])("closed by the peer %s: it is answered, and no frame behind it counts", async (_name, payload, answer) => {
  await wire.says(OPCODES.close, payload);
  await wire.says(OPCODES.binary, Buffer.from("behind"));
  expect(wire.frames).toEqual([[OPCODES.close, answer]]);
  expect(wire.ended).toBe(true);
  expect(heard).toEqual([]);
});

test("a peer that does not answer a Close is cut off", async () => {
  socket.close(1_001, "");
  vi.advanceTimersByTime(9_000);
  await settled();
  expect(wire.destroyed).toBe(false);
  vi.advanceTimersByTime(2_000);
  await settled();
  expect(wire.destroyed).toBe(true);
  expect(heard).toEqual(["closed"]);
});

test("a violation is answered by a Close and ends the stream", async () => {
  wire.push(Buffer.from([0x82, 0x00]));
  await settled();
  expect(wire.frames).toEqual([[OPCODES.close, close(1_002).toString("latin1")]]);
  expect(wire.ended).toBe(true);
});

test("a peer that ends the stream without a Close is let go", async () => {
  wire.push(null);
  await settled();
  expect(wire.ended).toBe(true);
  await settled();
  expect(heard).toEqual(["closed"]);
  expect(socket.readyState).toBe(3);
});

test("answers to pings do not pile up for a peer that does not read", async () => {
  wire.reads = false;
  for (let i = 0; i < 3_000; i++) await wire.says(OPCODES.ping, Buffer.alloc(125));
  expect(socket.bufferedAmount).toBeGreaterThan(60_000);
  expect(socket.bufferedAmount).toBeLessThan(70_000);
});
