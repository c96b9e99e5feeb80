/**
 * CPace on ristretto255 with SHA-512 (draft-irtf-cfrg-cpace-21), initiator and responder: two sides that know the same
 * short password get the same key; whoever guesses learns from one run only whether that one guess was right. Invariant: a
 * share that is no element, or the neutral one, ends the run. Pure: the scalar comes from the caller's entropy.
 */
import { type Bytes, concat, equalBytes, utf8 } from "@hawser/base";
import { ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha512 } from "@noble/hashes/sha2.js";

const DSI = utf8("CPaceRistretto255");
const DSI_ISK = utf8("CPaceRistretto255_ISK");
const MAC_LABEL = utf8("CPaceMac");
/** SHA-512's input block. */
const BLOCK_SIZE_BYTES = 128;
export const CPACE_SHARE_SIZE_BYTES = 32;
/** Wide enough that the reduced scalar is uniform. */
export const CPACE_ENTROPY_SIZE_BYTES = 64;

const { Point } = ristretto255;

/** What both sides must agree on for their keys to be the same. */
export interface CpaceContext {
  readonly password: Bytes;
  /** The channel identifier: who speaks with whom, where. */
  readonly channel: Bytes;
  readonly session: Bytes;
}

/** A side's message: its share and the data it says beside it. */
export interface CpaceMessage {
  readonly share: Bytes;
  readonly data: Bytes;
}

export interface CpaceKeys {
  /** 64 bytes: the intermediate session key. */
  readonly key: Bytes;
  /** Both messages, the initiator's first. */
  readonly transcript: Bytes;
}

/** The draft's `prepend_len`: LEB128 length, then the bytes. */
export function withLength(bytes: Bytes): Bytes {
  const head: number[] = [];
  let rest = bytes.length;
  do {
    head.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return concat(Uint8Array.from(head), bytes);
}

const joined = (...parts: readonly Bytes[]): Bytes => concat(...parts.map(withLength));

export function generatorString({ password, channel, session }: CpaceContext): Bytes {
  const padding = Math.max(0, BLOCK_SIZE_BYTES - 1 - withLength(password).length - withLength(DSI).length);
  return joined(DSI, password, new Uint8Array(padding), channel, session);
}

const generator = (context: CpaceContext) => ristretto255_hasher.deriveToCurve!(sha512(generatorString(context)));

/** A scalar from 64 uniform bytes, little endian. */
const scalarOf = (entropy: Bytes): bigint => Point.Fn.create(littleEndian(entropy));

function littleEndian(bytes: Bytes): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return value;
}

/** The share of a side, from its 64 bytes of entropy. */
export const cpaceShare = (context: CpaceContext, entropy: Bytes): Bytes => generator(context).multiply(scalarOf(entropy)).toBytes();

/** The draft's `scalar_mult_vfy`; `undefined` where it says to abort. */
export function multiplyVerified(entropy: Bytes, share: Bytes): Bytes | undefined {
  try {
    const point = Point.fromBytes(share);
    return point.equals(Point.ZERO) ? undefined : point.multiply(scalarOf(entropy)).toBytes();
  } catch {
    return undefined;
  }
}

/** The key of both messages, as the side whose `entropy` it is; `undefined` when the other side's share is none. */
export function cpaceKeys(
  session: Bytes,
  entropy: Bytes,
  initiator: CpaceMessage,
  responder: CpaceMessage,
  own: "initiator" | "responder",
): CpaceKeys | undefined {
  const secret = multiplyVerified(entropy, (own === "initiator" ? responder : initiator).share);
  if (secret === undefined) return undefined;
  const transcript = concat(joined(initiator.share, initiator.data), joined(responder.share, responder.data));
  return { key: sha512(concat(joined(DSI_ISK, session, secret), transcript)), transcript };
}

/** The draft's key confirmation (section 9.4): proves to the other side that the sender of `message` has the key. 64 bytes. */
export const cpaceConfirmation = (session: Bytes, keys: CpaceKeys, message: CpaceMessage): Bytes =>
  hmac(sha512, sha512(concat(MAC_LABEL, session, keys.key)), joined(message.share, message.data));

export const confirms = (session: Bytes, keys: CpaceKeys, message: CpaceMessage, confirmation: Bytes): boolean =>
  equalBytes(cpaceConfirmation(session, keys, message), confirmation);
