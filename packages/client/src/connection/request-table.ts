/**
 * Requests under way on one connection. Invariant: each promise settles exactly once: by its response, its deadline, or the loss of
 * the connection.
 */
import { create } from "@bufbuild/protobuf";
import { type Clock, OperationalError } from "@hawser/base";
import { type ClientFrame, MAX_REQUESTS_UNDER_WAY, RequestSchema, type Response } from "@hawser/wire";
import { MAX_CLIENT_REQUEST_ID } from "@hawser/session";
import { REQUEST_TIMEOUT_MS } from "../bounds.ts";
import { offline, type OperationInput, type OperationName, type OperationResult, RequestFailed } from "./server-link.ts";

interface UnderWay {
  readonly name: OperationName;
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
      lastId = (lastId % MAX_CLIENT_REQUEST_ID) + 1;
      const id = lastId;
      const message = create(RequestSchema, { id, operation: { case: name, value: input } as never });
      return new Promise((resolve, reject) => {
        const cancelDeadline = clock.after(REQUEST_TIMEOUT_MS, () => take(id)?.reject(new OperationalError("TIMEOUT", { retry: "now" })));
        underWay.set(id, { name, resolve, reject, cancelDeadline });
        if (!send({ type: "request", message })) take(id)?.reject(offline());
      });
    },
    settle(response) {
      const entry = take(response.id);
      if (entry === undefined) return;
      const { result } = response;
      if (result.case === "failure") entry.reject(new RequestFailed(result.value));
      else if (result.case === entry.name) entry.resolve(result.value as never);
      else entry.reject(new OperationalError("UNEXPECTED_FRAME", { retry: "now" }));
    },
    failAll() {
      for (const id of underWay.keys()) take(id)?.reject(offline());
    },
  };
}
