/**
 * Drives the session machine: opens what it says to open, sends what it says to send, asks what it asks. It decides nothing.
 * Invariant: every input is one synchronous step; a frame is decoded once, here. docs/PROTOCOL.md, "Connection".
 */
import { type Bytes, type FrameConnection, OperationalError } from "@hawser/base";
import {
  canSend,
  INITIAL_SESSION,
  type SessionEffect,
  type SessionInput,
  type SessionMode,
  type SessionState,
  sessionStatus,
  type SessionTimer,
  stepSession,
  type TransportMemory,
} from "@hawser/session";
import {
  type ClientFrame,
  type ClientHello,
  decodeServerFrame,
  encodeFrame,
  type Push,
  type ServerHello,
  type SignedDeviceList,
  type Welcome,
  type Delivery,
} from "@hawser/wire";
import type { ConnectionStatus } from "../api.ts";
import { RECONNECT_AFTER_TROUBLE_MS } from "../bounds.ts";
import { withRequest } from "../messaging/seal.ts";
import type { ClientPorts } from "../ports.ts";
import { createChosenTransport } from "./chosen-transport.ts";
import { createRequestTable } from "./request-table.ts";
import { createRetryPurse, type RetryPurse } from "./retry-purse.ts";
import { createServerTime } from "./server-time.ts";
import { type DeviceLink, offline } from "./server-link.ts";

export interface ConnectionEvents {
  /** Builds the hello, with a signature in mode `device`; `undefined` when the keys cannot be read now. */
  hello(mode: SessionMode, server: ServerHello): ClientHello | undefined;
  /** Whether the list is signed by the account and revokes this device. */
  checkRevocation(list: SignedDeviceList): boolean;
  revoked(list: SignedDeviceList): void;
  welcome(message: Welcome, mode: SessionMode): void;
  push(push: Push): void;
  batch(acks: readonly number[], deliveries: readonly Delivery[]): void;
  lost(): void;
  /** This device's clock was set, or it slept: what waits for a time of day may wait for years. */
  clockLeapt(): void;
  status(status: ConnectionStatus): void;
  /** Each step of the machine, before its effects. */
  stepped(before: SessionState, after: SessionState): void;
}

export interface Connection extends DeviceLink {
  start(mode: SessionMode): void;
  stop(): void;
  readonly mode: SessionMode;
  status(): ConnectionStatus;
  /** The server's time, as far as this device believes it. */
  timeMs(): number;
  hint(input: "network-changed" | "online" | "offline"): void;
  /** Resolves once requests can be sent; rejects with OFFLINE after `timeoutMs`. */
  whenOnline(timeoutMs: number): Promise<void>;
  /** What all that send on it share. */
  readonly purse: RetryPurse;
  /** The server's own words, from the last hello. */
  server(): ServerHello | undefined;
}

/** What was learned about networks, across restarts. */
export interface TransportNotes {
  load(): unknown;
  save(memory: TransportMemory): void;
}

