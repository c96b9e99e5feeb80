/**
 * The first code a companion shows, made without the engine and without the server: a rendezvous id, a secret and an X25519
 * key. The engine adopts it (`startLink({ initialOffer })`), so the code on the screen stays the one that works.
 * docs/PROTOCOL.md, "Linking".
 */
const RENDEZVOUS_SIZE_BYTES = 16;
const SECRET_SIZE_BYTES = 32;

/** All fields base64url without padding. */
export interface LinkSeed {
  readonly rendezvousId: string;
  readonly secret: string;
  readonly ephemeralSecret: string;
  readonly ephemeralPublicKey: string;
}

/** `undefined` where the browser has no X25519 of its own; the engine then makes the code, a moment later. */
export async function makeLinkSeed(): Promise<LinkSeed | undefined> {
  try {
    const pair = await crypto.subtle.generateKey({ name: "X25519" }, true, ["deriveBits"]);
    const { d, x } = await crypto.subtle.exportKey("jwk", pair.privateKey);
    if (d === undefined || x === undefined) return undefined;
    return {
      rendezvousId: toBase64Url(crypto.getRandomValues(new Uint8Array(RENDEZVOUS_SIZE_BYTES))),
      secret: toBase64Url(crypto.getRandomValues(new Uint8Array(SECRET_SIZE_BYTES))),
      ephemeralSecret: d,
      ephemeralPublicKey: x,
    };
  } catch {
    return undefined;
  }
}

export function linkUri(seed: LinkSeed, origin: string): string {
  const parts = [seed.rendezvousId, seed.secret, seed.ephemeralPublicKey].map(fromBase64Url);
  return `${origin}/link#1.${toBase64Url(Uint8Array.from(parts.flatMap((part) => [...part])))}`;
}

const toBase64Url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

const fromBase64Url = (text: string): Uint8Array =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
