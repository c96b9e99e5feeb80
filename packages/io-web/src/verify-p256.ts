/** ECDSA on P-256 by the platform's own WebCrypto: the only curve that every passkey speaks, and none of ours. */
import type { VerifyP256 } from "@hawser/base";

const CURVE = { name: "ECDSA", namedCurve: "P-256" };

export const verifyP256: VerifyP256 = async (publicKey, message, signature) => {
  const { subtle } = crypto;
  try {
    const key = await subtle.importKey("raw", publicKey as Uint8Array<ArrayBuffer>, CURVE, false, ["verify"]);
    return await subtle.verify(
      { name: "ECDSA", hash: "SHA-256" },
      key,
      signature as Uint8Array<ArrayBuffer>,
      message as Uint8Array<ArrayBuffer>,
    );
  } catch {
    // No point of the curve.
    return false;
  }
};
