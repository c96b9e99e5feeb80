/**
 * The network between devices and the server. Invariants, as TCP gives them: one connection delivers in order and at most once, and
 * never after it was seen to end; everything else (when, whether, and who hears of an end) is the seed's to decide.
 */
import type { Bytes, FrameConnection, FrameConnectionEvents, HttpExchange } from "@hawser/base";
import type { Machine } from "./machine.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { Scheduler } from "./scheduler.ts";
import type { ServerAnswer } from "./server-answer.ts";
import type { Trace } from "./trace.ts";
import { VirtualConnection } from "./virtual-connection.ts";
import { type FrameRequest, type HttpTrouble, VirtualExchange } from "./virtual-exchange.ts";

/** What one connection of a device is to those who watch: the same object at both ends. */
export interface Line {
  readonly device: string;
}
export type Tap = (direction: "up" | "down", line: Line, bytes: Bytes) => void;

/** What carries frames, as clients know it. To the network they differ only in what proxies do to them. */
export const CARRIERS = ["websocket", "sse", "poll"] as const;
export type Carrier = (typeof CARRIERS)[number];
/** What a proxy does to new connections of one kind: nothing, an answer that refuses, silence, or answers held back for ever. */
export type Manner = "works" | "refused" | "hangs" | "holds back";

/** How one device's way to the server is just now. */
export interface Path {
  readonly device: string;
  readonly address: string;
  lowMs: number;
  highMs: number;
  /** One direction (or both) stands still; what is on its way waits. */
  upHeld: boolean;
  downHeld: boolean;
  /** What a new connection meets: an answer, a refusal, a proxy's 503, or silence. */
  opening: "works" | "refused" | "503" | "hangs";
  /** What stands on the way does this to one kind only. */
  manners: Readonly<Record<Carrier, Manner>>;
  /** A connection that was opened from here lasts so long at most. */
  cutsAfterMs: number | undefined;
  /** WebSockets that were asked for, whatever they met. */
  upgradesTried: number;
}

export const GOOD_HTTP: HttpTrouble = { lostRequests: 0, repeatedRequests: 0, lostAnswers: 0, cutAnswers: 0, proxyAnswers: 0 };

export const GOOD_MANNERS: Path["manners"] = { websocket: "works", sse: "works", poll: "works" };

/** What listens: the server's life that is up now. */
export interface Listener {
  readonly machine: Machine;
  readonly life: number;
  accept(connection: VirtualConnection, address: string): void;
  /** Frames over HTTP, where this world has them. */
  request?(arrived: ArrivedRequest, answer: ServerAnswer): void;
}

export interface ArrivedRequest {
  readonly request: FrameRequest;
  readonly line: Line;
  readonly address: string;
}

/**
 * Stands before the gateway, as the failing front of a server does: it may take a frame and answer it itself. What it takes, the server
 * never sees.
 */
export interface Front {
  /** True: taken. */
  frame(connection: VirtualConnection, bytes: Bytes): boolean;
  /** True: this frame of the server never leaves. */
  answer(connection: VirtualConnection, bytes: Bytes): boolean;
  closed(connection: VirtualConnection): void;
}

const REFUSED_AFTER_MS = 2;
const ABNORMAL_CLOSURE = 1006;

export class Network {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly #paths = new Map<string, Path>();
  readonly #random: SeededRandom;
  readonly connections = new Set<VirtualConnection>();
  readonly exchanges = new Set<VirtualExchange>();
  readonly taps: Tap[] = [];
  listener: Listener | undefined;
  front: Front | undefined;
  /** What devices meet that are behind no proxy of their own. */
  usualManners = GOOD_MANNERS;
  /** What happens to single requests of frames over HTTP. */
  http = GOOD_HTTP;
  /** How often each kind of it happened. */
  readonly httpMet: Record<keyof HttpTrouble, number> = { ...GOOD_HTTP };
  #opened = 0;
  #asked = 0;