export function createConnection(ports: ClientPorts, events: ConnectionEvents, notes: TransportNotes): Connection {
  let state: SessionState = INITIAL_SESSION;
  let transport: { readonly number: number; readonly connection: FrameConnection } | undefined;
  let lastHello: ServerHello | undefined;
  let revoking: { readonly effectId: number; readonly list: SignedDeviceList } | undefined;
  let cancelReconnect: (() => void) | undefined;
  const serverTime = createServerTime(ports.clock);
  const chosen =
    ports.otherTransports === undefined
      ? undefined
      : createChosenTransport({
          transports: [ports.transport, ...ports.otherTransports],
          clock: ports.clock,
          network: ports.network ?? (() => ""),
          loadMemory: () => notes.load(),
          saveMemory: (memory) => notes.save(memory),
          reconnect: () => reconnect(),
        });
  const timers = new Map<SessionTimer, () => void>();
  const onlineWaiters = new Set<(error?: OperationalError) => void>();
  let stopped = true;

  const step = (input: SessionInput): void => {
    const before = state;
    const result = stepSession(state, input, { nowMs: ports.clock.nowMs(), random: ports.random });
    state = result.state;
    events.stepped(before, state);
    if (state.clockMeasurements !== before.clockMeasurements) serverTime.measured(state.clockOffsetMs);
    for (const effect of result.effects) run(effect);
    if (before.kind !== state.kind && state.kind === "online") for (const waiter of onlineWaiters) waiter();
    // The clock was set, or the computer slept: the answer tells both, the time and whether the connection lives.
    if (state.kind === "online" && serverTime.hasLeapt()) {
      events.clockLeapt();
      step({ type: "network-changed" });
    }
  };

  const run = (effect: SessionEffect): void => {
    switch (effect.type) {
      case "open-transport":
        return open(effect.connection);
      case "close-transport":
        if (transport?.number !== effect.connection) return;
        transport.connection.close(effect.code, "");
        transport = undefined;
        return;
      case "send-frame":
        if (transport?.number === effect.connection) transport.connection.send(encodeFrame(effect.frame));
        return;
      case "sign-challenge":
        lastHello = effect.hello;
        return step({ type: "signed", effectId: effect.effectId, hello: events.hello(effect.mode, effect.hello) });
      case "verify-revocation":
        revoking = { effectId: effect.effectId, list: effect.list };
        return step({ type: "revocation-checked", effectId: effect.effectId, valid: events.checkRevocation(effect.list) });
      case "revoked":
        if (revoking?.effectId === effect.effectId) events.revoked(revoking.list);
        return;
      case "deliver":
        return deliver(effect);
      case "lost":
        requests.failAll();
        return events.lost();
      case "set-timer":
        timers.get(effect.timer)?.();
        timers.set(
          effect.timer,
          ports.clock.after(effect.afterMs, () => step({ type: "timer", timer: effect.timer })),
        );
        return;
      case "clear-timer":
        timers.get(effect.timer)?.();
        timers.delete(effect.timer);
        return;
      case "status": {
        const { kind } = effect.status;
        ports.log?.({
          event: "connection",
          kind,
          ...(effect.status.kind === "offline" ? { error: effect.status.error, cause: effect.status.cause } : {}),
        });
        return events.status(status());
      }
      case "not-sent":
    }
  };

  const deliver = ({ frame }: Extract<SessionEffect, { type: "deliver" }>): void => {
    switch (frame.type) {
      case "welcome":
        return events.welcome(frame.message, state.mode);
      case "response":
        return requests.settle(frame.message);
      case "push":
        return events.push(frame.message);
      case "batch":
        return events.batch(frame.acks, frame.deliveries);
      case "server-hello":
      case "goodbye":
    }
  };

  const open = (number: number): void => {
    const connection = (chosen ?? ports.transport).open(connectUrl(ports.serverUrl), {
      opened: () => step({ type: "opened", connection: number }),
      frame: (bytes) => frame(number, bytes),
      closed: (code) => step({ type: "closed", connection: number, code }),
    });
    transport = { number, connection };
  };

  const frame = (connection: number, bytes: Bytes): void => {
    const decoded = decodeServerFrame(bytes);
    if (decoded.ok) step({ type: "frame", connection, frame: decoded.value });
    else if (decoded.error.kind !== "unknown-type") step({ type: "malformed", connection });
  };

  const sendFrame = (outgoing: ClientFrame): boolean => {
    if (!canSend(state)) return false;
    step({ type: "send", frame: outgoing });
    return true;
  };
  const purse = createRetryPurse(ports.clock);
  const requests = createRequestTable(ports.clock, sendFrame, purse);

  const status = (): ConnectionStatus => {
    const current = sessionStatus(state);
    switch (current.kind) {
      case "online":
        return { ...current, transport: chosen?.carrier ?? ports.transport.kind };
      case "offline":
        return { kind: "offline", error: current.error, retryAtMs: current.retryAtMs, attempt: current.attempt };
      case "idle":
      case "connecting":
      case "update-needed":
        return current;
    }
  };

  const reconnect = (): void => {
    cancelReconnect?.();
    if (stopped) return;
    cancelReconnect = ports.clock.after(RECONNECT_AFTER_TROUBLE_MS, () => {
      if (stopped || !canSend(state)) return;
      const { mode } = state;
      step({ type: "stop" });
      step({ type: "start", mode, origin: ports.origin });
    });
  };

  return {
    get online() {
      return canSend(state);
    },
    get mode() {
      return state.mode;
    },
    purse,
    status,
    timeMs: () => serverTime.nowMs(),
    server: () => lastHello,
    start(mode) {
      stopped = false;
      step({ type: "start", mode, origin: ports.origin });
    },
    stop() {
      stopped = true;
      cancelReconnect?.();
      step({ type: "stop" });
      requests.failAll();
      for (const waiter of onlineWaiters) waiter(offline());
    },
    hint(type) {
      if (type !== "offline") chosen?.networkChanged();
      step({ type });
    },
    request: (name, input) => (canSend(state) ? requests.start(name, input) : Promise.reject(offline())),
    sendFrame,
    sendSealed(bytes, request) {
      // Encoded before: it goes past the machine, under the machine's rule that nothing leaves before Welcome.
      if (!canSend(state) || transport === undefined) return false;
      transport.connection.send(withRequest(bytes, request));
      return true;
    },
    reconnect,
    whenOnline(timeoutMs) {
      if (canSend(state)) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const done = (error?: OperationalError): void => {
          cancel();
          onlineWaiters.delete(done);
          if (error === undefined) resolve();
          else reject(error);
        };
        const cancel = ports.clock.after(timeoutMs, () => done(offlineBecause(state)));
        onlineWaiters.add(done);
      });
    },
  };
}

function offlineBecause(state: SessionState): OperationalError {
  const status = sessionStatus(state);
  if (status.kind === "update-needed") return new OperationalError(status.error);
  return offline();
}

/** `http(s)://host` → `ws(s)://host/v1/connect`. */
export function connectUrl(serverUrl: string): string {
  return `${serverUrl.replace(/^http/, "ws").replace(/\/+$/, "")}/v1/connect`;
}
