/**
 * A role of the server: its store and what works on it. Invariant: a role that cannot open its store keeps trying and
 * answers STORE_UNAVAILABLE meanwhile; the others start and run without it.
 */
import { type Clock, OperationalError } from "@hawser/base";
import type { Log } from "../gateway/index.ts";
import type { RoleName } from "./data-dir.ts";
import { RoleStore } from "./role-store.ts";

const REOPEN_EVERY_MS = 10_000;

export type RoleState = "up" | "out of service" | "down";

export interface RoleOptions<T> {
  readonly name: RoleName;
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Builds what works on the store; throws when the store is unusable. */
  open(store: RoleStore): T;
}

export class Role<T> {
  readonly #options: RoleOptions<T>;
  #store: RoleStore | undefined;
  #value: T | undefined;
  #cancelReopen: (() => void) | undefined;

  /** With `required`, a store that does not open is thrown; otherwise it is tried again every ten seconds. */
  constructor(options: RoleOptions<T>, required: boolean) {
    this.#options = options;
    const failure = this.#open();
    if (failure !== undefined && required) throw failure;
  }

  get name(): RoleName {
    return this.#options.name;
  }

  get state(): RoleState {
    if (this.#store === undefined) return "down";
    return this.#store.inService ? "up" : "out of service";
  }

  /** @throws OperationalError STORE_UNAVAILABLE while the role is not up. */
  get(): T {
    if (this.#value === undefined)
      throw new OperationalError("STORE_UNAVAILABLE", { message: "this role is down", retry: { afterMs: REOPEN_EVERY_MS } });
    this.#store?.use();
    return this.#value;
  }

  takeOut(): void {
    this.#store?.takeOut();
  }

  putBack(): void {
    this.#store?.putBack();
  }

  close(): void {
    this.#cancelReopen?.();
    this.#value = undefined;
    this.#store?.close();
    this.#store = undefined;
  }

  #open(): Error | undefined {
    let store: RoleStore | undefined;
    try {
      store = new RoleStore(this.#options.path);
      this.#value = this.#options.open(store);
      this.#store = store;
      return undefined;
    } catch (cause) {
      store?.close();
      this.#options.log.error("role-down", cause, { role: this.name });
      this.#cancelReopen = this.#options.clock.after(REOPEN_EVERY_MS, () => {
        if (this.#open() === undefined) this.#options.log.info("role-up", { role: this.name });
      });
      return cause instanceof Error ? cause : new OperationalError("STORE_UNAVAILABLE", { cause });
    }
  }
}
