/**
 * One HTTP request and its answer, up whole and down in pieces. Invariants: the pieces of one answer come in order, each once; requests know
 * nothing of one another, so that one overtakes another; whoever asked hears one answer or one failure, whatever a proxy repeated on the way.
 */
import type { Bytes, HttpExchange, StreamingHttp } from "@hawser/base";
import { AnswerBody } from "./answer-body.ts";
import { Lane } from "./lane.ts";
import type { Machine } from "./machine.ts";
import type { Line, Manner, Network, Path } from "./network.ts";
import type { SeededRandom } from "./seeded-random.ts";
import { ServerAnswer } from "./server-answer.ts";

export type FrameRequest = Parameters<StreamingHttp["begin"]>[0];

/** What proxies and browsers do to single requests: shares of all of them. */
export interface HttpTrouble {
  /** Never reaches the server. */
  readonly lostRequests: number;
  /** Reaches it a second time, soon or late; nobody reads what it answers to that. */
  readonly repeatedRequests: number;
  /** The server takes the request, and its answer goes astray whole. */
  readonly lostAnswers: number;
  /** A stream ends sooner or later, in the middle of whatever it carries; half as often an answer to a poll, behind half of it. */
  readonly cutAnswers: number;
  /** A proxy answers in the server's place, with a status that may pass. */
  readonly proxyAnswers: number;
}

const PROXY_STATUSES = [502, 503, 504, 408] as const;
/** A proxy gives up on the server's answer; the server does what was asked of it. */
const GATEWAY_TIMEOUT = 504;
const NO_CONTENT = 204;
const REPEATED_AFTER_MS = [0, 150, 2_000, 12_000, 40_000] as const;
const UNREAD_FOR_MS = 30_000;
const REFUSED_AFTER_MS = 2;
const STREAM_LASTS_MS = [400, 5_000, 60_000, 600_000] as const;

interface ExchangeParts {
  readonly network: Network;
  readonly machine: Machine;
  readonly life: number;
  readonly line: Line;
  readonly path: Path;
  readonly manner: Manner;
  readonly trouble: HttpTrouble;
  readonly random: SeededRandom;
  readonly request: FrameRequest;
}

export class VirtualExchange {
  readonly #parts: ExchangeParts;
  readonly #up: Lane;
  readonly #down: Lane;
  readonly #body = new AnswerBody();
  readonly client: HttpExchange;
  #resolve!: (answer: { readonly status: number; readonly body: AsyncIterable<Bytes> }) => void;
  #reject!: (error: Error) => void;
  /** Whoever asked hears nothing more. */
  #over = false;
  /** Nothing travels any more, in either direction. */
  #dead = false;
  #isHalf = false;
  /** What a proxy holds back until the answer has ended. */
  #heldBack: Bytes[] = [];
  /** The one that is read. */
  #answer: ServerAnswer | undefined;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
    const { network, path } = parts;
    const conditions = { latencyMs: () => this.#latencyMs(), isDead: () => this.#dead };
    this.#up = new Lane(network.scheduler, { ...conditions, isHeld: () => path.upHeld });
    this.#down = new Lane(network.scheduler, { ...conditions, isHeld: () => path.downHeld });
    const answer = new Promise<{ status: number; body: AsyncIterable<Bytes> }>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whether anybody still waits for it is not this side's to know.
    answer.catch(() => undefined);
    this.client = { answer, cancel: () => this.#cancel() };
  }

  get device(): string {
    return this.#parts.path.device;
  }

  #latencyMs(): number {
    return this.#parts.random.between(this.#parts.path.lowMs, this.#parts.path.highMs);
  }

