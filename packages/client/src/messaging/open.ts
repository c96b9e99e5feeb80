/**
 * Opens one delivery: capsule → body key → content. Invariant: the ratchet, the consumed prekeys and whatever the caller stores change
 * in one transaction; a failure changes nothing. docs/PROTOCOL.md, "Receiving".
 */
import { accountIdFromBytes, assert, type DeviceAddress, type DeviceNumber, err, messageIdFromBytes, ok, type Result } from "@hawser/base";
import { type HandshakeKeys, openBody, type PairError, type PreKeyIds, readCapsulePlaintext } from "@hawser/crypto";
import type { Delivery } from "@hawser/wire";
import { addressBytes } from "../account/identity.ts";
import type { Core } from "../core.ts";
import { deviceOf } from "../devices/directory.ts";
import { isJudged, senderDevice } from "../devices/sender-device.ts";
import { readContent, type ReadContent } from "./content.ts";

export const senderOf = (delivery: Delivery): DeviceAddress => ({
  account: accountIdFromBytes(delivery.senderAccount),
  device: delivery.senderDevice as DeviceNumber,
});

export type OpenOutcome =
  | ({ readonly kind: "opened"; readonly sender: DeviceAddress } & ReadContent)
  /** Seen before: nothing to do. */
  | { readonly kind: "duplicate" }
  /** The sender's device stands in no list known here. */
  | { readonly kind: "unknown-device" }
  /** It was meant for this device and cannot be read: ask for it again. */
  | { readonly kind: "undecryptable"; readonly reason: string }
  /** It cannot be read, and its sender left: nobody sends it again. */
  | { readonly kind: "lost"; readonly reason: string }
  /** It was read and breaks a rule: someone passed something off. Dropped. */
  | { readonly kind: "refused"; readonly reason: string };

export function openDelivery(core: Core, delivery: Delivery): OpenOutcome {
  assert(core.store.database.inTransaction, "opening moves ratchets: inside a transaction only");
  const self = core.identity.requireSelf();
  const sender = senderOf(delivery);
  const { lists } = core.store;
  const device = senderDevice(lists, sender, delivery.serverTimeMs);
  if (device === undefined) return isJudged(lists, sender) ? { kind: "refused", reason: "device left" } : { kind: "unknown-device" };
  const decrypted = core.pair.decrypt(
    {
      record: core.store.sessions.find(sender),
      message: delivery.capsule,
      identity: core.identity.keys(),
      remoteIdentityDh: device.dhKey,
      localAddress: addressBytes(self),
      remoteAddress: addressBytes(sender),
      preKeys: (ids) => findPreKeys(core, ids),
    },
    core.pairContext(),
  );
  if (!decrypted.ok) {
    const failure = failureOf(decrypted.error);
    // A device that left can be asked for nothing.
    const canAsk = deviceOf(lists.latest(sender.account), sender.device) !== undefined;
    return failure.kind === "undecryptable" && !canAsk ? { kind: "lost", reason: `device left, ${failure.reason}` } : failure;
  }
  const { record, plaintext, usedOneTimePreKey, usedKemPreKey } = decrypted.value;
  core.store.sessions.put(sender, record);
  if (usedOneTimePreKey !== undefined) core.store.preKeys.delete("one-time", usedOneTimePreKey);
  if (usedKemPreKey !== undefined && core.store.preKeys.find("kem", usedKemPreKey)?.lastResort === false)
    core.store.preKeys.delete("kem", usedKemPreKey);

  const { primitives } = core.ports;
  const bodyKey = readCapsulePlaintext(primitives, plaintext, delivery.body);
  plaintext.fill(0);
  if (bodyKey === undefined) return { kind: "refused", reason: "another body" };
  const body = openBody(primitives, bodyKey, delivery.body);
  bodyKey.fill(0);
  if (body === undefined) return { kind: "refused", reason: "body" };
  const read = readContent(body, sender, self.account);
  if (read === undefined) return { kind: "refused", reason: "content" };
  // Resends, and copies for a device that had no keys yet, travel under numbers of their own. A placeholder is only filled by whom it was
  // asked of; beyond that a repeat of something known changes nothing.
  const carried = messageIdFromBytes(delivery.messageId);
  if (read.messageId !== carried && core.store.messages.row(read.messageId)?.kind === "undecryptable") {
    const pending = core.store.resends.pending(read.messageId);
    if (pending?.sender.account !== sender.account) return { kind: "refused", reason: "message id" };
  }
  return { kind: "opened", sender, ...read };
}

function findPreKeys(core: Core, ids: PreKeyIds): Result<HandshakeKeys, PairError> {
  const { preKeys } = core.store;
  const signed = preKeys.find("signed", ids.signed);
  if (signed === undefined) return err({ kind: "unknown-prekey", preKey: "signed" });
  const kem = preKeys.find("kem", ids.kem);
  if (kem === undefined) return err({ kind: "unknown-prekey", preKey: "kem" });
  const oneTime = ids.oneTime === undefined ? undefined : preKeys.find("one-time", ids.oneTime);
  if (ids.oneTime !== undefined && oneTime === undefined) return err({ kind: "unknown-prekey", preKey: "one-time" });
  return ok({ signed, kem, oneTime });
}

function failureOf(error: PairError): OpenOutcome {
  switch (error.kind) {
    case "duplicate":
    case "replayed-handshake":
      return { kind: "duplicate" };
    case "malformed-message":
    case "unsupported-version":
    case "too-large":
    case "bad-key":
      return { kind: "refused", reason: error.kind };
    case "malformed-record":
    case "bad-prekey-signature":
    case "identity-mismatch":
    case "no-session":
    case "unknown-prekey":
    case "too-far-ahead":
    case "bad-mac":
      return { kind: "undecryptable", reason: error.kind };
  }
}
