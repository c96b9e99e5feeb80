/** The engine as React sees it: one client, its small state, and queries that run again when something changed. */
import type { ClientEvent, ClientState, HawserClient } from "@hawser/sdk";
import { createContext, useContext, useEffect, useRef, useState, type ReactNode } from "react";

const ClientContext = createContext<HawserClient | undefined>(undefined);
const StateContext = createContext<ClientState | undefined>(undefined);

export function ClientProvider({
  client,
  initial,
  children,
}: {
  readonly client: HawserClient;
  readonly initial: ClientState;
  readonly children: ReactNode;
}) {
  const [state, setState] = useState(initial);
  useEffect(() => {
    const unsubscribe = client.subscribe((event) => {
      if (event.type === "state") setState(event.state);
    });
    void client.state().then(setState, () => undefined);
    return unsubscribe;
  }, [client]);
  return (
    <ClientContext value={client}>
      <StateContext value={state}>{children}</StateContext>
    </ClientContext>
  );
}

export function useClient(): HawserClient {
  const client = useContext(ClientContext);
  if (client === undefined) throw new Error("useClient needs a ClientProvider");
  return client;
}

export function useClientState(): ClientState {
  const state = useContext(StateContext);
  if (state === undefined) throw new Error("useClientState needs a ClientProvider");
  return state;
}

/** Calls the newest `listener` for every event. */
export function useClientEvents(listener: (event: ClientEvent) => void): void {
  const client = useClient();
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => client.subscribe((event) => latest.current(event)), [client]);
}

/** Bursts of events (a history chunk, a mailbox that drains) cause one query per this time. */
const REFRESH_AT_MOST_EVERY_MS = 150;

export interface Query<T> {
  readonly value: T | undefined;
  readonly error: unknown;
  readonly reload: () => void;
}

/** Runs `load` now, when `key` changes, and after events for which `concerns` is true. The old value stays until the new one is there. */
export function useQuery<T>(key: string, load: (client: HawserClient) => Promise<T>, concerns: (event: ClientEvent) => boolean): Query<T> {
  const client = useClient();
  const [result, setResult] = useState<{ key: string; value?: T; error?: unknown }>({ key });
  const latest = useRef({ load, key });
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    latest.current = { load, key };
  });
  const run = useRef((): void => {
    timer.current = undefined;
    const asked = latest.current;
    asked.load(client).then(
      (value) => latest.current.key === asked.key && setResult({ key: asked.key, value }),
      (error: unknown) => latest.current.key === asked.key && setResult((before) => ({ ...before, key: asked.key, error })),
    );
  });
  useEffect(() => {
    run.current();
    return () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [key]);
  const reload = (): void => {
    timer.current ??= setTimeout(run.current, REFRESH_AT_MOST_EVERY_MS);
  };
  useClientEvents((event) => {
    if (concerns(event)) reload();
  });
  return { value: result.key === key ? result.value : undefined, error: result.key === key ? result.error : undefined, reload };
}
