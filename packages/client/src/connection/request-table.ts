/**
 * Requests under way on one connection. Invariants: each promise settles exactly once: by its response, its deadline, or the loss of
 * the connection; while an operation fails for the server's own trouble, asking for it again costs a retry of the connection's budget.
 */
import { create } from "@bufbuild/protobuf";
import { type Clock, OperationalError } from "@hawser/base";
import { type ClientFrame, type Failure, MAX_REQUESTS_UNDER_WAY, RequestSchema, type Response } from "@hawser/wire";
import { MAX_CLIENT_REQUEST_ID } from "@hawser/session";
import { REQUEST_TIMEOUT_MS } from "../bounds.ts";
import { createRetryGate } from "./retry-gate.ts";
import { isTrouble, type RetryPurse } from "./retry-purse.ts";
import { isTransient, offline, type OperationInput, type OperationName, type OperationResult, RequestFailed } from "./server-link.ts";

interface UnderWay {
  readonly name: OperationName;
  readonly wasRetry: boolean;
  /** Notes a refusal that names a time. */
  readonly refused: (failure: Failure) => void;
  readonly resolve: (value: never) => void;
  readonly reject: (error: OperationalError) => void;
  readonly cancelDeadline: () => void;
}

export interface RequestTable {
  start<Name extends OperationName>(name: Name, input: OperationInput<Name>): Promise<OperationResult<Name>>;
  settle(response: Response): void;
  /** The connection is gone. */
  failAll(): void;
}

export function createRequestTable(clock: Clock, send: (frame: ClientFrame) => boolean, purse: RetryPurse): RequestTable {
  const underWay = new Map<number, UnderWay>();
  /** Operations whose last answer was the server's trouble. */
  const failing = new Set<OperationName>();
  const gate = createRetryGate(clock);
  let lastId = 0;
  const take = (id: number): UnderWay | undefined => {
    const entry = underWay.get(id);
    underWay.delete(id);
    entry?.cancelDeadline();
    return entry;
  };
  return {
    start(name, input) {
      if (underWay.size >= MAX_REQUESTS_UNDER_WAY) return Promise.reject(new OperationalError("OVERLOADED", { retry: { afterMs: 1_000 } }));
      const refusal = gate.check(name, input);
      if (refusal !== undefined) return Promise.reject(refusal);
      const wasRetry = failing.has(name);
      if (wasRetry && purse.waitMs() > 0) return Promise.reject(new OperationalError("OVERLOADED", { retry: { afterMs: purse.waitMs() } }));
      lastId = (lastId % MAX_CLIENT_REQUEST_ID) + 1;
      const id = lastId;
      const message = create(RequestSchema, { id, operation: { case: name, value: input } as never });
      return new Promise((resolve, reject) => {
        const cancelDeadline = clock.after(REQUEST_TIMEOUT_MS, () => {
          failing.add(name);
          take(id)?.reject(new OperationalError("TIMEOUT", { retry: "now" }));
        });
        const refused = (failure: Failure): void => gate.refused(name, input, failure);
        underWay.set(id, { name, wasRetry, refused, resolve, reject, cancelDeadline });
        if (!send({ type: "request", message })) take(id)?.reject(offline());
        else if (wasRetry) purse.spend();
      });
    },
    settle(response) {
      const entry = take(response.id);
      if (entry === undefined) return;
      const { result } = response;
      const error = result.case === "failure" ? new RequestFailed(result.value) : undefined;
      if (error !== undefined && isTransient(error) && isTrouble(error.code)) failing.add(entry.name);
      else {
        failing.delete(entry.name);
        purse.succeeded(entry.wasRetry);
      }
      if (result.case === "failure") {
        entry.refused(result.value);
        entry.reject(error!);
      } else if (result.case === entry.name) entry.resolve(result.value as never);
      else entry.reject(new OperationalError("UNEXPECTED_FRAME", { retry: "now" }));
    },
    failAll() {
      for (const id of underWay.keys()) take(id)?.reject(offline());
    },
  };
}
