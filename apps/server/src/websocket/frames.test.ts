/** What clients may send comes out whole however it was cut; what they may not send ends the reading, at once and with the right code. */
import { expect, test } from "vitest";
import { CLOSE_PROTOCOL_ERROR, CLOSE_TOO_LARGE, FrameReader } from "./frame-reader.ts";
import { FINAL, frameOf, OPCODES } from "./frame-writer.ts";

const MAX_BYTES = 200_000;

/** A masked frame, as clients send them. */
function masked(opcode: number, payload: Uint8Array, options: { final?: boolean; first?: number; mask?: boolean } = {}): Buffer {
  const plain = frameOf(opcode, payload);
  const head = Buffer.from(plain.subarray(0, plain.length - payload.length));
  if (options.final === false) head[0]! &= ~FINAL;
  if (options.first !== undefined) head[0] = options.first;
  if (options.mask === false) return Buffer.concat([head, payload]);
  head[1]! |= 0x80;
  const mask = [0x5a, 0x01, 0xfe, 0x33];
  return Buffer.concat([head, Buffer.from(mask), payload.map((byte, i) => byte ^ mask[i & 3]!)]);
}

class Heard {
  readonly events: string[] = [];
  readonly reader = new FrameReader(MAX_BYTES);
  message(data: Uint8Array, isBinary: boolean): void {
    this.events.push(`${isBinary ? "binary" : "text"} ${Buffer.from(data).toString("latin1")}`);
  }
  control(opcode: number, payload: Uint8Array): void {
    this.events.push(`control ${opcode} ${Buffer.from(payload).toString("latin1")}`);
  }
  violation(code: number): void {
    this.events.push(`violation ${code}`);
  }
  read(...chunks: Buffer[]): string[] {
    for (const chunk of chunks) this.reader.read(Buffer.from(chunk), this);
    return this.events;
  }
}

/** xorshift32: repeatable. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

test("messages of all sizes, in one frame or several, with control frames between, cut anywhere", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const below = numbers(seed * 7_919);
    const sent: Buffer[] = [];
    const expected: string[] = [];
    for (let i = 0; i < 12; i++) {
      const size = [0, 1, 3, 125, 126, 127, 700, 65_535, 65_536, 90_001][below(10)]!;
      const payload = Buffer.alloc(size, `${seed}-${i} `);
      const opcode = below(4) === 0 ? OPCODES.text : OPCODES.binary;
      const parts = below(3) === 0 ? 1 + below(4) : 1;
      for (let part = 0; part < parts; part++) {
        const slice = payload.subarray(Math.floor((size * part) / parts), Math.floor((size * (part + 1)) / parts));
        sent.push(masked(part === 0 ? opcode : OPCODES.continuation, slice, { final: part === parts - 1 }));
        if (below(4) !== 0) continue;
        const word = Buffer.from(`ping ${i}`.repeat(below(10)));
        sent.push(masked(OPCODES.ping, word));
        if (part < parts - 1) expected.push(`control ${OPCODES.ping} ${word.toString()}`);
        else expected.push(`after control ${OPCODES.ping} ${word.toString()}`);
      }
      // The word behind the last part comes behind the message.
      const behind = expected.at(-1)?.startsWith("after ") === true ? expected.pop()!.slice(6) : undefined;
      expected.push(`${opcode === OPCODES.binary ? "binary" : "text"} ${payload.toString("latin1")}`);
      if (behind !== undefined) expected.push(behind);
    }
    const stream = Buffer.concat(sent);
    const heard = new Heard();
    for (let at = 0; at < stream.length;) {
      const end = Math.min(stream.length, at + 1 + below(seed % 3 === 0 ? 7 : 30_000));
      heard.read(stream.subarray(at, end));
      at = end;
    }
    expect(heard.events.length, `seed ${seed}`).toBe(expected.length);
    expect(
      heard.events.every((event, i) => event === expected[i]),
      `seed ${seed}`,
    ).toBe(true);
  }
}, 60_000);

test.each<[string, Buffer[], number]>([
  ["no mask", [masked(OPCODES.binary, Buffer.from("x"), { mask: false })], CLOSE_PROTOCOL_ERROR],
  ["no mask, in its first two bytes alone", [Buffer.from([0x82, 0x00])], CLOSE_PROTOCOL_ERROR],
  ["a reserved bit, as of compression", [masked(OPCODES.binary, Buffer.from("x"), { first: 0xc2 })], CLOSE_PROTOCOL_ERROR],
  ["an unknown data opcode", [masked(OPCODES.binary, Buffer.from("x"), { first: 0x83 })], CLOSE_PROTOCOL_ERROR],
  ["an unknown control opcode", [masked(OPCODES.binary, Buffer.from("x"), { first: 0x8b })], CLOSE_PROTOCOL_ERROR],
  ["a control frame in parts", [masked(OPCODES.ping, Buffer.from("x"), { final: false })], CLOSE_PROTOCOL_ERROR],
  ["a long control frame", [masked(OPCODES.ping, Buffer.alloc(126))], CLOSE_PROTOCOL_ERROR],
  ["a continuation of nothing", [masked(OPCODES.continuation, Buffer.from("x"))], CLOSE_PROTOCOL_ERROR],
  [
    "a message inside another",
    [masked(OPCODES.binary, Buffer.from("x"), { final: false }), masked(OPCODES.binary, Buffer.from("y"))],
    CLOSE_PROTOCOL_ERROR,
  ],
  ["too large, before its payload comes", [Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 3, 0x0d, 0x41, 1, 2, 3, 4])], CLOSE_TOO_LARGE],
  [
    "larger than numbers are exact",
    [Buffer.from([0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4])],
    CLOSE_TOO_LARGE,
  ],
  [
    "too large in parts",
    [masked(OPCODES.binary, Buffer.alloc(MAX_BYTES), { final: false }), masked(OPCODES.continuation, Buffer.from("x"))],
    CLOSE_TOO_LARGE,
  ],
])("a violation: %s", (_name, chunks, code) => {
  const heard = new Heard();
  expect(heard.read(...chunks, masked(OPCODES.binary, Buffer.from("behind")))).toEqual([`violation ${code}`]);
});

test("the largest message is taken, in one frame and in parts", () => {
  const largest = Buffer.alloc(MAX_BYTES, "m");
  const heard = new Heard();
  heard.read(masked(OPCODES.binary, largest));
  heard.read(masked(OPCODES.binary, largest.subarray(0, 100), { final: false }), masked(OPCODES.continuation, largest.subarray(100)));
  expect(heard.events.map((event) => event.length)).toEqual([MAX_BYTES + 7, MAX_BYTES + 7]);
});
