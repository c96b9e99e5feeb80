/**
 * The channel between phone and companion during linking: HPKE (RFC 9180) in mode_psk with X25519-HKDF-SHA256,
 * HKDF-SHA256 and ChaCha20-Poly1305. The PSK is the secret of the scanned code, so whoever has not seen the code can
 * neither read nor write. Invariants: each direction seals a slot once, in ascending order; a failed open says nothing
 * but "no". docs/PROTOCOL.md, "Linking".
 */
import { assert, type Bytes, concat, err, ok, type Primitives, type Random, type Result, toHex, utf8 } from "@hawser/base";
import type { RecipientContext, SenderContext } from "@hpke/core";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { exact, suite } from "./hpke-suite.ts";

const INFO_LABEL = utf8("hawser link v1\0");
const EXPORT_REPLY_KEY = utf8("companion to phone");
const EXPORT_END_KEY = utf8("phone's end");
const EXPORT_BINDING = utf8("channel binding");
const EXPORT_MATCH_CODE = utf8("match code");
const KEY_SIZE_BYTES = 32;
const NONCE_SIZE_BYTES = 12;
export const LINK_SECRET_SIZE_BYTES = 32;
export const RENDEZVOUS_ID_SIZE_BYTES = 16;
/** A ceremony takes two or three slots per direction. */
export const MAX_LINK_SLOTS = 8;
/** Where either side says that it has given up. Opened without the slots before it, which may be missing. */
export const LINK_END_SLOT = 2;
const MATCH_CODE_MODULUS = 1_000_000;

export interface LinkKeys {
  readonly secretKey: Bytes;
  readonly publicKey: Bytes;
}

/** What stands in the code: 16 bytes that name the rendezvous, 32 secret bytes. */
export interface LinkCode {
  readonly rendezvousId: Bytes;
  readonly secret: Bytes;
}

export interface LinkChannel {
  /** Seals the next slot of this side. Slots go 0, 1, 2 …; repeat the stored bytes rather than seal twice. */
  seal(slot: number, plaintext: Bytes): Promise<Bytes>;
  /** Opens the other side's slot; `undefined` for anything that was not sealed for exactly this slot. */
  open(slot: number, ciphertext: Bytes): Promise<Bytes | undefined>;
  /** Seals this side's end of the attempt, slot 2. The same bytes every time. */
  sealEnd(plaintext: Bytes): Bytes;
  openEnd(ciphertext: Bytes): Bytes | undefined;
  /** 32 bytes that only this pair of ends shares; what proofs of possession sign. */
  readonly channelBinding: Bytes;
  /** Six digits to compare on both screens, bound to the channel and to the companion's request as sent. */
  matchCode(linkRequest: Bytes): string;
}

export type LinkChannelError = { readonly kind: "bad-key" };

export function newLinkKeys(primitives: Primitives, random: Random): LinkKeys {
  const secretKey = random.bytes(KEY_SIZE_BYTES);
  return { secretKey, publicKey: primitives.x25519PublicKey(secretKey) };
}

const keySchedule = (code: LinkCode) => {
  assert(code.rendezvousId.length === RENDEZVOUS_ID_SIZE_BYTES && code.secret.length === LINK_SECRET_SIZE_BYTES, "malformed link code");
  return { info: exact(concat(INFO_LABEL, code.rendezvousId)), psk: { id: exact(code.rendezvousId), key: exact(code.secret) } };
};

/** The phone's end: HPKE sender. `encapsulatedKey` goes to the companion in the clear. Draws 32 random bytes. */
export async function openLinkChannelPhone(
  primitives: Primitives,
  input: { readonly code: LinkCode; readonly companionPublicKey: Bytes; readonly random: Random },
): Promise<Result<{ readonly encapsulatedKey: Bytes; readonly channel: LinkChannel }, LinkChannelError>> {
  const hpke = suite();
  const params = keySchedule(input.code);
  // Key material for the ephemeral key comes from the port, so that a simulated ceremony repeats exactly.
  const entropy = exact(input.random.bytes(KEY_SIZE_BYTES));
  try {
    const recipientPublicKey = await hpke.kem.deserializePublicKey(exact(input.companionPublicKey));
    const context = await hpke.createSenderContext({ ...params, recipientPublicKey, ekm: entropy });
    return ok({ encapsulatedKey: new Uint8Array(context.enc), channel: await channelOver(primitives, context, true) });
  } catch {
    return err({ kind: "bad-key" });
  }
}

