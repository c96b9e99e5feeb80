/**
 * A new account: keys, list 1, registration. Invariant: the keys are stored before the server hears of them, so a registration that
 * got no answer is repeated with the same list and finds itself done.
 */
import { type Bytes, FIRST_DEVICE, fromBase64Url, must, OperationalError, toBase64Url } from "@hawser/base";
import { type DeviceIdentity, extendDeviceList, sealDeviceLabel, verifyDeviceList, type VerifiedDeviceList } from "@hawser/crypto";
import { DeviceKind, HANDLE_PATTERN, type SignedDeviceList } from "@hawser/wire";
import type { SelfInfo, StoreNotice } from "../api.ts";
import type { ServerLink } from "../connection/server-link.ts";
import type { Core } from "../core.ts";
import { takeHandedArchive } from "../history/archive-keeping.ts";
import { checkName } from "./names.ts";
import type { SelfRecord } from "./identity.ts";

const KEY_SIZE_BYTES = 32;
const PENDING = "pending-account";

/** Keys made for an account that the server has not confirmed. Bytes as base64url. */
interface PendingAccount {
  readonly accountSeed: string;
  readonly stateKey: string;
  readonly identity: readonly string[];
  readonly payload: string;
  readonly signature: string;
}

export interface NewAccountOptions {
  readonly handle: string;
  readonly displayName: string;
  readonly deviceName: string;
  readonly invitation?: string;
  readonly codeAddress?: string;
  readonly code?: string;
}

export async function createAccount(core: Core, link: ServerLink, options: NewAccountOptions): Promise<SelfInfo> {
  if (!HANDLE_PATTERN.test(options.handle)) throw new OperationalError("HANDLE_INVALID");
  checkName(options.displayName);
  checkName(options.deviceName);
  const pending = core.store.kv.getJson<PendingAccount>(PENDING) ?? newPending(core, options.deviceName);
  const list = must(
    verifyDeviceList(core.ports.primitives, { payload: bytes(pending.payload), signature: bytes(pending.signature) }),
    "own list",
  );
  await link.request("register", {
    handle: options.handle,
    list: list.entry,
    invitation: options.invitation ?? "",
    codeAddress: options.codeAddress ?? "",
    code: options.code ?? "",
  });
  const [dhSecret, dhPublic, signSeed, signPublic] = pending.identity.map(bytes) as [Bytes, Bytes, Bytes, Bytes];
  const self: SelfRecord = {
    account: list.account,
    device: FIRST_DEVICE,
    handle: options.handle,
    displayName: options.displayName,
    deviceName: options.deviceName,
    role: "phone",
    phoneDevice: FIRST_DEVICE,
  };
  becomeMember(core, {
    self,
    keys: { dhSecret, dhPublic, signSeed, signPublic },
    accountSeed: bytes(pending.accountSeed),
    stateKey: bytes(pending.stateKey),
    lists: [list.entry],
    publishedNumber: list.number,
    settling: false,
  });
  return publicSelf(self);
}

export interface Membership {
  readonly self: SelfRecord;
  readonly keys: DeviceIdentity;
  /** Only phones have it. */
  readonly accountSeed: Bytes | undefined;
  readonly stateKey: Bytes;
  readonly lists: readonly Pick<SignedDeviceList, "payload" | "signature">[];
  /** Other own devices know the chats and people of this account: until they have told, nobody is a stranger for certain. */
  readonly settling: boolean;
  readonly notice?: StoreNotice;
  /** What opens the account's archive, as the phone that linked this device handed it over. */
  readonly archive?: Bytes | undefined;
  /** The highest list known to stand on the server. */
  readonly publishedNumber: number;
}

/** Makes this device a member of an account: everything at once, or nothing. */
export function becomeMember(core: Core, membership: Membership): void {
  const { store, identity } = core;
  store.atomically(() => {
    for (const name of [PENDING, "revocation"]) store.kv.delete(name);
    identity.setKeys(membership.keys);
    identity.setStateKey(membership.stateKey);
    if (membership.accountSeed !== undefined) identity.setAccountSeed(membership.accountSeed);
    identity.setSelf(membership.self);
    const outcome = store.lists.merge(membership.self.account, membership.lists);
    if (outcome.kind === "conflict") throw new OperationalError("LIST_INVALID");
    setPublishedNumber(core, membership.publishedNumber);
    identity.setSettling(membership.settling);
    if (membership.notice !== undefined) identity.setNotice(membership.notice);
    if (membership.archive !== undefined) takeHandedArchive(core, membership.archive);
  });
  core.notify.changed("devices");
}

/** Lists above it are stapled to every hello until the server has them. */
export const publishedNumber = (core: Core): number => core.store.kv.getJson<number>("published-list") ?? 0;
export const setPublishedNumber = (core: Core, number: number): void => core.store.kv.setJson("published-list", number);

export function publicSelf({ account, device, handle, displayName, deviceName }: SelfRecord): SelfInfo {
  return { account, device, handle, displayName, deviceName };
}

function newPending(core: Core, deviceName: string): PendingAccount {
  const { primitives, random } = core.ports;
  const accountSeed = random.bytes(KEY_SIZE_BYTES);
  const stateKey = random.bytes(KEY_SIZE_BYTES);
  const keys = core.pair.newIdentity({ random });
  const sealedLabel = sealDeviceLabel(primitives, stateKey, keys.signPublic, deviceName, { random });
  const list: VerifiedDeviceList = must(
    extendDeviceList(primitives, accountSeed, undefined, {
      nowMs: core.timeMs(),
      add: [{ kind: DeviceKind.PHONE, signingKey: keys.signPublic, dhKey: keys.dhPublic, attemptId: new Uint8Array(0), sealedLabel }],
    }),
    "first list",
  );
  const pending: PendingAccount = {
    accountSeed: toBase64Url(accountSeed),
    stateKey: toBase64Url(stateKey),
    identity: [keys.dhSecret, keys.dhPublic, keys.signSeed, keys.signPublic].map(toBase64Url),
    payload: toBase64Url(list.entry.payload),
    signature: toBase64Url(list.entry.signature),
  };
  core.store.kv.setJson(PENDING, pending);
  return pending;
}

function bytes(text: string): Bytes {
  const decoded = fromBase64Url(text);
  if (decoded === undefined) throw new OperationalError("STORAGE_LOST");
  return decoded;
}
