/**
 * Ports between the tab that runs the engine and the others, over a BroadcastChannel (a MessagePort cannot be handed to
 * another tab everywhere). Every message names its receiver; an engine says hello when it starts, so that pages find the new
 * one after a change of leader.
 */
type Envelope =
  | { readonly kind: "seek"; readonly page: string }
  | { readonly kind: "hello"; readonly engine: string }
  | { readonly kind: "leave"; readonly page: string }
  | { readonly kind: "data"; readonly to: string; readonly from: string; readonly data: unknown };

/** Tabs one engine serves at once. */
export const MAX_PAGES = 16;

type Listener = (event: { readonly data: unknown }) => void;

/** Has the methods of a `MessagePort` that matter. */
export class BroadcastPort {
  readonly #listeners = new Set<Listener>();
  readonly #send: (data: unknown) => void;

  constructor(send: (data: unknown) => void) {
    this.#send = send;
  }

  postMessage(message: unknown): void {
    this.#send(message);
  }

  addEventListener(_type: "message", listener: Listener): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: "message", listener: Listener): void {
    this.#listeners.delete(listener);
  }

  deliver(data: unknown): void {
    for (const listener of this.#listeners) listener({ data });
  }
}

const channelOf = (profile: string): BroadcastChannel => new BroadcastChannel(`hawser-${profile}`);
const newId = (): string => crypto.randomUUID();

/** The engine's side. `serve` is called with a port for each page that appears; what it returns runs when that page left. */
export function acceptPages(profile: string, serve: (port: BroadcastPort) => () => void): () => void {
  const channel = channelOf(profile);
  const engine = newId();
  const pages = new Map<string, { readonly port: BroadcastPort; readonly stop: () => void }>();
  const say = (envelope: Envelope): void => channel.postMessage(envelope);

  const pageOf = (page: string): BroadcastPort | undefined => {
    const known = pages.get(page);
    if (known !== undefined) return known.port;
    if (pages.size >= MAX_PAGES) return undefined;
    const port = new BroadcastPort((data) => say({ kind: "data", to: page, from: engine, data }));
    pages.set(page, { port, stop: serve(port) });
    return port;
  };
  channel.addEventListener("message", ({ data: envelope }: MessageEvent<Envelope>) => {
    if (envelope.kind === "seek") say({ kind: "hello", engine });
    else if (envelope.kind === "data" && envelope.to === engine) pageOf(envelope.from)?.deliver(envelope.data);
    else if (envelope.kind === "leave") {
      pages.get(envelope.page)?.stop();
      pages.delete(envelope.page);
    }
  });
  say({ kind: "hello", engine });
  return () => {
    for (const { stop } of pages.values()) stop();
    channel.close();
  };
}

/** A page's side. `found` hears of every engine, with a port to it; the port before it is dead from then on. */
export function findEngine(profile: string, found: (port: BroadcastPort) => void): () => void {
  const channel = channelOf(profile);
  const page = newId();
  let current: { readonly engine: string; readonly port: BroadcastPort } | undefined;
  const say = (envelope: Envelope): void => channel.postMessage(envelope);

  channel.addEventListener("message", ({ data: envelope }: MessageEvent<Envelope>) => {
    if (envelope.kind === "hello" && envelope.engine !== current?.engine) {
      const { engine } = envelope;
      current = { engine, port: new BroadcastPort((data) => say({ kind: "data", to: engine, from: page, data })) };
      found(current.port);
    } else if (envelope.kind === "data" && envelope.to === page && envelope.from === current?.engine) current.port.deliver(envelope.data);
  });
  say({ kind: "seek", page });
  return () => {
    say({ kind: "leave", page });
    channel.close();
  };
}