/** The companion's end: HPKE recipient. */
export async function openLinkChannelCompanion(
  primitives: Primitives,
  input: { readonly code: LinkCode; readonly keys: LinkKeys; readonly encapsulatedKey: Bytes },
): Promise<Result<LinkChannel, LinkChannelError>> {
  const hpke = suite();
  const params = keySchedule(input.code);
  try {
    const recipientKey = {
      privateKey: await hpke.kem.deserializePrivateKey(exact(input.keys.secretKey)),
      publicKey: await hpke.kem.deserializePublicKey(exact(input.keys.publicKey)),
    };
    const context = await hpke.createRecipientContext({ ...params, recipientKey, enc: exact(input.encapsulatedKey) });
    return ok(await channelOver(primitives, context, false));
  } catch {
    return err({ kind: "bad-key" });
  }
}

async function channelOver(primitives: Primitives, context: SenderContext | RecipientContext, phone: boolean): Promise<LinkChannel> {
  const exportKey = async (label: Bytes): Promise<Bytes> => new Uint8Array(await context.export(exact(label), KEY_SIZE_BYTES));
  const replyKey = await exportKey(EXPORT_REPLY_KEY);
  // HPKE counts its messages, and an end has to be read also when the decision before it never came: a key of its own.
  const endKey = await exportKey(EXPORT_END_KEY);
  const channelBinding = await exportKey(EXPORT_BINDING);
  const matchKey = await exportKey(EXPORT_MATCH_CODE);
  let nextSeal = 0;
  let nextOpen = 0;
  return {
    channelBinding,
    async seal(slot, plaintext) {
      assert(slot === nextSeal && slot < MAX_LINK_SLOTS, "link slots are sealed once, in order");
      nextSeal++;
      if (!phone) return replyCipher(replyKey, slot).encrypt(plaintext);
      return new Uint8Array(await context.seal(exact(plaintext), slotData(slot)));
    },
    async open(slot, ciphertext) {
      if (slot >= MAX_LINK_SLOTS) return undefined;
      try {
        if (phone) return replyCipher(replyKey, slot).decrypt(ciphertext);
        // HPKE's own counter stands at the number of slots opened so far.
        if (slot !== nextOpen) return undefined;
        const plaintext = new Uint8Array(await context.open(exact(ciphertext), slotData(slot)));
        nextOpen++;
        return plaintext;
      } catch {
        return undefined;
      }
    },
    sealEnd: (plaintext) => replyCipher(phone ? endKey : replyKey, LINK_END_SLOT).encrypt(plaintext),
    openEnd(ciphertext) {
      try {
        return replyCipher(phone ? replyKey : endKey, LINK_END_SLOT).decrypt(ciphertext);
      } catch {
        return undefined;
      }
    },
    matchCode(linkRequest) {
      const mac = primitives.hmacSha256(matchKey, primitives.sha256(linkRequest));
      return (Number.parseInt(toHex(mac.subarray(0, 6)), 16) % MATCH_CODE_MODULUS).toString().padStart(6, "0");
    },
  };
}

function replyCipher(key: Bytes, slot: number): ReturnType<typeof chacha20poly1305> {
  const nonce = new Uint8Array(NONCE_SIZE_BYTES);
  nonce[NONCE_SIZE_BYTES - 1] = slot;
  return chacha20poly1305(key, nonce, slotData(slot));
}

const slotData = (slot: number): Uint8Array<ArrayBuffer> => Uint8Array.of(slot);
