/**
 * Recovery: the account key and the state key, sealed under a code or by a passkey, opaque to the server. Whoever restores is a new device with new
 * sessions; the phone it replaces is revoked, companions stay. docs/PROTOCOL.md, "Recovery".
 */
import { type AccountId, type DeviceNumber, OperationalError } from "@hawser/base";
import {
  accountIdOf,
  extendDeviceList,
  newRecoveryCode,
  openRecoveryCapsule,
  type RecoverySecrets,
  sealDeviceLabel,
  sealRecoveryCapsule,
  verifyChain,
  type VerifiedDeviceList,
} from "@hawser/crypto";
import { DeviceKind, RevocationReason } from "@hawser/wire";
import type { SelfInfo } from "../api.ts";
import type { Connection } from "../connection/connection.ts";
import { RequestFailed, type ServerLink } from "../connection/server-link.ts";
import type { Core } from "../core.ts";
import { fetchLists } from "../devices/whole-chain.ts";
import { becomeMember, publicSelf } from "./create.ts";
import type { SelfRecord } from "./identity.ts";
import { checkName } from "./names.ts";
import { openByPasskey } from "./passkey-recovery.ts";
import type { RestoreOptions } from "./recovery-views.ts";
import { parseAccountBytes } from "../messaging/content.ts";

/** Another phone may publish while we do; each round starts from its list. */
const MAX_PUBLISH_ROUNDS = 4;

export async function createRecoveryCode(core: Core, link: ServerLink): Promise<string> {
  core.identity.requirePhone();
  const accountSeed = core.identity.accountSeed();
  if (accountSeed === undefined) throw new OperationalError("STORAGE_LOST");
  const { primitives, random, recoveryKdf: kdf } = core.ports;
  const code = newRecoveryCode(primitives, random);
  const capsule = await sealRecoveryCapsule(primitives, code, { accountSeed, stateKey: core.identity.stateKey() }, { random, kdf });
  await link.request("putRecoveryCapsule", { capsule });
  return code;
}

interface Opened {
  readonly account: AccountId;
  readonly handle: string;
  readonly secrets: RecoverySecrets;
}

async function openByCode(core: Core, link: ServerLink, handle: string, recoveryCode: string): Promise<Opened> {
  const { primitives, recoveryKdf: kdf } = core.ports;
  const found = await link.request("getRecoveryCapsule", { handle });
  const opened = await openRecoveryCapsule(primitives, recoveryCode, found.capsule, { kdf });
  if (!opened.ok) throw new OperationalError(opened.error.kind === "bad-code" ? "RECOVERY_CODE_MALFORMED" : "RECOVERY_CODE_WRONG");
  const account = accountIdOf(primitives, primitives.ed25519PublicKey(opened.value.accountSeed));
  if (account !== parseAccountBytes(found.accountId)) throw new OperationalError("RECOVERY_CODE_WRONG");
  return { account, handle, secrets: opened.value };
}

export async function restoreAccount(
  core: Core,
  link: ServerLink & Pick<Connection, "server">,
  options: RestoreOptions,
): Promise<SelfInfo> {
  checkName(options.deviceName);
  const { primitives, random } = core.ports;
  const { account, handle, secrets } =
    "prfOutput" in options
      ? await openByPasskey(core, link, options.prfOutput)
      : await openByCode(core, link, options.handle, options.recoveryCode);
  const { accountSeed, stateKey } = secrets;
  const keys = core.pair.newIdentity({ random });
  const sealedLabel = sealDeviceLabel(primitives, stateKey, keys.signPublic, options.deviceName, { random });
  for (let round = 0; round < MAX_PUBLISH_ROUNDS; round++) {
    const lists = await fetchLists(link, account);
    const chain = verifyChain(primitives, lists, { account });
    if (chain.kind !== "ok") throw new OperationalError("LIST_INVALID");
    // A clock that is days slow must not date the revocation before what the old phone has said: that would be refused.
    const nowMs = Math.max(core.timeMs(), Number(link.server()?.serverTimeMs ?? 0n));
    const next = replacePhones(core, accountSeed, chain.latest, { signingKey: keys.signPublic, dhKey: keys.dhPublic, sealedLabel }, nowMs);
    try {
      await link.request("publishDeviceList", { list: next.entry });
    } catch (error) {
      if (error instanceof RequestFailed && error.code === "LIST_CONFLICT") continue;
      throw error;
    }
    const device = (next.list.nextDeviceNumber - 1) as DeviceNumber;
    const self: SelfRecord = {
      account,
      device,
      handle,
      displayName: handle,
      deviceName: options.deviceName,
      role: "phone",
      phoneDevice: device,
    };
    const membership = { self, keys, accountSeed, stateKey, lists: [...lists, next.entry], publishedNumber: next.number, settling: true };
    // The list of passkeys is with the account's devices alone.
    const isAlone = next.list.devices.length === 1;
    becomeMember(core, isAlone ? { ...membership, notice: "restored-alone" } : membership);
    return publicSelf(self);
  }
  throw new OperationalError("LIST_CONFLICT", { retry: "now" });
}

function replacePhones(
  core: Core,
  accountSeed: Uint8Array,
  previous: VerifiedDeviceList,
  keys: { readonly signingKey: Uint8Array; readonly dhKey: Uint8Array; readonly sealedLabel: Uint8Array },
  nowMs: number,
): VerifiedDeviceList {
  const by = previous.list.nextDeviceNumber;
  const next = extendDeviceList(core.ports.primitives, accountSeed, previous, {
    nowMs,
    add: [{ kind: DeviceKind.PHONE, ...keys, attemptId: new Uint8Array(0) }],
    revoke: previous.list.devices
      .filter((device) => device.kind === DeviceKind.PHONE)
      .map((device) => ({ device: device.number, by, reason: RevocationReason.REPLACED })),
  });
  if (!next.ok) throw new OperationalError("LIST_INVALID");
  return next.value;
}
