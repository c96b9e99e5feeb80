/**
 * Decides what a ClientHello may become. Invariant: nothing but a list signed by the account says DEVICE_REVOKED; every
 * doubt about the server's own stores is a reason to try again, never a reason to sign out.
 */
import {
  accountIdFromBytes,
  ACCOUNT_ID_SIZE_BYTES,
  type Bytes,
  type DeviceAddress,
  parseDeviceNumber,
  type Primitives,
} from "@hawser/base";
import { verifyAuthChallenge } from "@hawser/crypto";
import type { Directory } from "@hawser/relay";
import {
  type ClientHello,
  type DeviceAuthentication,
  MAX_CAPABILITIES,
  MAX_LISTS_PER_ANSWER,
  MAX_SHORT_TEXT_BYTES,
  PROTOCOL_MAX,
  PROTOCOL_MIN,
} from "@hawser/wire";
import type { GoodbyeReason } from "./goodbye.ts";

export type HelloOutcome =
  | { readonly kind: "anonymous"; readonly protocol: number }
  | {
      readonly kind: "device";
      readonly protocol: number;
      readonly address: DeviceAddress;
      readonly accountBytes: Bytes;
      readonly listNumber: number;
      readonly mailbox: { readonly epoch: number; readonly cursor: number };
    }
  | { readonly kind: "refused"; readonly reason: GoodbyeReason };

export interface HelloContext {
  readonly directory: Directory;
  readonly primitives: Primitives;
  readonly origin: string;
  readonly nonce: Bytes;
}

const SIGNATURE_BYTES = 64;
const RETRY_AFTER_MS = 2_000;

const refused = (reason: GoodbyeReason): HelloOutcome => ({ kind: "refused", reason });

/** May throw `OperationalError` when the directory's store does not answer. */
export function judgeHello(hello: ClientHello, context: HelloContext): HelloOutcome {
  if (hello.protocolMax < PROTOCOL_MIN) return refused({ error: "CLIENT_TOO_OLD" });
  if (hello.protocolMin > PROTOCOL_MAX) return refused({ error: "SERVER_TOO_OLD", retryAfterMs: RETRY_AFTER_MS });
  if (hello.protocolMin > hello.protocolMax) return refused({ error: "MALFORMED_FIELD" });
  const texts = [hello.platform, hello.clientVersion, ...hello.capabilities];
  if (hello.capabilities.length > MAX_CAPABILITIES || texts.some((text) => text.length > MAX_SHORT_TEXT_BYTES)) {
    return refused({ error: "LIMIT_EXCEEDED" });
  }
  const protocol = Math.min(hello.protocolMax, PROTOCOL_MAX);
  return hello.device === undefined ? { kind: "anonymous", protocol } : judgeDevice(hello.device, protocol, context);
}

function judgeDevice(claim: DeviceAuthentication, protocol: number, { directory, primitives, origin, nonce }: HelloContext): HelloOutcome {
  const device = parseDeviceNumber(claim.device);
  const numbersFit = claim.cursor <= BigInt(Number.MAX_SAFE_INTEGER) && claim.listNumber <= BigInt(Number.MAX_SAFE_INTEGER);
  if (
    claim.accountId.length !== ACCOUNT_ID_SIZE_BYTES ||
    device === undefined ||
    claim.signature.length !== SIGNATURE_BYTES ||
    !numbersFit
  ) {
    return refused({ error: "MALFORMED_FIELD" });
  }
  if (claim.stapledLists.length > MAX_LISTS_PER_ANSWER) return refused({ error: "LIMIT_EXCEEDED" });
  const account = accountIdFromBytes(claim.accountId);
  if (claim.stapledLists.length > 0) {
    const applied = directory.apply(claim.stapledLists);
    if (!applied.ok) return refused({ error: applied.error.code, retryAfterMs: RETRY_AFTER_MS });
    if (applied.value.account !== account) return refused({ error: "LIST_INVALID" });
  }
  const entry = directory.find(account);
  if (entry === undefined) return refused({ error: "UNKNOWN_ACCOUNT", retryAfterMs: RETRY_AFTER_MS });
  const certified = entry.devices.get(device);
  if (certified === undefined) {
    const revokingList = directory.revokingList(account, device);
    return revokingList === undefined
      ? refused({ error: "UNKNOWN_DEVICE", retryAfterMs: RETRY_AFTER_MS })
      : refused({ error: "DEVICE_REVOKED", revokingList });
  }
  const address = { account, device };
  if (!verifyAuthChallenge(primitives, certified.signingKey, { nonce, origin, address }, claim.signature)) {
    return refused({ error: "BAD_SIGNATURE", retryAfterMs: RETRY_AFTER_MS });
  }
  return {
    kind: "device",
    protocol,
    address,
    // A copy: the frame's buffer must not live as long as the connection.
    accountBytes: Uint8Array.from(claim.accountId),
    listNumber: Number(claim.listNumber),
    mailbox: { epoch: claim.mailboxEpoch, cursor: Number(claim.cursor) },
  };
}
