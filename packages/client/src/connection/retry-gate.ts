/**
 * Retry-After, honoured for people: what the server refused with a time to wait is refused here until then, without asking again.
 * However often somebody presses a button, the server hears of it once. Invariants: only requests a person triggers are held
 * back, never what messages need; no server can hold one back for longer than `MAX_HONOURED_WAIT_MS`; bounded memory.
 */
import { create } from "@bufbuild/protobuf";
import type { Clock, OperationalError } from "@hawser/base";
import { ERROR_CODES, type Failure, FailureSchema } from "@hawser/wire";
import { type OperationInput, type OperationName, RequestFailed } from "./server-link.ts";

export const MAX_HONOURED_WAIT_MS = 900_000;
const MAX_GATES = 32;

/** What a limit of the server counts together; `undefined` for requests that are never held back. */
function gateOf<Name extends OperationName>(name: Name, input: OperationInput<Name>): string | undefined {
  switch (name) {
    case "checkHandle":
    case "findHandle":
    case "register":
    case "getRecoveryCapsule":
      return name;
    case "requestCode":
      return `${name} ${String((input as OperationInput<"requestCode">).address)}`;
    case "rendezvousPut": {
      // The first write begins a link; whatever follows belongs to one that was let in.
      const { index, side } = input as OperationInput<"rendezvousPut">;
      return (index ?? 0) === 0 ? `${name} ${String(side)}` : undefined;
    }
    default:
      return undefined;
  }
}

interface Closed {
  readonly error: number;
  readonly untilMs: number;
}

export interface RetryGate {
  /** The refusal, while one stands. */
  check<Name extends OperationName>(name: Name, input: OperationInput<Name>): OperationalError | undefined;
  refused<Name extends OperationName>(name: Name, input: OperationInput<Name>, failure: Failure): void;
}

export function createRetryGate(clock: Clock): RetryGate {
  const gates = new Map<string, Closed>();
  return {
    check(name, input) {
      const gate = gateOf(name, input);
      const closed = gate === undefined ? undefined : gates.get(gate);
      if (gate === undefined || closed === undefined) return undefined;
      const leftMs = closed.untilMs - clock.monotonicMs();
      if (leftMs > 0) return new RequestFailed(create(FailureSchema, { error: closed.error, retryAfterMs: Math.ceil(leftMs) }));
      gates.delete(gate);
      return undefined;
    },
    refused(name, input, { error, retryAfterMs }) {
      const gate = gateOf(name, input);
      const isWait = error === ERROR_CODES.RATE_LIMITED.code || error === ERROR_CODES.ADMISSION_FULL.code;
      if (gate === undefined || !isWait || retryAfterMs === 0) return;
      gates.delete(gate);
      gates.set(gate, { error, untilMs: clock.monotonicMs() + Math.min(retryAfterMs, MAX_HONOURED_WAIT_MS) });
      const [oldest] = gates.keys();
      if (gates.size > MAX_GATES && oldest !== undefined) gates.delete(oldest);
    },
  };
}
