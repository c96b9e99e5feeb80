/**
 * A passkey's word for a link: whether an assertion (WebAuthn Level 3, 7.2) was made by one of the account's credentials, with its person
 * verified, for this very channel, on a page of our own origin. Invariant: the browser writes the origin, not the page, so a page elsewhere
 * that relays a code cannot bring one. Everything is hostile; nothing throws. docs/PROTOCOL.md, "Passkeys".
 */
import {
  type Bytes,
  concat,
  equalBytes,
  err,
  fromUtf8,
  ok,
  type Primitives,
  type Result,
  toBase64Url,
  utf8,
  type VerifyP256,
} from "@hawser/base";

const CHALLENGE_LABEL = utf8("hawser link passkey v1\0");
const POINT_SIZE_BYTES = 65;
const SCALAR_SIZE_BYTES = 32;
const MAX_CREDENTIAL_ID_BYTES = 1_023;
const MAX_CLIENT_DATA_BYTES = 4_096;
const MAX_AUTHENTICATOR_DATA_BYTES = 1_024;
/** rpIdHash (32) ‖ flags (1) ‖ counter (4). */
const FIXED_DATA_BYTES = 37;
const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const ATTESTED_DATA = 0x40;
const EXTENSION_DATA = 0x80;
/** SubjectPublicKeyInfo of an uncompressed P-256 point, up to the point (RFC 5480). */
const SPKI_PREFIX = Uint8Array.of(
  0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
); // prettier-ignore

export interface PasskeyCredential {
  readonly credentialId: Bytes;
  /** An uncompressed P-256 point. */
  readonly publicKey: Bytes;
}

export interface PasskeyAssertionBytes {
  readonly credentialId: Bytes;
  readonly clientDataJson: Bytes;
  readonly authenticatorData: Bytes;
  /** ECDSA in DER, as authenticators give it. */
  readonly signature: Bytes;
}

export type PasskeyError =
  /** Genuine, but for a page that is not ours. */
  | { readonly kind: "other-origin"; readonly origin: string }
  | {
      readonly kind:
        | "unknown-credential"
        | "malformed"
        | "other-purpose"
        | "other-challenge"
        | "other-party"
        | "unverified-user"
        | "bad-signature";
    };

export const isCredentialId = (bytes: Bytes): boolean => bytes.length > 0 && bytes.length <= MAX_CREDENTIAL_ID_BYTES;
export const isP256Point = (bytes: Bytes): boolean => bytes.length === POINT_SIZE_BYTES && bytes[0] === 0x04;

/** What the companion's authenticator signs: this channel, and the request that was sent in it. */
export const passkeyChallenge = (primitives: Primitives, channelBinding: Bytes, linkRequest: Bytes): Bytes =>
  primitives.sha256(concat(CHALLENGE_LABEL, channelBinding, primitives.sha256(linkRequest)));

/** The point in what `getPublicKey()` of a registration gives; `undefined` for other kinds of key. */
export function pointOfSpki(spki: Bytes): Bytes | undefined {
  const point = spki.slice(SPKI_PREFIX.length);
  return equalBytes(spki.subarray(0, SPKI_PREFIX.length), SPKI_PREFIX) && isP256Point(point) ? point : undefined;
}

