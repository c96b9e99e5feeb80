/**
 * The account's passkeys as its devices keep them. Invariant: only a list that the account key signed is ever taken for one, so a device
 * without that key, stolen or not, can neither put a passkey in nor take one out. docs/PROTOCOL.md, "Passkeys".
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Bytes, concat, type Primitives, utf8 } from "@hawser/base";
import { MAX_PASSKEYS, MAX_SHORT_TEXT_BYTES, type PasskeyList, PasskeyListSchema, SignedPasskeyListSchema } from "@hawser/wire";
import { isCredentialId, isP256Point } from "../link/passkey-assertion.ts";

const LABEL = utf8("hawser passkeys v1\0");

export function signPasskeyList(primitives: Primitives, accountSeed: Bytes, list: PasskeyList): Bytes {
  const payload = toBinary(PasskeyListSchema, list);
  const signature = primitives.ed25519Sign(accountSeed, concat(LABEL, payload));
  return toBinary(SignedPasskeyListSchema, create(SignedPasskeyListSchema, { payload, signature }));
}

/** `undefined` for whatever the account key did not sign, or that breaks a bound. */
export function openPasskeyList(primitives: Primitives, accountKey: Bytes, bytes: Bytes): PasskeyList | undefined {
  try {
    const { payload, signature } = fromBinary(SignedPasskeyListSchema, bytes);
    if (!primitives.ed25519Verify(accountKey, concat(LABEL, payload), signature)) return undefined;
    const list = fromBinary(PasskeyListSchema, payload);
    const isWhole = list.passkeys.every(
      ({ credentialId, publicKey, rpId }) =>
        isCredentialId(credentialId) && isP256Point(publicKey) && utf8(rpId).length <= MAX_SHORT_TEXT_BYTES,
    );
    return isWhole && list.number > 0n && list.passkeys.length <= MAX_PASSKEYS ? list : undefined;
  } catch {
    return undefined;
  }
}
