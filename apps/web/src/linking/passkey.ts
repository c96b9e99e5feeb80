/** What this browser's authenticators can do for us (WebAuthn). Runs in the page: a worker cannot ask a person. */
import { fromBase64Url, toBase64Url } from "@hawser/base";
import { type HawserClient, PASSKEY_PRF_INPUT, type PasskeyAnswer, type PasskeyRequest } from "@hawser/sdk";

const ES256 = -7;
const CEREMONY_TIMEOUT_MS = 90_000;

/** Passkeys belong to a host name: an address of digits has none. */
export const hasPasskeys = (): boolean =>
  isSecureContext && typeof PublicKeyCredential === "function" && !/^[\d.]+$|:/.test(location.hostname);

const bytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(fromBase64Url(text) ?? []);
const text = (buffer: ArrayBuffer): string => toBase64Url(new Uint8Array(buffer));
const known = (ids: readonly string[]): PublicKeyCredentialDescriptor[] => ids.map((id) => ({ type: "public-key", id: bytes(id) }));

export async function createPasskey(
  who: { readonly account: string; readonly handle: string; readonly displayName: string },
  existing: readonly string[],
): Promise<{ credentialId: string; spki: string; rpId: string }> {
  const rpId = location.hostname;
  const made = await navigator.credentials.create({
    publicKey: {
      rp: { id: rpId, name: "Hawser" },
      user: { id: new TextEncoder().encode(who.account), name: who.handle, displayName: who.displayName },
      // Nothing is proven with this answer, so nobody has to have chosen the challenge.
      challenge: crypto.getRandomValues(new Uint8Array(32)),
      pubKeyCredParams: [{ type: "public-key", alg: ES256 }],
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
      excludeCredentials: known(existing),
      timeout: CEREMONY_TIMEOUT_MS,
      // An authenticator that has it gives each passkey a secret of its own, from which it may be asked to compute later (`withPrf`).
      extensions: { prf: {} },
    },
  });
  const { rawId, response } = made as PublicKeyCredential & { readonly response: AuthenticatorAttestationResponse };
  return { credentialId: text(rawId), spki: text(response.getPublicKey() ?? new ArrayBuffer(0)), rpId };
}

const ask = async (options: Omit<PublicKeyCredentialRequestOptions, "rpId">, rpId = location.hostname): Promise<PublicKeyCredential> =>
  (await navigator.credentials.get({
    publicKey: { rpId, userVerification: "required", timeout: CEREMONY_TIMEOUT_MS, ...options },
  })) as PublicKeyCredential;

/** Rejects when there is none here, or the person does not want to. */
export async function askPasskey({ rpId, credentialIds, challenge }: PasskeyRequest): Promise<PasskeyAnswer> {
  const shown = await ask({ challenge: bytes(challenge), allowCredentials: known(credentialIds) }, rpId);
  const response = shown.response as AuthenticatorAssertionResponse;
  return {
    credentialId: text(shown.rawId),
    clientDataJson: text(response.clientDataJSON),
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
  };
}

/** Keys of the catalogues. */
export type PrfProblem = "passkey.notShown" | "recovery.noPrf";

/**
 * What gives an account back: 32 bytes that one of these passkeys computes, or one that the person chooses among all of this host. Does
 * `work` with them and wipes them; or says why there are none: nobody confirmed, or browser or authenticator cannot (no PRF extension).
 */
export async function withPrf(
  work: (prfOutput: Uint8Array) => Promise<unknown>,
  credentialIds: readonly string[] = [],
): Promise<PrfProblem | undefined> {
  const shown = await ask({
    // Nothing is proven with this answer either.
    challenge: crypto.getRandomValues(new Uint8Array(32)),
    allowCredentials: known(credentialIds),
    extensions: { prf: { eval: { first: new Uint8Array(PASSKEY_PRF_INPUT) } } },
  }).catch(() => undefined);
  if (shown === undefined) return "passkey.notShown";
  const first = shown.getClientExtensionResults().prf?.results?.first;
  if (first === undefined) return "recovery.noPrf";
  const prfOutput = ArrayBuffer.isView(first) ? new Uint8Array(first.buffer, first.byteOffset, first.byteLength) : new Uint8Array(first);
  try {
    await work(prfOutput);
    return undefined;
  } finally {
    prfOutput.fill(0);
  }
}

/** Makes sure that the account's person holds this phone. */
export async function confirmOnPhone(client: HawserClient): Promise<void> {
  const rpId = location.hostname;
  const { passkeys } = await client.passkeySettings();
  const credentialIds = passkeys.filter((passkey) => passkey.rpId === rpId).map(({ credentialId }) => credentialId);
  await askPasskey({ rpId, credentialIds, challenge: toBase64Url(crypto.getRandomValues(new Uint8Array(32))) });
}
