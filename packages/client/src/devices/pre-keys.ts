/**
 * Keeps enough prekeys on the server. Invariant: keys are committed before they are uploaded, and an upload that got no answer is
 * repeated with the same keys (docs/PROTOCOL.md, "Prekeys").
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { OperationalError } from "@hawser/base";
import type { PreKeyUploadSchema } from "@hawser/wire";
import {
  KEM_KEYS_LOW,
  KEM_KEYS_TARGET,
  MAX_KEPT_KEM_KEYS,
  MAX_KEPT_ONE_TIME_KEYS,
  ONE_TIME_KEYS_LOW,
  ONE_TIME_KEYS_TARGET,
  SIGNED_PRE_KEY_KEPT_MS,
  SIGNED_PRE_KEY_ROTATE_MS,
} from "../bounds.ts";
import { noteFirstKeys } from "./late-keys.ts";
import { VOID_BELOW, type VoidBelow } from "../account/old-copy.ts";
import { type DeviceLink, isTransient, type ServerLink } from "../connection/server-link.ts";
import type { Core } from "../core.ts";
import type { SerialQueue } from "../serial-queue.ts";
import type { StoredPreKey } from "../store/pre-keys.ts";

export interface PreKeysLeft {
  readonly oneTime: number;
  readonly kem: number;
}

const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 60_000;
/** A device that has none there is reachable as soon as a few are; the rest are made when its first messages and rows have come. */
const FIRST_BATCH: PreKeysLeft = { oneTime: 5, kem: 2 };
const REST_AFTER_MS = 3_000;

export interface PreKeyKeeper {
  /** Until it is done or the connection is gone: without keys on the server nobody can reach this device for the first time. */
  replenish(left: PreKeysLeft): void;
}

/** `uploaded`: after each upload. */
export function createPreKeyKeeper(core: Core, link: DeviceLink, queue: SerialQueue, uploaded: () => void): PreKeyKeeper {
  let cancelRetry: (() => void) | undefined;
  const replenish = (left: PreKeysLeft, retryMs: number): void => {
    cancelRetry?.();
    if (core.identity.self() === undefined) return;
    const batch = left.oneTime === 0 && left.kem === 0 ? FIRST_BATCH : undefined;
    queue
      .run(() => replenishPreKeys(core, link, left, batch))
      .then(() => {
        uploaded();
        if (batch !== undefined)
          cancelRetry = core.ports.clock.after(REST_AFTER_MS, () => (link.online ? replenish(batch, FIRST_RETRY_MS) : undefined));
      })
      .catch((error: unknown) => {
        core.log({ event: "pre-keys-not-uploaded", error: error instanceof OperationalError ? error.code : "unknown" });
        if (!link.online || !isTransient(error)) return;
        cancelRetry = core.ports.clock.after(retryMs, () =>
          link.online ? replenish(left, Math.min(2 * retryMs, MAX_RETRY_MS)) : undefined,
        );
      });
  };
  return { replenish: (left) => replenish(left, FIRST_RETRY_MS) };
}

/** Makes what is missing, stores it, uploads it. Does nothing when enough is there. Run it in the device's queue. */
async function replenishPreKeys(core: Core, link: ServerLink, left: PreKeysLeft, batch?: PreKeysLeft): Promise<void> {
  const nowMs = core.timeMs();
  const wanted = batch ?? {
    oneTime: left.oneTime < ONE_TIME_KEYS_LOW ? ONE_TIME_KEYS_TARGET - left.oneTime : 0,
    kem: left.kem < KEM_KEYS_LOW ? KEM_KEYS_TARGET - left.kem : 0,
  };
  core.store.atomically(() => makeKeys(core, wanted, nowMs));
  const upload = collect(core);
  if (upload === undefined) return;
  await link.request("uploadPreKeys", { upload: upload.message });
  core.store.atomically(() => {
    const { preKeys, kv } = core.store;
    if (upload.isFirst) noteFirstKeys(core);
    kv.delete(VOID_BELOW);
    preKeys.markUploaded("signed", upload.signed);
    preKeys.markUploaded("one-time", upload.oneTime);
    preKeys.markUploaded("kem", upload.kem);
    // A clock that leapt ahead forgets nothing: what the server took until now was sealed with keys of that time.
    const createdBeforeMs = Math.min(nowMs, core.identity.mailbox().committedAtMs ?? 0) - SIGNED_PRE_KEY_KEPT_MS;
    preKeys.deleteOlder("signed", { lastResort: false, createdBeforeMs });
    preKeys.deleteOlder("kem", { lastResort: true, createdBeforeMs });
    // Whatever the server says is left there, and whoever claimed keys and never used them.
    preKeys.keepNewest("one-time", MAX_KEPT_ONE_TIME_KEYS);
    preKeys.keepNewest("kem", MAX_KEPT_KEM_KEYS);
  });
}

