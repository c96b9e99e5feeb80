/**
 * The only way out of an account: a list signed by it that names this device as revoked. Invariant: nothing is erased before the
 * signature was checked here, on this device; what remains afterwards says who did it and when.
 */
import { type DeviceNumber } from "@hawser/base";
import { openDeviceLabel, verifyDeviceList } from "@hawser/crypto";
import { RevocationReason, type SignedDeviceList } from "@hawser/wire";
import type { RevocationInfo } from "../api.ts";
import type { Core } from "../core.ts";
import { deviceOf } from "../devices/directory.ts";

const REASONS: Readonly<Record<RevocationReason, RevocationInfo["reason"]>> = {
  [RevocationReason.UNSPECIFIED]: "unspecified",
  [RevocationReason.BY_USER]: "by-user",
  [RevocationReason.REPLACED]: "replaced",
  [RevocationReason.LINK_UNDONE]: "link-undone",
  [RevocationReason.LOST]: "lost",
};

/**
 * Who revoked this device, when the list really does; `undefined` otherwise. Lists between the pinned one and this one may be missing:
 * only the account's key could have signed it, and it must be newer than what is pinned.
 */
export function readRevocation(core: Core, entry: Pick<SignedDeviceList, "payload" | "signature">): RevocationInfo | undefined {
  const self = core.identity.self();
  if (self === undefined) return undefined;
  const verified = verifyDeviceList(core.ports.primitives, entry);
  if (!verified.ok || verified.value.account !== self.account) return undefined;
  const { list, number } = verified.value;
  const pinned = core.store.lists.latest(self.account);
  if (pinned !== undefined && number < pinned.number) return undefined;
  if (list.devices.some((device) => device.number === self.device)) return undefined;
  const revocation = list.revocations.find((candidate) => candidate.device === self.device);
  if (revocation === undefined) return undefined;
  const by = revocation.revokedBy as DeviceNumber;
  const device = deviceOf(verified.value, by) ?? deviceOf(pinned, by);
  const name =
    device === undefined
      ? undefined
      : openDeviceLabel(core.ports.primitives, core.identity.stateKey(), device.signingKey, device.sealedLabel);
  return {
    revokedAtMs: Number(revocation.revokedAtMs),
    revokedBy: by,
    revokedByName: name ?? "",
    reason: REASONS[revocation.reason] ?? "unspecified",
  };
}

/** Erases everything but the reason, in one transaction. */
export function eraseAfterRevocation(core: Core, revocation: RevocationInfo): void {
  core.store.wipe(() => core.identity.setRevocation(revocation));
  core.identity.forget();
}
