/**
 * The courier behind a code that the phone shows: one message, HPKE `mode_psk` from the companion that read the code to the
 * phone's key. Invariant: only who saw the code can write it, only the phone that showed it can read it.
 * docs/PROTOCOL.md, "Other ways to a code".
 */
import { assert, type Bytes, concat, utf8 } from "@hawser/base";
import { exact, suite } from "./hpke-suite.ts";
import { type LinkCode, type LinkKeys, LINK_SECRET_SIZE_BYTES, RENDEZVOUS_ID_SIZE_BYTES } from "./link-channel.ts";

const INFO_LABEL = utf8("hawser link courier v1\0");
const SLOT = Uint8Array.of(0);

const keySchedule = ({ rendezvousId, secret }: LinkCode) => {
  assert(rendezvousId.length === RENDEZVOUS_ID_SIZE_BYTES && secret.length === LINK_SECRET_SIZE_BYTES, "malformed courier code");
  return { info: exact(concat(INFO_LABEL, rendezvousId)), psk: { id: exact(rendezvousId), key: exact(secret) } };
};

/** Companion. `entropy`: 32 bytes for the ephemeral key. `undefined` when the phone's key is none. */
export async function sealReverse(
  code: LinkCode,
  phonePublicKey: Bytes,
  entropy: Bytes,
  plaintext: Bytes,
): Promise<{ readonly encapsulatedKey: Bytes; readonly ciphertext: Bytes } | undefined> {
  const hpke = suite();
  const params = keySchedule(code);
  try {
    const recipientPublicKey = await hpke.kem.deserializePublicKey(exact(phonePublicKey));
    const context = await hpke.createSenderContext({ ...params, recipientPublicKey, ekm: exact(entropy) });
    return { encapsulatedKey: new Uint8Array(context.enc), ciphertext: new Uint8Array(await context.seal(exact(plaintext), SLOT)) };
  } catch {
    return undefined;
  }
}

/** Phone; `undefined` for anything that was not sealed for this code. */
export async function openReverse(code: LinkCode, keys: LinkKeys, encapsulatedKey: Bytes, ciphertext: Bytes): Promise<Bytes | undefined> {
  const hpke = suite();
  const params = keySchedule(code);
  try {
    const recipientKey = {
      privateKey: await hpke.kem.deserializePrivateKey(exact(keys.secretKey)),
      publicKey: await hpke.kem.deserializePublicKey(exact(keys.publicKey)),
    };
    const context = await hpke.createRecipientContext({ ...params, recipientKey, enc: exact(encapsulatedKey) });
    return new Uint8Array(await context.open(exact(ciphertext), SLOT));
  } catch {
    return undefined;
  }
}
