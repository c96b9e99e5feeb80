/** The link role of a server: the real request handler, admission, limits and rendezvous store over a database in memory; and how far away it is. */
import { type Clock, OperationalError, type Random } from "@hawser/base";
import { nodePrimitives, openSqliteDatabase } from "@hawser/io-node";
import { type Caller, type LinkCapacity, openRateTables, RendezvousStore, RequestHandler } from "@hawser/relay";
import { type Push, RendezvousSide, type Request, RequestSchema, type Response } from "@hawser/wire";
import { create } from "@bufbuild/protobuf";
import type { Operation, Side, StormLine, StormService } from "./storm-world.ts";
import type { TickQueue } from "./tick-queue.ts";

const SWEEP_EVERY_MS = 30_000;
/** What happens on a device itself: a signature, a first connection. */
const SIGN_MS = 50;
const CONNECT_MS = 300;
/** One way. */
const LATENCY_MS = 40;

export class LinkServer implements StormService {
  readonly #queue: TickQueue;
  readonly #handler: RequestHandler;
  readonly #database = openSqliteDatabase(":memory:");
  #nextId = 1;
  /** While it is down nobody gets an answer. */
  isDown = false;
  requests = 0;
  /** Links that were let in: their first slot is written. */
  begun = 0;

  constructor(queue: TickQueue, clock: Clock, random: Random, linkCapacity: Partial<LinkCapacity>) {
    this.#queue = queue;
    const store = new RendezvousStore(this.#database);
    // Linking asks no other role for anything; who was seen when is a courtesy.
    const unavailable = new OperationalError("STORE_UNAVAILABLE");
    const absent = (): never => {
      throw unavailable;
    };
    this.#handler = new RequestHandler({
      roles: { directory: absent, preKeys: absent, rendezvous: () => store, blobs: absent },
      limits: openRateTables(clock),
      linkCapacity,
      clock,
      random,
      primitives: nodePrimitives,
      ticketKey: new Uint8Array(32),
      blobQuotaBytes: { attachment: 0, history: 0, archive: 0 },
      ticketLifetimeMs: 0,
      onFault: () => undefined,
    });
    const sweep = (): void => {
      store.sweep(clock.nowMs());
      queue.after(SWEEP_EVERY_MS, sweep);
    };
    sweep();
  }

  line(person: number, side: Side, onPush: (push: Push) => void): StormLine {
    const network = side === "phone" ? 0 : 8;
    const caller: Caller = {
      address: side === "phone" ? ({ account: `account-${person}`, device: 1 } as NonNullable<Caller["address"]>) : undefined,
      remoteAddress: `10.${network + (person >> 16)}.${(person >> 8) & 255}.${person & 255}`,
      push: (push) => void this.#queue.after(LATENCY_MS, () => onPush(push)),
      isConnected: () => true,
    };
    return { ask: (operation, answer) => this.#ask(caller, operation, answer), gone: () => this.#handler.disconnected(caller) };
  }

  certify(_person: number, done: (device: number) => void): void {
    this.#queue.after(SIGN_MS, () => done(2));
  }

  activate(_person: number, done: () => void): void {
    this.#queue.after(CONNECT_MS, done);
  }

  #ask(caller: Caller, operation: Operation, answer: (response: Response) => void): void {
    this.#queue.after(LATENCY_MS, () => {
      if (this.isDown) return;
      this.requests++;
      const request: Request = create(RequestSchema, { id: this.#nextId++ & 0x7fff_ffff, operation });
      const response = this.#handler.handle(caller, request);
      if (response instanceof Promise) return;
      if (operation.case === "rendezvousPut" && isFirstSlot(operation.value) && response.result.case === "rendezvousPut") this.begun++;
      this.#queue.after(LATENCY_MS, () => answer(response));
    });
  }

  get load(): { readonly waiting: number; readonly underWay: number } {
    return this.#handler.linkLoad;
  }

  close(): void {
    this.#database.close();
  }
}

export const isFirstSlot = (put: { readonly side?: RendezvousSide; readonly index?: number }): boolean =>
  put.side === RendezvousSide.PHONE && put.index === 0;
