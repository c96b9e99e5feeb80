/**
 * Requests under way on one connection. Invariant: each promise settles exactly once: by its response, its deadline, or the loss of
 * the connection.
 */
import { create } from "@bufbuild/protobuf";
import { type Clock, OperationalError } from "@hawser/base";
import { type ClientFrame, type Failure, MAX_REQUESTS_UNDER_WAY, RequestSchema, type Response } from "@hawser/wire";
import { MAX_CLIENT_REQUEST_ID } from "@hawser/session";
import { REQUEST_TIMEOUT_MS } from "../bounds.ts";
import { createRetryGate } from "./retry-gate.ts";
import { offline, type OperationInput, type OperationName, type OperationResult, RequestFailed } from "./server-link.ts";

interface UnderWay {
  readonly name: OperationName;
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

export function createRequestTable(clock: Clock, send: (frame: ClientFrame) => boolean): RequestTable {
  const underWay = new Map<number, UnderWay>();
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
      lastId = (lastId % MAX_CLIENT_REQUEST_ID) + 1;
      const id = lastId;
      const message = create(RequestSchema, { id, operation: { case: name, value: input } as never });
      return new Promise((resolve, reject) => {
        const cancelDeadline = clock.after(REQUEST_TIMEOUT_MS, () => take(id)?.reject(new OperationalError("TIMEOUT", { retry: "now" })));
        const refused = (failure: Failure): void => gate.refused(name, input, failure);
        underWay.set(id, { name, refused, resolve, reject, cancelDeadline });
        if (!send({ type: "request", message })) take(id)?.reject(offline());
      });
    },
    settle(response) {
      const entry = take(response.id);
      if (entry === undefined) return;
      const { result } = response;
      if (result.case === "failure") {
        entry.refused(result.value);
        entry.reject(new RequestFailed(result.value));
      } else if (result.case === entry.name) entry.resolve(result.value as never);
      else entry.reject(new OperationalError("UNEXPECTED_FRAME", { retry: "now" }));
    },
    failAll() {
      for (const id of underWay.keys()) take(id)?.reject(offline());
    },
  };
}
