/**
 * Who wrote a head of the archive: the writer's signature inside the sealed bytes. Invariant: it covers the account, the key's number and every
 * byte of the head, so that nothing signed for one place is believed in another. docs/PROTOCOL.md, "Archive".
 */
import { toBinary } from "@bufbuild/protobuf";
import { type AccountId, accountIdToBytes, type Bytes, concat, equalBytes, type Primitives, utf8 } from "@hawser/base";
import { type ArchiveHead, ArchiveHeadSchema } from "@hawser/wire";

export interface HeadSigner {
  readonly device: number;
  /** Ed25519, 32 bytes: of the key that the device list names. */
  readonly seed: Bytes;
}

const LABEL = utf8("hawser archive head signature v1\0");
/** Field 11 with 64 bytes. It stands last: releases that do not know it write what they read before it, and so make it invalid. */
const SIGNATURE_FIELD = Uint8Array.of(0x5a, 64);
const SIGNED_TAIL_SIZE_BYTES = SIGNATURE_FIELD.length + 64;

/** The plaintext of a head; `keyNumber` as its four bytes. */
export function encodeSignedHead(
  head: ArchiveHead,
  account: AccountId,
  keyNumber: Bytes,
  { device, seed }: HeadSigner,
  primitives: Primitives,
): Bytes {
  const body = toBinary(ArchiveHeadSchema, { ...head, writer: device, signature: new Uint8Array(0) });
  return concat(body, SIGNATURE_FIELD, primitives.ed25519Sign(seed, statement(account, keyNumber, body)));
}

export function isHeadSigned(plain: Bytes, account: AccountId, keyNumber: Bytes, signingKey: Bytes, primitives: Primitives): boolean {
  if (plain.length < SIGNED_TAIL_SIZE_BYTES) return false;
  const body = plain.subarray(0, -SIGNED_TAIL_SIZE_BYTES);
  const tail = plain.subarray(-SIGNED_TAIL_SIZE_BYTES);
  const signature = tail.slice(SIGNATURE_FIELD.length);
  return (
    equalBytes(tail.slice(0, SIGNATURE_FIELD.length), SIGNATURE_FIELD) &&
    primitives.ed25519Verify(signingKey, statement(account, keyNumber, body), signature)
  );
}

const statement = (account: AccountId, keyNumber: Bytes, body: Bytes): Bytes => concat(LABEL, accountIdToBytes(account), keyNumber, body);
