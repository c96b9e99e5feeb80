/**
 * What gives a companion back to itself when its storage was cleared: its identity, sealed under a fresh key. The server keeps the capsule,
 * the phones keep the key; neither can do anything alone. Invariants: a key seals one capsule; the phone believes a capsule only when its
 * secrets are those of the device that the signed list names. docs/PROTOCOL.md, "Device capsule".
 */
import {
  type Bytes,
  concat,
  type DeviceNumber,
  equalBytes,
  fromBase64Url,
  newMessageId,
  OperationalError,
  toBase64Url,
  utf8,
} from "@hawser/base";
import { type Device, DeviceKind } from "@hawser/wire";
import { addressBytes } from "../account/identity.ts";
import type { ServerLink } from "../connection/server-link.ts";
import type { Core } from "../core.ts";
import { encodeContent } from "../messaging/content.ts";
import { type DeviceDirectory, deviceOf } from "./directory.ts";

const LABEL = utf8("hawser device capsule v1\0");
const KEY_SIZE_BYTES = 32;
/** The key is used once. */
const NONCE = new Uint8Array(12);
/** The newest, and the one before it: the server may have taken a capsule whose key is still on its way, or the other way round. */
const KEYS_KEPT = 2;
const OWN = "device-capsule";
const KEYS = "device-capsule-keys";

interface OwnCapsule {
  readonly key: string;
  readonly capsule: string;
  readonly stored: boolean;
  /** Phones that were sent the key. */
  readonly told: readonly number[];
}

export interface DeviceSecrets {
  readonly signSeed: Bytes;
  readonly dhSecret: Bytes;
}

export interface DeviceCapsules {
  /** Companion, on every connection and when the list changes: leaves what is not left yet. Idempotent. */
  keep(): Promise<void>;
  /** Phone: a companion's key came. Inside the delivery's transaction. */
  keyCame(key: Bytes, from: DeviceNumber): void;
  /** Phone: devices that can be given back. */
  restorable(): ReadonlySet<DeviceNumber>;
  /** Phone: a device's secrets. Rejects with UNKNOWN_DEVICE, RECOVERY_UNKNOWN, or what the connection says. */
  open(device: DeviceNumber): Promise<DeviceSecrets>;
}

export function createDeviceCapsules(core: Core, link: ServerLink, directory: DeviceDirectory): DeviceCapsules {
  const { identity, store } = core;
  const { primitives, random } = core.ports;
  const associated = (device: DeviceNumber): Bytes => concat(LABEL, addressBytes({ account: identity.requireSelf().account, device }));
  const keysOf = (): Readonly<Record<string, readonly string[]>> => store.kv.getJson<Record<string, string[]>>(KEYS) ?? {};
  const devices = (): readonly Device[] => directory.latest(identity.requireSelf().account)?.list.devices ?? [];

  const make = (): OwnCapsule => {
    const { device } = identity.requireSelf();
    const { signSeed, dhSecret } = identity.keys();
    const key = random.bytes(KEY_SIZE_BYTES);
    const capsule = primitives.aes256GcmSeal(key, NONCE, concat(signSeed, dhSecret), associated(device));
    return { key: toBase64Url(key), capsule: toBase64Url(capsule), stored: false, told: [] };
  };
  const tell = (phones: readonly number[], key: string): void => {
    const self = identity.requireSelf();
    const nowMs = core.timeMs();
    for (const device of phones) {
      const messageId = newMessageId(nowMs, random);
      const body = { case: "deviceCapsuleKey", value: { key: own(key) } } as const;
      const content = encodeContent({ sender: self, conversation: undefined, messageId, sentAtMs: nowMs }, body);
      store.outbox.add({ messageId, audience: "device", account: self.account, device: device as DeviceNumber, content });
      store.resends.keepSent(messageId, self.account, content, nowMs);
    }
    core.notify.changed("outbox");
  };

  return {
    async keep() {
      if (identity.self()?.role !== "companion") return;
      let capsule = store.kv.getJson<OwnCapsule>(OWN);
      if (capsule === undefined) store.kv.setJson(OWN, (capsule = make()));
      if (!capsule.stored) await link.request("putDeviceCapsule", { capsule: own(capsule.capsule) });
      if (identity.self()?.role !== "companion") return;
      const { key, told } = capsule;
      const phones = devices()
        .filter(({ kind }) => kind === DeviceKind.PHONE)
        .map(({ number }) => number);
      const untold = phones.filter((phone) => !told.includes(phone));
      if (capsule.stored && untold.length === 0) return;
      store.atomically(() => {
        tell(untold, key);
        store.kv.setJson(OWN, { ...capsule, stored: true, told: phones } satisfies OwnCapsule);
      });
    },
    keyCame(key, from) {
      if (identity.self()?.role !== "phone" || key.length !== KEY_SIZE_BYTES) return;
      const listed = new Set(devices().map(({ number }) => String(number)));
      const kept = Object.entries(keysOf()).filter(([device]) => listed.has(device));
      const text = toBase64Url(key);
      const others = (keysOf()[from] ?? []).filter((other) => other !== text);
      store.kv.setJson(KEYS, { ...Object.fromEntries(kept), [from]: [text, ...others].slice(0, KEYS_KEPT) });
      core.notify.changed("devices");
    },
    restorable() {
      const listed = new Set(devices().map(({ number }) => String(number)));
      return new Set(
        Object.keys(keysOf())
          .filter((device) => listed.has(device))
          .map((device) => Number(device) as DeviceNumber),
      );
    },
    async open(number) {
      const self = identity.requirePhone();
      const { capsule } = await link.request("getDeviceCapsule", { device: number });
      const device = deviceOf(directory.latest(self.account), number);
      if (device === undefined || device.kind !== DeviceKind.COMPANION) throw new OperationalError("UNKNOWN_DEVICE");
      for (const key of keysOf()[number] ?? []) {
        const secrets = primitives.aes256GcmOpen(own(key), NONCE, capsule, associated(number));
        if (secrets?.length !== 2 * KEY_SIZE_BYTES) continue;
        const signSeed = secrets.slice(0, KEY_SIZE_BYTES);
        const dhSecret = secrets.slice(KEY_SIZE_BYTES);
        const isIts =
          equalBytes(primitives.ed25519PublicKey(signSeed), device.signingKey) &&
          equalBytes(primitives.x25519PublicKey(dhSecret), device.dhKey);
        if (isIts) return { signSeed, dhSecret };
      }
      throw new OperationalError("RECOVERY_UNKNOWN");
    },
  };
}

/** What this program wrote itself. */
function own(text: string): Bytes {
  const bytes = fromBase64Url(text);
  if (bytes === undefined) throw new OperationalError("STORAGE_LOST");
  return bytes;
}
