/**
 * A relay in front of the server that keeps every byte in both directions. Browsers and clients are given its address, so what it
 * kept is all that the server was ever told; frames of clients are unmasked (RFC 6455, section 5.3).
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

const REQUEST_LINE = /^([A-Z]{3,7} \/[^ ]*) HTTP\/1\.1\r\n/;
const USER_AGENT = /^user-agent: *(.*?)\r$/im;
const LONGEST_REQUEST_LINE = 512;
const END_OF_HEAD = Buffer.from("\r\n\r\n");
const MASKED = 0x80;
const SIZE_16_BIT = 126;
const SIZE_64_BIT = 127;

export class WireTap {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #up: Buffer[][] = [];
  readonly #down: Buffer[] = [];
  readonly #requests: string[] = [];
  #targetPort = 0;
  #isCut = false;
  #stall: { userAgent: RegExp; passes: number; held: number; released: Promise<void>; release: () => void } | undefined;
  #hold: { pattern: RegExp; passes: number; waiting: number; released: Promise<void>; release: () => void } | undefined;

  private constructor() {
    this.#server = createServer((client) => this.#relay(client));
  }

  static async open(): Promise<WireTap> {
    const tap = new WireTap();
    await new Promise<void>((resolve) => tap.#server.listen(0, "127.0.0.1", resolve));
    return tap;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  forwardTo(port: number): void {
    this.#targetPort = port;
  }

  /** What clients sent, as the server read it: heads and bodies of requests, and the payloads of WebSocket frames. */
  get sent(): Buffer {
    return Buffer.concat(this.#up.map((pieces) => unmasked(Buffer.concat(pieces))));
  }

  get received(): Buffer {
    return Buffer.concat(this.#down);
  }

  /** `METHOD /path` of every request so far, in order. */
  get requests(): readonly string[] {
    return this.#requests;
  }

  /** Requests like this are kept waiting from the one after `passes` on: a network that stalls. */
  hold(pattern: RegExp, passes: number): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#hold = { pattern, passes, waiting: 0, released: promise, release: resolve };
  }

  /** Whether a request waits. */
  get isHolding(): boolean {
    return this.#hold !== undefined && this.#hold.waiting > 0;
  }

  release(): void {
    this.#hold?.release();
    this.#hold = undefined;
  }

  /**
   * What browsers of this name send from now on stays here, after `passes` more pieces: a piece is a frame, or the request for a new
   * connection. What is sent to them still arrives.
   */
  stall(userAgent: RegExp, passes = 0): void {
    this.flow();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#stall = { userAgent, passes, held: 0, released: promise, release: resolve };
  }

  /** How many pieces are kept back. */
  get stalled(): number {
    return this.#stall?.held ?? 0;
  }

  flow(): void {
    this.#stall?.release();
    this.#stall = undefined;
  }

  /** Breaks every connection and lets no new one through, until `mend`. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #relay(client: Socket): void {
    if (this.#isCut) {
      client.destroy();
      return;
    }
    const server = connect(this.#targetPort, "127.0.0.1");
    const pieces: Buffer[] = [];
    this.#up.push(pieces);
    let order = Promise.resolve();
    let name = "";
    client.on("data", (bytes) => {
      pieces.push(bytes);
      if (name === "") name = USER_AGENT.exec(bytes.toString("latin1"))?.[1] ?? "?";
      const mayPass = this.#gate(bytes) ?? this.#stalledFor(name);
      order = order.then(() => mayPass).then(() => void server.write(bytes));
    });
    client.on("end", () => void order.then(() => server.end()));
    server.on("data", (bytes) => this.#down.push(bytes));
    server.pipe(client);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }

  #stalledFor(name: string): Promise<void> | undefined {
    const stall = this.#stall;
    if (stall === undefined || !stall.userAgent.test(name)) return undefined;
    if (stall.passes > 0) {
      stall.passes--;
      return undefined;
    }
    stall.held++;
    return stall.released;
  }

  /** Each request begins a packet of its own: clients wait for the answer before they use a connection again. */
  #gate(bytes: Buffer): Promise<void> | undefined {
    const request = REQUEST_LINE.exec(bytes.toString("latin1", 0, LONGEST_REQUEST_LINE))?.[1];
    if (request === undefined) return undefined;
    this.#requests.push(request);
    if (this.#hold === undefined || !this.#hold.pattern.test(request)) return undefined;
    if (this.#hold.passes > 0) {
      this.#hold.passes--;
      return undefined;
    }
    this.#hold.waiting++;
    return this.#hold.released;
  }
}

/** A connection's bytes with the masks of its WebSocket frames taken off; connections that never upgraded stay as they are. */
export function unmasked(stream: Buffer): Buffer {
  const endOfHead = stream.indexOf(END_OF_HEAD);
  if (endOfHead < 0 || !/\r\nupgrade: *websocket/i.test(stream.toString("latin1", 0, endOfHead))) return stream;
  const parts = [stream.subarray(0, endOfHead + END_OF_HEAD.length)];
  for (let offset = endOfHead + END_OF_HEAD.length; offset + 2 <= stream.length;) {
    const short = stream[offset + 1]! & ~MASKED;
    const masked = (stream[offset + 1]! & MASKED) !== 0;
    const sizeAt = offset + 2;
    const size =
      short === SIZE_16_BIT ? stream.readUInt16BE(sizeAt) : short === SIZE_64_BIT ? Number(stream.readBigUInt64BE(sizeAt)) : short;
    const maskAt = sizeAt + (short === SIZE_16_BIT ? 2 : short === SIZE_64_BIT ? 8 : 0);
    const payloadAt = maskAt + (masked ? 4 : 0);
    const payload = Buffer.from(stream.subarray(payloadAt, payloadAt + size));
    if (masked) for (let index = 0; index < payload.length; index++) payload[index]! ^= stream[maskAt + (index & 3)]!;
    parts.push(payload);
    offset = payloadAt + size;
  }
  return Buffer.concat(parts);
}
