/** One connection: two ends, two ordered streams of frames. Each end hears of its end once, or never when the way is dead. */
import type { Bytes, FrameConnection, FrameConnectionEvents } from "@hawser/base";
import type { FrameSocket, SocketListener } from "@hawser/server/gateway/index";
import type { Machine } from "./machine.ts";
import type { Network, Path } from "./network.ts";
import type { SeededRandom } from "./seeded-random.ts";

const ABNORMAL_CLOSURE = 1006;
/** What `ws` waits for the peer's close frame before it tears the socket down. */
const CLOSE_TIMEOUT_MS = 2_000;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

type Item =
  | { readonly kind: "frame"; readonly bytes: Bytes; readonly sent: (() => void) | undefined }
  | { readonly kind: "act"; readonly act: () => void };

/** One direction: in order, each item not before its time, nothing while it is held. */
class Stream {
  readonly #connection: VirtualConnection;
  readonly #direction: "up" | "down";
  #lastMs = 0;
  #parked: Item[] = [];
  bytesUnderWay = 0;

  constructor(connection: VirtualConnection, direction: "up" | "down") {
    this.#connection = connection;
    this.#direction = direction;
  }

  put(item: Item): void {
    const { scheduler } = this.#connection.network;
    if (item.kind === "frame") this.bytesUnderWay += item.bytes.length;
    const dueMs = Math.max(this.#lastMs, scheduler.nowMs + this.#connection.latencyMs());
    this.#lastMs = dueMs;
    scheduler.after(dueMs - scheduler.nowMs, () => this.#due(item));
  }

  #due(item: Item): void {
    if (this.#connection.dead) return;
    if (this.#parked.length > 0 || this.#connection.isHeld(this.#direction)) this.#parked.push(item);
    else this.#deliver(item);
  }

  release(): void {
    for (const item of this.#parked.splice(0)) this.put(item.kind === "frame" ? this.#again(item) : item);
  }

  #again(item: Item & { kind: "frame" }): Item {
    this.bytesUnderWay -= item.bytes.length;
    return item;
  }

  #deliver(item: Item): void {
    if (item.kind === "act") return item.act();
    this.bytesUnderWay -= item.bytes.length;
    this.#connection.arrived(this.#direction, item.bytes);
    item.sent?.();
  }
}

export class VirtualConnection {
  readonly network: Network;
  readonly machine: Machine;
  readonly life: number;
  readonly #events: FrameConnectionEvents;
  readonly #path: Path;
  readonly #random: SeededRandom;
  readonly #up = new Stream(this, "up");
  readonly #down = new Stream(this, "down");
  readonly clientEnd: FrameConnection;
  readonly serverEnd = new ServerEnd(this);
  #client: "connecting" | "open" | "closing" | "closed" = "connecting";
  #serverMachine: { readonly machine: Machine; readonly life: number } | undefined;
  /** A proxy holds back what comes down, for as long as the connection lasts. */
  readonly #deaf: boolean;
  /** Nothing travels any more, in either direction. */
  dead = false;

  constructor(parts: {
    network: Network;
    machine: Machine;
    life: number;
    events: FrameConnectionEvents;
    path: Path;
    random: SeededRandom;
    deaf: boolean;
  }) {
    this.#deaf = parts.deaf;
    this.network = parts.network;
    this.machine = parts.machine;
    this.life = parts.life;
    this.#events = parts.events;
    this.#path = parts.path;
    this.#random = parts.random;
    const up = this.#up;
    this.clientEnd = {
      send: (frame) => {
        if (this.#client !== "open" || this.machine.life !== this.life) return;
        this.network.tap("up", this, frame);
        up.put({ kind: "frame", bytes: frame.slice(), sent: undefined });
      },
      get bufferedBytes() {
        return up.bytesUnderWay;
      },
      close: (code) => this.#clientCloses(code),
    };
  }

  get device(): string {
    return this.#path.device;
  }

  latencyMs(): number {
    return this.#random.between(this.#path.lowMs, this.#path.highMs);
  }

  isHeld(direction: "up" | "down"): boolean {
    return direction === "up" ? this.#path.upHeld : this.#path.downHeld;
  }

  release(): void {
    this.#up.release();
    this.#down.release();
  }

  get downBytesUnderWay(): number {
    return this.#down.bytesUnderWay;
  }

  begin(): void {
    this.#up.put({ kind: "act", act: () => this.#reachServer() });
  }

  #reachServer(): void {
    const { listener } = this.network;
    if (listener === undefined || listener.machine.life !== listener.life) {
      this.#down.put({ kind: "act", act: () => this.#clientHearsEnd(ABNORMAL_CLOSURE, "refused") });
      return;
    }
    this.#serverMachine = { machine: listener.machine, life: listener.life };
    this.#down.put({
      kind: "act",
      act: () => {
        if (this.#client !== "connecting") return;
        this.#client = "open";
        this.#toClient(() => this.#events.opened());
      },
    });
    this.serverEnd.readyState = OPEN;
    listener.machine.enter(listener.life, () => listener.accept(this, this.#path.address));
  }

  arrived(direction: "up" | "down", bytes: Bytes): void {
    this.network.trace.note(`${this.device} ${direction === "up" ? "→" : "←"} ${bytes[0]?.toString(16)} ${bytes.length}`, bytes);
    if (direction === "up") {
      if (this.serverEnd.readyState === CLOSED || this.network.front?.frame(this, bytes) === true) return;
      this.toServer(() => this.serverEnd.onMessage(bytes));
    } else if (this.#deaf) return;
    else if (this.#client === "open" || this.#client === "closing") this.#toClient(() => this.#events.frame(bytes));
  }

  #toClient(callback: () => void): void {
    this.machine.enter(this.life, callback);
  }

  toServer(callback: () => void): void {
    const server = this.#serverMachine;
    if (server !== undefined) server.machine.enter(server.life, callback);
  }

  #clientHearsEnd(code: number, reason: string): void {
    if (this.#client === "closed") return;
    this.#client = "closed";
    this.#toClient(() => this.#events.closed(code, reason));
    this.#leave();
  }

  #serverHearsEnd(): void {
    if (this.serverEnd.readyState === CLOSED || this.#serverMachine === undefined) return;
    this.serverEnd.readyState = CLOSED;
    this.toServer(() => this.serverEnd.onClose());
    this.#leave();
  }

  #leave(): void {
    if (this.#client !== "closed" || (this.serverEnd.readyState !== CLOSED && this.#serverMachine !== undefined)) return;
    this.network.connections.delete(this);
    this.network.front?.closed(this);
  }

  #clientCloses(code: number): void {
    if (this.#client === "closed" || this.#client === "closing") return;
    const wasOpen = this.#client === "open";
    this.#client = "closing";
    this.#up.put({
      kind: "act",
      act: () => {
        const already = this.serverEnd.readyState === CLOSING;
        this.#serverHearsEnd();
        if (!already) this.#down.put({ kind: "act", act: () => this.#clientHearsEnd(code, "") });
      },
    });
    this.network.scheduler.after(wasOpen ? CLOSE_TIMEOUT_MS : 0, () => this.#clientHearsEnd(ABNORMAL_CLOSURE, ""));
  }

  /** From the server's end. */
  serverSends(bytes: Bytes, sent: () => void): void {
    if (this.network.front?.answer(this, bytes) === true) return void this.network.scheduler.after(0, sent);
    this.network.tap("down", this, bytes);
    this.#down.put({ kind: "frame", bytes, sent });
  }

  /** A word of the front, not of the server. */
  frontSends(bytes: Bytes): void {
    this.#down.put({ kind: "frame", bytes: Uint8Array.from(bytes), sent: undefined });
  }

  serverCloses(code: number, reason: string): void {
    this.serverEnd.readyState = CLOSING;
    this.#down.put({
      kind: "act",
      act: () => {
        this.#clientHearsEnd(code, reason);
        this.#up.put({ kind: "act", act: () => this.#serverHearsEnd() });
      },
    });
  }

  serverTerminates(): void {
    this.network.scheduler.after(0, () => this.#serverHearsEnd());
    this.#down.put({ kind: "act", act: () => this.#clientHearsEnd(ABNORMAL_CLOSURE, "reset") });
  }

  serverPings(): void {
    this.#down.put({
      kind: "act",
      act: () => this.#toClient(() => this.#up.put({ kind: "act", act: () => this.toServer(() => this.serverEnd.onPong()) })),
    });
  }

