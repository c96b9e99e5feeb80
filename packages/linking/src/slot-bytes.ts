/** Bytes of rendezvous slots and of own states, as the jobs read them. */
import { fromBinary, type Message } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { assert, type Bytes, fromBase64Url } from "@hawser/base";
import { MAX_RENDEZVOUS_BODY_BYTES } from "@hawser/wire";
import type { Base64Url } from "./link-jobs.ts";

/** Where a companion leaves what its passkey said. */
export const PASSKEY_SLOT = 3;

/** A message of the other side; `undefined` for whatever is none. */
export function parseBytes<M extends Message>(schema: GenMessage<M>, bytes: Bytes | undefined): M | undefined {
  if (bytes === undefined || bytes.length > MAX_RENDEZVOUS_BODY_BYTES) return undefined;
  try {
    return fromBinary(schema, bytes);
  } catch {
    return undefined;
  }
}

export const parseSlot = <M extends Message>(schema: GenMessage<M>, body: Base64Url): M | undefined =>
  parseBytes(schema, fromBase64Url(body));

/** Bytes that this program wrote itself. */
export function own(text: Base64Url): Bytes {
  const bytes = fromBase64Url(text);
  assert(bytes !== undefined, "malformed base64url in an own state");
  return bytes;
}