  constructor(scheduler: Scheduler, trace: Trace, random: SeededRandom) {
    this.scheduler = scheduler;
    this.trace = trace;
    this.#random = random;
  }

  path(device: string): Path {
    let path = this.#paths.get(device);
    if (path === undefined) {
      const n = this.#paths.size + 1;
      path = {
        device,
        address: `10.0.${n >> 8}.${n & 255}`,
        lowMs: 5,
        highMs: 60,
        upHeld: false,
        downHeld: false,
        opening: "works",
        manners: this.usualManners,
        cutsAfterMs: undefined,
        upgradesTried: 0,
      };
      this.#paths.set(device, path);
    }
    return path;
  }

  open(machine: Machine, life: number, events: FrameConnectionEvents, carrier: Carrier = "websocket"): FrameConnection {
    const path = this.path(machine.name);
    const random = this.#random.fork(`${machine.name}/${++this.#opened}`);
    const manner = path.manners[carrier];
    if (carrier === "websocket") path.upgradesTried++;
    const opening = path.opening === "works" && manner !== "holds back" ? manner : path.opening;
    if (opening !== "works") return this.#refuse(machine, life, events, opening, random);
    const connection = new VirtualConnection({ network: this, machine, life, events, path, random, deaf: manner === "holds back" });
    this.connections.add(connection);
    connection.begin();
    if (path.cutsAfterMs !== undefined)
      this.scheduler.after(path.cutsAfterMs, () => this.connections.has(connection) && connection.break("reset"));
    return connection.clientEnd;
  }

  /** One request of a connection over HTTP. */
  ask(machine: Machine, life: number, line: Line, carrier: Carrier, request: FrameRequest): HttpExchange {
    const path = this.path(machine.name);
    const random = this.#random.fork(`${machine.name}/http/${++this.#asked}`);
    const manner = path.manners[carrier];
    const exchange = new VirtualExchange({ network: this, machine, life, line, path, manner, trouble: this.http, random, request });
    this.exchanges.add(exchange);
    exchange.begin();
    return exchange.client;
  }

  #refuse(
    machine: Machine,
    life: number,
    events: FrameConnectionEvents,
    why: "refused" | "503" | "hangs",
    random: SeededRandom,
  ): FrameConnection {
    let over = false;
    const close = (code: number, reason: string): void => {
      if (over) return;
      over = true;
      machine.enter(life, () => events.closed(code, reason));
    };
    const path = this.path(machine.name);
    if (why !== "hangs") {
      const delayMs = why === "refused" ? REFUSED_AFTER_MS : random.between(path.lowMs, path.highMs) * 2;
      this.scheduler.after(delayMs, () => close(ABNORMAL_CLOSURE, why));
    }
    // As `ws` does: whoever gives up on a handshake hears that it is over.
    return {
      send: () => undefined,
      bufferedBytes: 0,
      close: () => void this.scheduler.after(0, () => close(ABNORMAL_CLOSURE, "given up")),
    };
  }

  /** Ends a device's connections: `reset` both ends hear of, `silent` nobody does. */
  cut(device: string, how: "reset" | "silent"): void {
    for (const way of [...this.connections, ...this.exchanges]) if (way.device === device) way.break(how);
  }

  /** The process of a device or of the server is gone. Its own end hears nothing any more. */
  processGone(machine: Machine, how: "reset" | "silent"): void {
    for (const way of [...this.connections, ...this.exchanges]) way.processGone(machine, how);
  }

  /** A direction that stood still moves again. */
  release(device: string): void {
    const path = this.path(device);
    path.upHeld = false;
    path.downHeld = false;
    for (const way of [...this.connections, ...this.exchanges]) if (way.device === device) way.release();
  }

  tap(direction: "up" | "down", line: Line, bytes: Bytes): void {
    for (const tap of this.taps) tap(direction, line, bytes);
  }
}
