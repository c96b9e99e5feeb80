/**
 * Recovery by a passkey: the account key and the state key, sealed under what its authenticator alone computes, opaque to the server.
 * Invariant: a passkey that was taken off the account's list opens nothing any more on an honest server; the server is told until it has
 * heard it. docs/PROTOCOL.md, "Recovery by a passkey".
 */
import { accountIdToBytes, type AccountId, type Bytes, fromBase64Url, OperationalError, toBase64Url } from "@hawser/base";
import { isPrfOutput, openPasskeyCapsule, passkeyLocator, type RecoverySecrets, sealPasskeyCapsule } from "@hawser/crypto";
import { HANDLE_PATTERN } from "@hawser/wire";
import { RequestFailed, type ServerLink } from "../connection/server-link.ts";
import type { Core } from "../core.ts";
import { parseAccountBytes } from "../messaging/content.ts";
import type { PasskeySettings } from "./passkey-settings.ts";
import type { RecoveryState } from "./recovery-views.ts";

/** In kv: ids of passkeys that left the list, and whose capsules the server may still have. */
const REMOVED = "passkey-capsules-removed";
const MAX_REMOVED = 64;
const ID_SIZE_BYTES = 32;

/** How the server knows a passkey: SHA-256 of its credential id. */
function idOf({ ports }: Core, credentialId: string): string {
  const bytes = fromBase64Url(credentialId);
  if (bytes === undefined) throw new OperationalError("PASSKEY_UNUSABLE");
  return toBase64Url(ports.primitives.sha256(bytes));
}

/** Never empty: that would mean the recovery code. */
function bytesOf(id: string): Bytes {
  const bytes = fromBase64Url(id);
  if (bytes?.length !== ID_SIZE_BYTES) throw new OperationalError("PASSKEY_UNUSABLE");
  return bytes;
}

export async function recoveryState(core: Core, link: ServerLink, { passkeys }: PasskeySettings): Promise<RecoveryState> {
  core.identity.requirePhone();
  await tellRemovedPasskeys(core, link);
  const found = await link.request("getRecoveryState", {});
  const credentials = new Map(passkeys.map(({ credentialId }) => [idOf(core, credentialId), credentialId]));
  return {
    code: found.hasCode ? { sinceMs: Number(found.codeSinceMs) || undefined } : undefined,
    passkeys: found.passkeys.map(({ credentialHash, sinceMs }) => {
      const id = toBase64Url(credentialHash);
      return { id, credentialId: credentials.get(id), sinceMs: Number(sinceMs) };
    }),
  };
}

export async function addRecoveryPasskey(
  core: Core,
  link: ServerLink,
  { passkeys }: PasskeySettings,
  { credentialId, prfOutput }: { readonly credentialId: string; readonly prfOutput: Bytes },
): Promise<void> {
  core.identity.requirePhone();
  const { primitives, random } = core.ports;
  if (!isPrfOutput(prfOutput) || !passkeys.some((passkey) => passkey.credentialId === credentialId))
    throw new OperationalError("PASSKEY_UNUSABLE");
  const accountSeed = core.identity.accountSeed();
  if (accountSeed === undefined) throw new OperationalError("STORAGE_LOST");
  await tellRemovedPasskeys(core, link);
  await link.request("putPasskeyCapsule", {
    credentialHash: bytesOf(idOf(core, credentialId)),
    locator: passkeyLocator(primitives, prfOutput),
    capsule: sealPasskeyCapsule(primitives, prfOutput, { accountSeed, stateKey: core.identity.stateKey() }, { random }),
  });
}

/** Without a passkey's id: the recovery code. */
export async function removeRecovery(core: Core, link: ServerLink, passkey: string | undefined): Promise<void> {
  core.identity.requirePhone();
  await link.request("removeRecoveryCapsule", { credentialHash: passkey === undefined ? new Uint8Array(0) : bytesOf(passkey) });
}

/** Inside the transaction that takes it off the list. */
export function noteRemovedPasskey(core: Core, credentialId: string): void {
  const removed = core.store.kv.getJson<string[]>(REMOVED) ?? [];
  if (removed.length >= MAX_REMOVED) throw new OperationalError("OFFLINE", { retry: "now" });
  core.store.kv.setJson(REMOVED, [...removed, idOf(core, credentialId)]);
}

export async function tellRemovedPasskeys({ store }: Core, link: ServerLink): Promise<void> {
  for (const id of store.kv.getJson<string[]>(REMOVED) ?? []) {
    try {
      await link.request("removeRecoveryCapsule", { credentialHash: bytesOf(id) });
    } catch (error) {
      // An older server has none.
      if (!(error instanceof RequestFailed) || error.code !== "UNKNOWN_OPERATION") throw error;
    }
    const left = (store.kv.getJson<string[]>(REMOVED) ?? []).filter((other) => other !== id);
    if (left.length === 0) store.kv.delete(REMOVED);
    else store.kv.setJson(REMOVED, left);
  }
}

/** Whose account a passkey gives back, and with what. Nobody has to be named: the passkey leads to its capsule by itself. */
export async function openByPasskey(
  core: Core,
  link: ServerLink,
  prfOutput: Bytes,
): Promise<{ readonly account: AccountId; readonly handle: string; readonly secrets: RecoverySecrets }> {
  if (!isPrfOutput(prfOutput)) throw new OperationalError("PASSKEY_UNUSABLE");
  const { primitives } = core.ports;
  const found = await link.request("getPasskeyCapsule", { locator: passkeyLocator(primitives, prfOutput) }).catch((error: unknown) => {
    const isUnknown = error instanceof RequestFailed && error.code === "RECOVERY_UNKNOWN";
    throw isUnknown ? new OperationalError("PASSKEY_UNKNOWN", { cause: error }) : error;
  });
  const account = parseAccountBytes(found.accountId);
  const opened = account === undefined ? undefined : openPasskeyCapsule(primitives, prfOutput, account, found.capsule);
  if (account === undefined || opened?.ok !== true) throw new OperationalError("RECOVERY_ANSWER_INVALID");
  const { handle } = await link.request("getHandle", { accountId: accountIdToBytes(account) });
  if (!HANDLE_PATTERN.test(handle)) throw new OperationalError("RECOVERY_ANSWER_INVALID");
  return { account, handle, secrets: opened.value };
}
