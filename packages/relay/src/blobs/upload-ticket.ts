/**
 * Upload tickets: what the operations side tells the blob side through the client, so that the two share no store. Invariant:
 * only a holder of the server's key can make one; it names who pays, what for, how much and until when.
 */
import {
  accountIdFromBytes,
  accountIdToBytes,
  type AccountId,
  assert,
  type Bytes,
  concat,
  equalBytes,
  fromBase64Url,
  type Primitives,
  toBase64Url,
  utf8,
} from "@hawser/base";

export type BlobPurpose = "attachment" | "history" | "archive";

export interface UploadTicket {
  readonly account: AccountId;
  readonly purpose: BlobPurpose;
  /** Bytes that may be uploaded with it, all blobs together. */
  readonly sizeBytes: number;
  readonly expiresAtMs: number;
  /** 8 random bytes that tell two tickets apart. */
  readonly serial: Bytes;
}

const LABEL = utf8("hawser upload ticket v1\0");
const SERIAL_SIZE_BYTES = 8;
const MAC_SIZE_BYTES = 16;
const BODY_SIZE_BYTES = 20 + 1 + 8 + 8 + SERIAL_SIZE_BYTES;
const PURPOSES: readonly BlobPurpose[] = ["attachment", "history", "archive"];

/** `account ‖ purpose ‖ u64 size ‖ u64 expiry ‖ serial ‖ 16 bytes of HMAC-SHA-256`, as base64url. */
export function sealTicket(primitives: Primitives, key: Bytes, ticket: UploadTicket): string {
  assert(ticket.serial.length === SERIAL_SIZE_BYTES, "a ticket's serial has 8 bytes");
  const body = new Uint8Array(BODY_SIZE_BYTES);
  const view = new DataView(body.buffer);
  body.set(accountIdToBytes(ticket.account));
  body[20] = PURPOSES.indexOf(ticket.purpose);
  view.setBigUint64(21, BigInt(ticket.sizeBytes));
  view.setBigUint64(29, BigInt(Math.floor(ticket.expiresAtMs)));
  body.set(ticket.serial, 37);
  return toBase64Url(concat(body, macOf(primitives, key, body)));
}

/** The ticket, if this server made it; whether it has expired is for the caller. */
export function openTicket(primitives: Primitives, key: Bytes, text: string): UploadTicket | undefined {
  if (text.length > 2 * (BODY_SIZE_BYTES + MAC_SIZE_BYTES)) return undefined;
  const bytes = fromBase64Url(text);
  if (bytes?.length !== BODY_SIZE_BYTES + MAC_SIZE_BYTES) return undefined;
  const body = bytes.subarray(0, BODY_SIZE_BYTES);
  if (!equalBytes(bytes.subarray(BODY_SIZE_BYTES), macOf(primitives, key, body))) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const purpose = PURPOSES[body[20]!];
  if (purpose === undefined) return undefined;
  return {
    account: accountIdFromBytes(body.slice(0, 20)),
    purpose,
    sizeBytes: Number(view.getBigUint64(21)),
    expiresAtMs: Number(view.getBigUint64(29)),
    serial: body.slice(37),
  };
}

const macOf = (primitives: Primitives, key: Bytes, body: Bytes): Bytes =>
  primitives.hmacSha256(key, concat(LABEL, body)).subarray(0, MAC_SIZE_BYTES);