export async function verifyPasskeyAssertion(
  { primitives, verifyP256 }: { readonly primitives: Primitives; readonly verifyP256: VerifyP256 },
  expected: {
    readonly credentials: readonly PasskeyCredential[];
    readonly origin: string;
    readonly rpId: string;
    readonly challenge: Bytes;
  },
  assertion: PasskeyAssertionBytes,
): Promise<Result<PasskeyCredential, PasskeyError>> {
  const { clientDataJson, authenticatorData } = assertion;
  const credential = expected.credentials.find(({ credentialId }) => equalBytes(credentialId, assertion.credentialId));
  if (credential === undefined) return err({ kind: "unknown-credential" });
  const clientData = parseClientData(clientDataJson);
  const signature = ecdsaFromDer(assertion.signature);
  if (clientData === undefined || signature === undefined || !isWhole(authenticatorData)) return err({ kind: "malformed" });
  if (clientData.type !== "webauthn.get") return err({ kind: "other-purpose" });
  if (clientData.challenge !== toBase64Url(expected.challenge)) return err({ kind: "other-challenge" });
  if (!equalBytes(authenticatorData.subarray(0, 32), primitives.sha256(utf8(expected.rpId)))) return err({ kind: "other-party" });
  const flags = authenticatorData[32]!;
  if ((flags & USER_PRESENT) === 0 || (flags & USER_VERIFIED) === 0) return err({ kind: "unverified-user" });
  const signed = concat(authenticatorData, primitives.sha256(clientDataJson));
  if (!(await verifyP256(credential.publicKey, signed, signature))) return err({ kind: "bad-signature" });
  // Last: what is said about a page is what an authenticator of this person signed.
  if (clientData.origin !== expected.origin || clientData.crossOrigin === true)
    return err({ kind: "other-origin", origin: clientData.origin });
  return ok(credential);
}

interface ClientData {
  readonly type: string;
  readonly challenge: string;
  readonly origin: string;
  readonly crossOrigin: boolean;
}

function parseClientData(bytes: Bytes): ClientData | undefined {
  const text = bytes.length > MAX_CLIENT_DATA_BYTES ? undefined : fromUtf8(bytes);
  if (text === undefined) return undefined;
  try {
    const { type, challenge, origin, crossOrigin = false } = (JSON.parse(text) ?? {}) as Partial<Record<keyof ClientData, unknown>>;
    if (typeof type !== "string" || typeof challenge !== "string" || typeof origin !== "string" || typeof crossOrigin !== "boolean")
      return undefined;
    return { type, challenge, origin, crossOrigin };
  } catch {
    return undefined;
  }
}

/** Extensions may follow; they are signed and not read. A new credential never does in an assertion. */
function isWhole(data: Bytes): boolean {
  if (data.length < FIXED_DATA_BYTES || data.length > MAX_AUTHENTICATOR_DATA_BYTES) return false;
  const flags = data[32]!;
  return (flags & ATTESTED_DATA) === 0 && data.length > FIXED_DATA_BYTES === ((flags & EXTENSION_DATA) !== 0);
}

/** r ‖ s of a strict DER signature (X.690): SEQUENCE of two positive INTEGERs, nothing behind. */
export function ecdsaFromDer(der: Bytes): Bytes | undefined {
  if (der[0] !== 0x30 || der[1] !== der.length - 2 || der.length > 72) return undefined;
  const r = integerAt(der, 2);
  const s = r === undefined ? undefined : integerAt(der, r.end);
  return r === undefined || s === undefined || s.end !== der.length ? undefined : concat(r.value, s.value);
}

function integerAt(der: Bytes, at: number): { readonly value: Bytes; readonly end: number } | undefined {
  const sizeBytes = der[at + 1];
  if (der[at] !== 0x02 || sizeBytes === undefined || sizeBytes === 0 || at + 2 + sizeBytes > der.length) return undefined;
  const bytes = der.slice(at + 2, at + 2 + sizeBytes);
  const isNegative = bytes[0]! >= 0x80;
  const isPadded = bytes.length > 1 && bytes[0] === 0 && bytes[1]! < 0x80;
  const magnitude = bytes[0] === 0 ? bytes.subarray(1) : bytes;
  if (isNegative || isPadded || magnitude.length === 0 || magnitude.length > SCALAR_SIZE_BYTES) return undefined;
  const value = new Uint8Array(SCALAR_SIZE_BYTES);
  value.set(magnitude, SCALAR_SIZE_BYTES - magnitude.length);
  return { value, end: at + 2 + sizeBytes };
}
