/** What the rest of the client sees of the connection: requests with answers, frames without. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { OperationalError, type Retry } from "@hawser/base";
import {
  type ClientFrame,
  ERROR_CODES,
  errorName,
  type Failure,
  type RequestSchema,
  type Response,
  type SignedDeviceList,
} from "@hawser/wire";

type Operation = NonNullable<MessageInitShape<typeof RequestSchema>["operation"]>;
export type OperationName = Exclude<Operation["case"], undefined>;
export type OperationInput<Name extends OperationName> = Extract<Operation, { case: Name }>["value"];
export type OperationResult<Name extends OperationName> = Extract<Response["result"], { case: Name }>["value"];

export interface ServerLink {
  /** Rejects with OFFLINE (`retry: "now"`) without a connection, with TIMEOUT, or with the code of the server's failure. */
  request<Name extends OperationName>(name: Name, input: OperationInput<Name>): Promise<OperationResult<Name>>;
}

export interface DeviceLink extends ServerLink {
  readonly online: boolean;
  /** Hands a frame over; false when there is no connection that could take it. */
  sendFrame(frame: ClientFrame): boolean;
  /** Hands an encoded SEND frame over under a request number; false as above. */
  sendSealed(frame: Uint8Array, request: number): boolean;
  /** Drops the connection and makes a new one after the usual pause. */
  reconnect(): void;
}

/** The server said no. `lists` come with STALE_LIST and LIST_CONFLICT. */
export class RequestFailed extends OperationalError {
  override readonly name = "RequestFailed";
  readonly lists: readonly SignedDeviceList[];

  constructor(failure: Failure) {
    const name = errorName(failure.error);
    super(name ?? "INTERNAL", { message: `the server answered ${name ?? failure.error}`, retry: retryOf(failure) });
    this.lists = failure.lists;
  }
}

function retryOf(failure: Failure): Retry {
  const name = errorName(failure.error);
  const kind = name === undefined ? "retry" : ERROR_CODES[name].class;
  if (kind !== "retry") return "never";
  return failure.retryAfterMs > 0 ? { afterMs: failure.retryAfterMs } : "now";
}

export const offline = (): OperationalError => new OperationalError("OFFLINE", { retry: "now" });

/** Whether trying the same again later can help. */
export function isTransient(error: unknown): boolean {
  return error instanceof OperationalError && error.retry !== "never";
}