  break(how: "reset" | "silent"): void {
    this.dead = true;
    if (how === "silent") return;
    this.network.scheduler.after(this.latencyMs(), () => this.#clientHearsEnd(ABNORMAL_CLOSURE, "reset"));
    this.network.scheduler.after(this.latencyMs(), () => this.#serverHearsEnd());
  }

  processGone(machine: Machine, how: "reset" | "silent"): void {
    const mine = machine === this.machine;
    if (!mine && machine !== this.#serverMachine?.machine) return;
    // What had left the process is on its way; the end comes behind it.
    const stream = mine ? this.#up : this.#down;
    if (how === "reset")
      stream.put({ kind: "act", act: () => (mine ? this.#serverHearsEnd() : this.#clientHearsEnd(ABNORMAL_CLOSURE, "reset")) });
    else this.dead = true;
    if (mine) this.#client = "closed";
    else this.serverEnd.readyState = CLOSED;
    this.#leave();
  }
}

/** The server's end. */
export class ServerEnd implements FrameSocket {
  readonly #connection: VirtualConnection;
  readyState = 0;
  #listener: SocketListener | undefined;

  constructor(connection: VirtualConnection) {
    this.#connection = connection;
  }

  get bufferedAmount(): number {
    return this.#connection.downBytesUnderWay;
  }

  listen(listener: SocketListener): void {
    this.#listener = listener;
  }

  send(bytes: Bytes, done: (error?: Error) => void): void {
    if (this.readyState !== OPEN) done(new Error("not open"));
    else this.#connection.serverSends(Uint8Array.from(bytes), () => this.#connection.toServer(() => done()));
  }

  close(code: number, reason: string): void {
    if (this.readyState === OPEN) this.#connection.serverCloses(code, reason);
  }

  terminate(): void {
    if (this.readyState !== CLOSED) this.#connection.serverTerminates();
  }

  ping(): void {
    if (this.readyState === OPEN) this.#connection.serverPings();
  }

  onMessage(bytes: Bytes): void {
    this.#listener?.received(bytes, true);
  }

  onClose(): void {
    this.#listener?.closed();
  }

  onPong(): void {
    this.#listener?.alive();
  }
}
