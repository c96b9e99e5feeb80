/**
 * Several transports that look like one: drives the choice machine. It decides nothing. Invariants: the session sees one connection, that
 * of the transport that brought the first frame; `closed` is reported exactly once; what a stopped transport still says is not heard.
 */
import { assert, type Bytes, type Clock, type FrameConnection, type FrameConnectionEvents, type Transport } from "@hawser/base";
import {
  type ChoiceEffect,
  type ChoiceInput,
  type ChoiceTimer,
  initialChoice,
  parseTransportMemory,
  stepChoice,
  TRANSPORT_KINDS,
  type TransportKind,
  type TransportMemory,
} from "@hawser/session";

export interface ChosenTransportParts {
  readonly transports: readonly Transport[];
  readonly clock: Clock;
  /** What the platform calls the network it is on; "" when it cannot tell. */
  network(): string;
  /** As it was saved, whenever that was. */
  loadMemory(): unknown;
  saveMemory(memory: TransportMemory): void;
  /** A better transport works again: connect anew. */
  reconnect(): void;
}

export interface ChosenTransport extends Transport {
  /** What carries at present, or carried last. */
  readonly carrier: TransportKind;
  networkChanged(): void;
}

interface Runner {
  connection: FrameConnection | undefined;
  stopped: boolean;
}

const isKind = (kind: string): kind is TransportKind => TRANSPORT_KINDS.some((known) => known === kind);

export function createChosenTransport(parts: ChosenTransportParts): ChosenTransport {
  const byKind = new Map(parts.transports.flatMap((transport) => (isKind(transport.kind) ? [[transport.kind, transport] as const] : [])));
  let state = initialChoice([...byKind.keys()], parseTransportMemory(parts.loadMemory()));
  const runners = new Map<TransportKind, Runner>();
  const timers = new Map<ChoiceTimer, () => void>();
  let session: { readonly url: string; readonly events: FrameConnectionEvents } | undefined;
  let closeCode = 1000;

  const step = (input: ChoiceInput): void => {
    const result = stepChoice(state, input, { nowMs: parts.clock.nowMs() });
    state = result.state;
    for (const effect of result.effects) run(effect);
  };

  const run = (effect: ChoiceEffect): void => {
    switch (effect.type) {
      case "start":
        return start(effect.kind);
      case "stop": {
        const runner = runners.get(effect.kind);
        runners.delete(effect.kind);
        if (runner === undefined) return;
        runner.stopped = true;
        runner.connection?.close(closeCode, "");
        return;
      }
      case "won":
        return session?.events.opened();
      case "ended": {
        const over = session;
        session = undefined;
        return over?.events.closed(effect.code, effect.reason);
      }
      case "remember":
        return parts.saveMemory(effect.memory);
      case "reconnect":
        return parts.reconnect();
      case "set-timer":
        timers.get(effect.timer)?.();
        timers.set(
          effect.timer,
          parts.clock.after(effect.afterMs, () => step({ type: "timer", timer: effect.timer })),
        );
        return;
      case "clear-timer":
        timers.get(effect.timer)?.();
        timers.delete(effect.timer);
    }
  };

  const start = (kind: TransportKind): void => {
    assert(session !== undefined, "transports run for a session");
    const runner: Runner = { connection: undefined, stopped: false };
    runners.set(kind, runner);
    let proven = false;
    runner.connection = byKind.get(kind)!.open(session.url, {
      opened: () => undefined,
      frame(bytes: Bytes) {
        if (runner.stopped) return;
        if (!proven) {
          proven = true;
          step({ type: "proven", kind });
        }
        // A probe has proven itself and is stopped by now.
        if (runners.get(kind) === runner && state.carrier === kind) session?.events.frame(bytes);
      },
      closed(code, reason) {
        if (runner.stopped) return;
        runners.delete(kind);
        runner.stopped = true;
        step({ type: "closed", kind, code, reason });
      },
    });
  };

  return {
    kind: "chosen",
    get carrier() {
      return state.carrier;
    },
    networkChanged: () => step({ type: "network-changed", network: parts.network() }),
    open(url, events) {
      assert(session === undefined, "one connection at a time");
      const mine = { url, events };
      session = mine;
      closeCode = 1000;
      step({ type: "open", network: parts.network() });
      const carrying = (): FrameConnection | undefined => (session === mine ? runners.get(state.carrier)?.connection : undefined);
      return {
        send: (bytes) => carrying()?.send(bytes),
        get bufferedBytes() {
          return carrying()?.bufferedBytes ?? 0;
        },
        close(code, reason) {
          if (session !== mine) return;
          closeCode = code;
          session = undefined;
          step({ type: "close" });
          // As sockets do: nobody hears of the end inside the call that made it.
          void Promise.resolve().then(() => events.closed(code, reason));
        },
      };
    },
  };
}
