/** ECDSA on P-256 by the platform's own WebCrypto: the only curve that every passkey speaks, and none of ours. */
import type { VerifyP256 } from "@hawser/base";
import { webcrypto } from "node:crypto";

const CURVE = { name: "ECDSA", namedCurve: "P-256" };

export const verifyP256: VerifyP256 = async (publicKey, message, signature) => {
  const { subtle } = webcrypto;
  try {
    const key = await subtle.importKey("raw", publicKey, CURVE, false, ["verify"]);
    return await subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, signature, message);
  } catch {
    // No point of the curve.
    return false;
  }
};
