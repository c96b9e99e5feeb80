/**
 * The first code a companion shows, made without the engine and without the server: a rendezvous id, a secret and an X25519
 * key. The engine adopts it (`startLink({ initialOffer })`), so the code on the screen stays the one that works.
 * docs/PROTOCOL.md, "Linking".
 */
const RENDEZVOUS_SIZE_BYTES = 16;
const SECRET_SIZE_BYTES = 32;
const KEY_SIZE_BYTES = 32;

export interface LinkSeed {
  readonly rendezvousId: Uint8Array;
  readonly secret: Uint8Array;
  readonly ephemeralSecretKey: Uint8Array;
  readonly ephemeralPublicKey: Uint8Array;
  readonly createdAtMs: number;
}

/** `undefined` where the browser has no X25519 of its own; the engine then makes the code, a moment later. */
export async function makeLinkSeed(): Promise<LinkSeed | undefined> {
  try {
    const pair = (await crypto.subtle.generateKey({ name: "X25519" }, true, ["deriveBits"])) as CryptoKeyPair;
    const { d, x } = await crypto.subtle.exportKey("jwk", pair.privateKey);
    return {
      rendezvousId: crypto.getRandomValues(new Uint8Array(RENDEZVOUS_SIZE_BYTES)),
      secret: crypto.getRandomValues(new Uint8Array(SECRET_SIZE_BYTES)),
      ephemeralSecretKey: fromBase64Url(d ?? ""),
      ephemeralPublicKey: fromBase64Url(x ?? ""),
      createdAtMs: Date.now(),
    };
  } catch {
    return undefined;
  }
}

export function linkUri(seed: LinkSeed, origin: string): string {
  const payload = new Uint8Array(RENDEZVOUS_SIZE_BYTES + SECRET_SIZE_BYTES + KEY_SIZE_BYTES);
  payload.set(seed.rendezvousId, 0);
  payload.set(seed.secret, RENDEZVOUS_SIZE_BYTES);
  payload.set(seed.ephemeralPublicKey, RENDEZVOUS_SIZE_BYTES + SECRET_SIZE_BYTES);
  return `${origin}/link#1.${toBase64Url(payload)}`;
}

const toBase64Url = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const fromBase64Url = (text: string): Uint8Array => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
