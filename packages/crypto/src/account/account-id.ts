/** An account is its Ed25519 key; its id is the key's fingerprint. docs/PROTOCOL.md, "Identifiers". */
import { ACCOUNT_ID_SIZE_BYTES, type AccountId, accountIdFromBytes, type Bytes, concat, type Primitives, utf8 } from "@hawser/base";

const LABEL = utf8("hawser account v1\0");

/** The first 20 bytes of SHA-256(label ‖ account key). */
export function accountIdOf(primitives: Primitives, accountKey: Bytes): AccountId {
  return accountIdFromBytes(primitives.sha256(concat(LABEL, accountKey)).slice(0, ACCOUNT_ID_SIZE_BYTES));
}
