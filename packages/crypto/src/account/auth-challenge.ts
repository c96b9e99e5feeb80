/**
 * How a device proves itself to a server: a signature by its certified key over the server's fresh nonce, the origin, and
 * the address it claims. Bound to the origin, so that one server cannot pass it on to another. docs/PROTOCOL.md, "Connecting".
 */
import { accountIdToBytes, assert, type Bytes, concat, type DeviceAddress, type Primitives, utf8 } from "@hawser/base";

const LABEL = utf8("hawser auth v1\0");
export const AUTH_NONCE_SIZE_BYTES = 32;
const MAX_ORIGIN_SIZE_BYTES = 256;

export interface AuthChallenge {
  /** From ServerHello. */
  readonly nonce: Bytes;
  /** The origin the client believes it talks to, e.g. `https://chat.example`. */
  readonly origin: string;
  readonly address: DeviceAddress;
}

export function signAuthChallenge(primitives: Primitives, signSeed: Bytes, challenge: AuthChallenge): Bytes {
  return primitives.ed25519Sign(signSeed, authStatement(challenge));
}

export function verifyAuthChallenge(primitives: Primitives, signingKey: Bytes, challenge: AuthChallenge, signature: Bytes): boolean {
  return primitives.ed25519Verify(signingKey, authStatement(challenge), signature);
}

function authStatement({ nonce, origin, address }: AuthChallenge): Bytes {
  assert(nonce.length === AUTH_NONCE_SIZE_BYTES, "a challenge has 32 bytes");
  const originBytes = utf8(origin);
  assert(originBytes.length <= MAX_ORIGIN_SIZE_BYTES, "origin too long");
  const originSize = new Uint8Array(2);
  new DataView(originSize.buffer).setUint16(0, originBytes.length);
  const device = new Uint8Array(4);
  new DataView(device.buffer).setUint32(0, address.device);
  return concat(LABEL, nonce, originSize, originBytes, accountIdToBytes(address.account), device);
}
