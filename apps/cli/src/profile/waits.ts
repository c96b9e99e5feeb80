/** Waiting for a client to get somewhere. Every wait has a deadline, ends when a person interrupts, and sees a revocation. */
import type { ClientEvent, ClientState, HawserClient } from "@hawser/sdk";
import { CliError } from "../error-text.ts";
import { refuseRevoked } from "./revoked-error.ts";

/** How long to wait for a connection that is being made. */
const ONLINE_DEADLINE_MS = 12_000;
/** Tries that failed one after another until a command stops hoping. */
const MAX_FAILED_ATTEMPTS = 3;
/** How long a command stays for what its change has to tell other devices. */
const SETTLE_DEADLINE_MS = 8_000;

export interface WaitOptions {
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
}

/**
 * Asks `probe` now and after every event until it gives a value; `undefined` when the deadline passes first.
 * @throws what `probe` throws, and the reason of `signal`.
 */
export function waitFor<T>(
  client: HawserClient,
  probe: (event: ClientEvent | undefined) => Promise<T | undefined> | T | undefined,
  { signal, deadlineMs }: WaitOptions,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    let last = Promise.resolve();
    const end = (finish: () => void): void => {
      unsubscribe();
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      finish();
    };
    const look = (event: ClientEvent | undefined): void => {
      // One after another: events must be seen in order.
      last = last.then(async () => {
        try {
          const value = await probe(event);
          if (value !== undefined) end(() => resolve(value));
        } catch (error) {
          end(() => reject(error));
        }
      });
    };
    const onAbort = (): void => end(() => reject(signal.reason as Error));
    const timer = setTimeout(() => end(() => resolve(undefined)), Number.isFinite(deadlineMs) ? deadlineMs : 2 ** 31 - 1);
    const unsubscribe = client.subscribe(look);
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort);
    look(undefined);
  });
}

/** @throws CliError OFFLINE, CLIENT_TOO_OLD, SERVER_TOO_OLD, REVOKED. */
export async function untilOnline(client: HawserClient, signal: AbortSignal): Promise<ClientState> {
  const probe = async (event: ClientEvent | undefined): Promise<ClientState | undefined> => {
    const state = event?.type === "state" ? event.state : await client.state();
    refuseRevoked(state);
    const { connection } = state;
    if (connection.kind === "online") return state;
    if (connection.kind === "update-needed") throw new CliError(connection.error);
    if (connection.kind === "offline" && connection.attempt >= MAX_FAILED_ATTEMPTS) throw new CliError(connection.error);
    return undefined;
  };
  const state = await waitFor(client, probe, { signal, deadlineMs: ONLINE_DEADLINE_MS });
  if (state === undefined) throw new CliError("OFFLINE");
  return state;
}

/**
 * Waits until others can write to this device: it is online, and the keys that it leaves on the server are there (they go first, so any
 * answer that comes after says so). A new device that ends earlier leaves people with messages that have to wait for it.
 */
export async function untilReachable(client: HawserClient, signal: AbortSignal): Promise<void> {
  await untilOnline(client, signal);
  await client.devices();
}

/** Waits until everything that was written has left, for a while; `false` when something is still here. */
export async function untilSent(client: HawserClient, signal: AbortSignal, deadlineMs: number = SETTLE_DEADLINE_MS): Promise<boolean> {
  const probe = async (event: ClientEvent | undefined): Promise<boolean | undefined> => {
    const state = event?.type === "state" ? event.state : await client.state();
    refuseRevoked(state);
    if (state.outboxCount === 0) return true;
    return state.connection.kind === "offline" && state.connection.attempt >= MAX_FAILED_ATTEMPTS ? false : undefined;
  };
  return (await waitFor(client, probe, { signal, deadlineMs })) ?? false;
}

/**
 * Work that needs the server, on a profile that is no member yet: fails as soon as the server is plainly not there.
 * @throws what the work throws, or as `untilOnline` does.
 */
export async function withServer<T>(client: HawserClient, signal: AbortSignal, work: Promise<T>): Promise<T> {
  const ended = new AbortController();
  const watched = AbortSignal.any([signal, ended.signal]);
  const probe = (event: ClientEvent | undefined): undefined => {
    if (event?.type !== "state") return;
    const { connection } = event.state;
    if (connection.kind === "update-needed") throw new CliError(connection.error);
    if (connection.kind === "offline" && connection.attempt >= MAX_FAILED_ATTEMPTS) throw new CliError(connection.error);
  };
  const failure = waitFor<never>(client, probe, { signal: watched, deadlineMs: Infinity }).then(() => work);
  try {
    return await Promise.race([work, failure]);
  } finally {
    failure.catch(() => undefined);
    work.catch(() => undefined);
    ended.abort(new CliError("INTERRUPTED"));
  }
}