function makeKeys(core: Core, wanted: { oneTime: number; kem: number }, nowMs: number): void {
  const { pair, identity } = core;
  const { preKeys } = core.store;
  const context = core.pairContext();
  const keys = identity.keys();
  // Made in the future: the clock was wrong then, or is now. Either way it would never grow old.
  const isOld = (key: StoredPreKey | undefined): boolean =>
    key === undefined || Math.abs(nowMs - key.createdAtMs) >= SIGNED_PRE_KEY_ROTATE_MS;
  if (isOld(preKeys.newest("signed", { lastResort: false })))
    preKeys.add("signed", pair.newSignedPreKey(preKeys.nextId("signed"), keys, context), nowMs);
  if (isOld(preKeys.newest("kem", { lastResort: true }))) {
    preKeys.add("kem", pair.newKemPreKey(preKeys.nextId("kem"), keys, context, { lastResort: true }), nowMs);
  }
  // Keys of an upload without an answer are uploaded again and count.
  const oneTime = wanted.oneTime - preKeys.notUploaded("one-time", { lastResort: false }).length;
  for (let i = 0; i < oneTime; i++) preKeys.add("one-time", pair.newOneTimePreKey(preKeys.nextId("one-time"), context), nowMs);
  const kem = wanted.kem - preKeys.notUploaded("kem", { lastResort: false }).length;
  for (let i = 0; i < kem; i++) preKeys.add("kem", pair.newKemPreKey(preKeys.nextId("kem"), keys, context), nowMs);
}

interface Upload {
  readonly message: MessageInitShape<typeof PreKeyUploadSchema>;
  readonly signed: number[];
  readonly oneTime: number[];
  readonly kem: number[];
  /** The device had none there before. */
  readonly isFirst: boolean;
}

function collect(core: Core): Upload | undefined {
  const { preKeys } = core.store;
  const signed = preKeys.newest("signed", { lastResort: false });
  const lastResort = preKeys.newest("kem", { lastResort: true });
  const oneTime = preKeys.notUploaded("one-time", { lastResort: false });
  const kem = preKeys.notUploaded("kem", { lastResort: false });
  const voidBelow = core.store.kv.getJson<VoidBelow>(VOID_BELOW);
  if (signed === undefined || lastResort === undefined) return undefined;
  if (signed.uploaded && lastResort.uploaded && oneTime.length === 0 && kem.length === 0) return undefined;
  const signedForm = (key: StoredPreKey) => ({ id: key.id, publicKey: key.publicKey, signature: key.signature ?? new Uint8Array(0) });
  return {
    message: {
      signedPreKey: signedForm(signed),
      lastResortKemPreKey: signedForm(lastResort),
      oneTimePreKeys: oneTime.map((key) => ({ id: key.id, publicKey: key.publicKey })),
      oneTimeKemPreKeys: kem.map(signedForm),
      voidBelowOneTime: voidBelow?.oneTime ?? 0,
      voidBelowOneTimeKem: voidBelow?.kem ?? 0,
    },
    signed: [signed.id],
    oneTime: oneTime.map((key) => key.id),
    kem: [lastResort.id, ...kem.map((key) => key.id)],
    isFirst: signed.id === 1 && !signed.uploaded,
  };
}
