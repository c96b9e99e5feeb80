/**
 * The courier behind a typed code: CPace over the code's second half, then the parts sealed under the agreed key. Invariant:
 * the companion seals only for whoever confirmed the key, so a guess costs a run and shows nothing but right or wrong.
 * docs/PROTOCOL.md, "Other ways to a code".
 */
import { type Bytes, concat, type Primitives, utf8 } from "@hawser/base";
import {
  confirms,
  cpaceConfirmation,
  type CpaceContext,
  type CpaceKeys,
  cpaceKeys,
  type CpaceMessage,
  cpaceShare,
  withLength,
} from "./cpace.ts";

const ID_LABEL = utf8("hawser typed code v1\0");
const CHANNEL_LABEL = utf8("hawser typed code v1");
const PARTS_LABEL = utf8("hawser typed code parts v1\0");
const COMPANION = utf8("companion");
const PHONE = utf8("phone");
const RENDEZVOUS_ID_SIZE_BYTES = 16;
const KEY_SIZE_BYTES = 32;
const NO_SALT = new Uint8Array(32);
/** One message under one key. */
const NONCE = new Uint8Array(12);

/** Where the two meet, from the code's first half. */
export const typedRendezvousId = (primitives: Primitives, nameplate: string): Bytes =>
  primitives.sha256(concat(ID_LABEL, utf8(nameplate))).subarray(0, RENDEZVOUS_ID_SIZE_BYTES);

/** What both sides know. `entropy`: the side's own 64 bytes. */
export interface TypedSide {
  readonly rendezvousId: Bytes;
  readonly password: string;
  readonly origin: string;
  readonly entropy: Bytes;
}

const contextOf = ({ rendezvousId, password, origin }: TypedSide): CpaceContext => ({
  password: utf8(password),
  channel: concat(...[CHANNEL_LABEL, COMPANION, PHONE, utf8(origin)].map(withLength)),
  session: rendezvousId,
});
const fromCompanion = (share: Bytes): CpaceMessage => ({ share, data: COMPANION });
const fromPhone = (share: Bytes): CpaceMessage => ({ share, data: PHONE });
const partsKey = (primitives: Primitives, keys: CpaceKeys): Bytes => primitives.hkdfSha256(keys.key, NO_SALT, PARTS_LABEL, KEY_SIZE_BYTES);

/** A side's share. */
export const typedShare = (side: TypedSide): Bytes => cpaceShare(contextOf(side), side.entropy);

/** Phone: its share and the proof that it knows the key; `undefined` when the companion's share is none. */
export function answerTyped(side: TypedSide, companionShare: Bytes): { readonly share: Bytes; readonly confirmation: Bytes } | undefined {
  const share = typedShare(side);
  const keys = cpaceKeys(side.rendezvousId, side.entropy, fromCompanion(companionShare), fromPhone(share), "responder");
  return keys === undefined ? undefined : { share, confirmation: cpaceConfirmation(side.rendezvousId, keys, fromPhone(share)) };
}

/** Companion: `plaintext` for a phone that confirmed the key; `undefined` for one that did not. */
export function sealTyped(
  primitives: Primitives,
  side: TypedSide,
  answer: { readonly share: Bytes; readonly confirmation: Bytes },
  plaintext: Bytes,
): Bytes | undefined {
  const phone = fromPhone(answer.share);
  const keys = cpaceKeys(side.rendezvousId, side.entropy, fromCompanion(typedShare(side)), phone, "initiator");
  if (keys === undefined || !confirms(side.rendezvousId, keys, phone, answer.confirmation)) return undefined;
  return primitives.aes256GcmSeal(partsKey(primitives, keys), NONCE, plaintext, keys.transcript);
}

/** Phone: what the companion sealed; that it opens is the companion's proof. */
export function openTyped(primitives: Primitives, side: TypedSide, companionShare: Bytes, sealed: Bytes): Bytes | undefined {
  const own = fromPhone(typedShare(side));
  const keys = cpaceKeys(side.rendezvousId, side.entropy, fromCompanion(companionShare), own, "responder");
  return keys === undefined ? undefined : primitives.aes256GcmOpen(partsKey(primitives, keys), NONCE, sealed, keys.transcript);
}
