/** Why a SEND stores nothing, and how its sender is told. docs/PROTOCOL.md, "Sending". */
import type { Bytes } from "@hawser/base";
import { ERROR_CODES, type ErrorName, FailureSchema, type Push, PushSchema, SendRejectedSchema, type SignedDeviceList } from "@hawser/wire";
import { create } from "@bufbuild/protobuf";

export interface SendRejection {
  readonly error: ErrorName;
  readonly retryAfterMs?: number;
  readonly lists?: readonly SignedDeviceList[];
  /** The account the rejection is about, 20 bytes. */
  readonly accountId?: Bytes;
}

export function sendRejected(request: number, rejection: SendRejection): Push {
  const failure = create(FailureSchema, {
    error: ERROR_CODES[rejection.error].code,
    retryAfterMs: rejection.retryAfterMs ?? 0,
    lists: [...(rejection.lists ?? [])],
    ...(rejection.accountId === undefined ? {} : { accountId: rejection.accountId }),
  });
  const value = create(SendRejectedSchema, { request, failure });
  return create(PushSchema, { event: { case: "sendRejected", value } });
}