  #meets(what: keyof HttpTrouble): boolean {
    const { network, random, trouble } = this.#parts;
    const meets = random.chance(trouble[what]);
    if (meets) network.httpMet[what]++;
    return meets;
  }

  begin(): void {
    const { network, machine, life, path, random, manner } = this.#parts;
    if (machine.life !== life) return;
    if (path.opening === "refused") return void network.scheduler.after(REFUSED_AFTER_MS, () => this.#finish(new Error("refused")));
    if (path.opening === "hangs" || manner === "hangs") return;
    const isLost = this.#meets("lostRequests");
    const isRepeated = this.#meets("repeatedRequests");
    const fromProxy = this.#meets("proxyAnswers") ? random.pick(PROXY_STATUSES) : undefined;
    const status = path.opening === "503" ? 503 : manner === "refused" ? 403 : fromProxy;
    const reaches = status === undefined ? !isLost : status === GATEWAY_TIMEOUT;
    const againMs = random.pick(REPEATED_AFTER_MS) * (0.5 + random.fraction());
    const isHeardOf = random.chance(0.5);
    this.#up.put(() => {
      if (reaches) this.#reachServer(status === undefined);
      if (reaches && isRepeated) network.scheduler.after(againMs, () => this.#reachServer(false));
      if (status !== undefined) this.#down.put(() => this.#answered(status, true));
      else if (isLost && isHeardOf) this.#down.put(() => this.#finish(new Error("reset")));
    });
    if (path.cutsAfterMs !== undefined) network.scheduler.after(path.cutsAfterMs, () => this.break("reset"));
  }

  /** `isRead`: what the server answers is for whoever asked. */
  #reachServer(isRead: boolean): void {
    const { network, request, line, path, random } = this.#parts;
    const { listener } = network;
    if (listener?.request === undefined || listener.machine.life !== listener.life) {
      if (isRead) this.#down.put(() => this.#finish(new Error("refused")));
      return;
    }
    const what = `${request.method} ${request.url.slice(-56)} ${request.body?.length ?? 0}`;
    network.trace.note(`${this.device} ⇒${isRead ? "" : " again"} ${what}`, request.body);
    const sink = {
      begins: (status: number) => this.#serverBegins(status),
      writes: (piece: Bytes) => this.#serverWrites(piece),
      ends: () => this.#serverEnds(),
    };
    const answer = new ServerAnswer(listener.machine, isRead ? sink : undefined);
    if (isRead) this.#answer = answer;
    else network.scheduler.after(UNREAD_FOR_MS * random.fraction(), () => answer.closeSoon());
    listener.machine.enter(listener.life, () => listener.request!({ request, line, address: path.address }, answer));
  }

  get #isStream(): boolean {
    return this.#parts.request.method === "GET";
  }

  #serverBegins(status: number): void {
    const { random, network } = this.#parts;
    if (this.#meets("lostAnswers")) return this.break(random.chance(0.5) ? "reset" : "silent");
    const isCut = (this.#isStream || random.chance(0.5)) && this.#meets("cutAnswers");
    const lastsMs = random.pick(STREAM_LASTS_MS) * (0.5 + random.fraction());
    if (this.#isStream && isCut) network.scheduler.after(lastsMs, () => this.break(random.chance(0.5) ? "reset" : "ended"));
    else this.#isHalf = isCut && status !== NO_CONTENT;
    this.#down.put(() => this.#answered(status, false));
  }

  #serverWrites(piece: Bytes): void {
    // A stream may be cut in the middle of an event, everything else behind half of it.
    const at = this.#isStream ? this.#parts.random.below(piece.length) : piece.length >> 1;
    for (const part of [piece.subarray(0, at), ...(this.#isHalf ? [] : [piece.subarray(at)])])
      this.#down.put(() => (this.#parts.manner === "holds back" ? void this.#heldBack.push(part) : this.#arrived(part)));
  }

  #serverEnds(): void {
    this.#down.put(() => {
      for (const piece of this.#heldBack.splice(0)) this.#arrived(piece);
      this.#finish(this.#isHalf ? new Error("cut") : undefined);
    });
  }

  #answered(status: number, isWhole: boolean): void {
    this.#toClient(() => this.#resolve({ status, body: this.#body }));
    if (isWhole) this.#finish(undefined);
  }

  #arrived(piece: Bytes): void {
    this.#toClient(() => this.#body.push(piece));
  }

  #finish(failure: Error | undefined): void {
    this.#toClient(() => {
      this.#over = true;
      if (failure !== undefined) this.#reject(failure);
      this.#body.end(failure);
    });
    this.#leave();
  }

  #toClient(callback: () => void): void {
    if (!this.#over) this.#parts.machine.enter(this.#parts.life, callback);
  }

  #cancel(): void {
    if (this.#over) return;
    this.#over = true;
    const failure = new Error("cancelled");
    this.#reject(failure);
    this.#body.end(failure);
    this.#up.put(() => this.#serverHearsEnd());
  }

  #serverHearsEnd(): void {
    this.#answer?.closeSoon();
    this.#parts.network.exchanges.delete(this);
  }

  #leave(): void {
    if (this.#answer?.isClosed !== false) this.#parts.network.exchanges.delete(this);
  }

  release(): void {
    this.#up.release();
    this.#down.release();
  }

  /** `silent`: neither end hears of it. `ended`: the client takes it for the end of the answer. */
  break(how: "reset" | "silent" | "ended"): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#parts.network.exchanges.delete(this);
    if (how === "silent") return;
    const { scheduler } = this.#parts.network;
    scheduler.after(this.#latencyMs(), () => this.#finish(how === "ended" ? undefined : new Error("reset")));
    scheduler.after(this.#latencyMs(), () => this.#serverHearsEnd());
  }

  /** The process of a device or of the server is gone. What had left it is on its way; the end comes behind it. */
  processGone(machine: Machine, how: "reset" | "silent"): void {
    const mine = machine === this.#parts.machine;
    if (!mine && machine !== this.#answer?.machine) return;
    if (how === "silent") this.break("silent");
    else if (mine) this.#up.put(() => this.#serverHearsEnd());
    else {
      this.#answer!.isClosed = true;
      this.#down.put(() => this.#finish(new Error("reset")));
    }
  }
}
