/**
 * One `HawserClient` for the page, whichever tab runs the engine. Invariant: a call that was under way when the engine moved
 * is made again on the new one, unless doing it twice could do harm; then the person hears of it.
 */
import type { ClientEvent, HawserClient } from "@hawser/sdk";

type Method = Exclude<keyof HawserClient, "subscribe">;
type AnyMethod = (...args: unknown[]) => Promise<unknown>;

/** Not repeated: each makes something new. */
const ONCE: ReadonlySet<string> = new Set<Method>(["createAccount", "restoreAccount", "createRecoveryCode", "runImport", "requestCode"]);
const MAX_MOVES_PER_CALL = 5;

export interface SwitchingClient {
  readonly client: HawserClient;
  /** From now on calls go to `next`; listeners move along and everything on the screen is asked for again. */
  readonly use: (next: HawserClient) => void;
}

export function switchingClient(): SwitchingClient {
  const listeners = new Set<(event: ClientEvent) => void>();
  let arrived: (client: HawserClient) => void = () => undefined;
  let current = new Promise<HawserClient>((resolve) => {
    arrived = resolve;
  });
  let isFirst = true;
  const emit = (event: ClientEvent): void => {
    for (const listener of listeners) listener(event);
  };

  const call = async (method: Method, args: unknown[]): Promise<unknown> => {
    for (let move = 0; ; move++) {
      const target = await current;
      try {
        return await (target[method] as AnyMethod)(...args);
      } catch (error) {
        const isGone = (error as { code?: unknown }).code === "CLOSED";
        if (!isGone || ONCE.has(method) || move >= MAX_MOVES_PER_CALL) throw error;
        // Wait for the engine that follows, when this page has not heard of it yet.
        if ((await current) === target) await new Promise<void>((resolve) => waiting.add(resolve));
      }
    }
  };
  const waiting = new Set<() => void>();

  const client = new Proxy({} as HawserClient, {
    get(_target, name) {
      if (name === "then") return undefined;
      if (name === "subscribe") {
        return (listener: (event: ClientEvent) => void) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        };
      }
      return (...args: unknown[]) => call(name as Method, args);
    },
  });

  return {
    client,
    use(next) {
      next.subscribe(emit);
      if (isFirst) arrived(next);
      else current = Promise.resolve(next);
      for (const resume of waiting) resume();
      waiting.clear();
      if (!isFirst) {
        void next.state().then(
          (state) => emit({ type: "state", state }),
          () => undefined,
        );
        for (const type of ["conversations", "devices", "contacts"] as const) emit({ type });
      }
      isFirst = false;
    },
  };
}
