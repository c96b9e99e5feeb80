/**
 * All connections over plain HTTP, by the id that stands in their paths. Invariant: an id is fresh random bytes and good for as long as its
 * connection; one that no request has asked for within `IDLE_MS` is ended, so a client that left without a word holds nothing.
 */
import { type Clock, type Random, toHex } from "@hawser/base";
import { CARRIER_ID_BYTES } from "@hawser/wire";
import { HttpCarrier } from "./http-carrier.ts";

/** Between two requests of a living client lie a few round trips; a phone that changes networks takes longer. */
const IDLE_MS = 30_000;
const SWEEP_EVERY_MS = 5_000;
export const DEFAULT_MAX_CARRIERS = 20_000;

export interface CarrierTableOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Calls back behind everything that the present moment does. */
  soon(callback: () => void): void;
  readonly max?: number;
}

export class CarrierTable {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #max: number;
  readonly soon: CarrierTableOptions["soon"];
  readonly #carriers = new Map<string, HttpCarrier>();
  #cancelSweep: (() => void) | undefined;

  constructor({ clock, random, soon, max = DEFAULT_MAX_CARRIERS }: CarrierTableOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#max = max;
    this.soon = soon;
  }

  get nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** The result cancels it. */
  after(delayMs: number, callback: () => void): () => void {
    return this.#clock.after(delayMs, callback);
  }

  count(kind: HttpCarrier["kind"]): number {
    let count = 0;
    for (const carrier of this.#carriers.values()) if (carrier.kind === kind) count++;
    return count;
  }

  /** `undefined` when there are too many. */
  open(kind: HttpCarrier["kind"]): HttpCarrier | undefined {
    if (this.#carriers.size >= this.#max) return undefined;
    const id = toHex(this.#random.bytes(CARRIER_ID_BYTES));
    const carrier = new HttpCarrier(id, kind, this.nowMs, () => this.#carriers.delete(id));
    this.#carriers.set(id, carrier);
    this.#armSweep();
    return carrier;
  }

  find(id: string): HttpCarrier | undefined {
    return this.#carriers.get(id);
  }

  #armSweep(): void {
    this.#cancelSweep ??= this.#clock.after(SWEEP_EVERY_MS, () => {
      this.#cancelSweep = undefined;
      const idleSinceMs = this.nowMs - IDLE_MS;
      for (const carrier of this.#carriers.values()) if (!carrier.attached && carrier.askedMs < idleSinceMs) carrier.terminate();
      if (this.#carriers.size > 0) this.#armSweep();
    });
  }

  close(): void {
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    for (const carrier of this.#carriers.values()) carrier.terminate();
  }
}
