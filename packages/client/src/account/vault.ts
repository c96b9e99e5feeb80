/**
 * A second, small place for what cannot be fetched from anybody: the device's own keys and its place in the account. Invariants: it never
 * holds ratchets, prekeys or messages, so it cannot roll anything back; whoever wipes the device empties it first.
 */
import { type Bytes, fromBase64Url, fromUtf8, toBase64Url, utf8 } from "@hawser/base";
import type { Core } from "../core.ts";
import { becomeMember } from "./create.ts";
import type { SelfRecord } from "./identity.ts";

/** Where a platform can lose the database and keep this, or the other way round. */
export interface IdentityVault {
  /** What it held when the client was opened. */
  readonly kept: Bytes | undefined;
  /** Later records replace earlier ones. What fails is tried again with the next. */
  put(record: Bytes): void;
  clear(): Promise<void>;
}

/** Bytes as base64url. */
interface VaultRecord {
  readonly version: 1;
  readonly self: SelfRecord;
  readonly keys: readonly [dhSecret: string, dhPublic: string, signSeed: string, signPublic: string];
  readonly stateKey: string;
  readonly accountSeed: string | undefined;
  readonly lists: readonly (readonly [payload: string, signature: string])[];
}

/** On every start and every connection: the newest list certifies this device even where the server has lost it. */
export function keepIdentity({ identity, store, ports }: Core): void {
  const self = identity.self();
  if (ports.vault === undefined || self === undefined) return;
  const { dhSecret, dhPublic, signSeed, signPublic } = identity.keys();
  const seed = identity.accountSeed();
  const record: VaultRecord = {
    version: 1,
    self,
    keys: [toBase64Url(dhSecret), toBase64Url(dhPublic), toBase64Url(signSeed), toBase64Url(signPublic)],
    stateKey: toBase64Url(identity.stateKey()),
    accountSeed: seed === undefined ? undefined : toBase64Url(seed),
    lists: store.lists.chain(self.account, 0).map(({ payload, signature }) => [toBase64Url(payload), toBase64Url(signature)]),
  };
  ports.vault.put(utf8(JSON.stringify(record)));
}

/** Into an empty store: true when this device is a member again. Its sessions begin anew, and what it had comes as history. */
export function restoreIdentity(core: Core): boolean {
  const { vault } = core.ports;
  if (vault?.kept === undefined || core.identity.phase() !== "empty") return false;
  const record = parse(vault.kept);
  if (record === undefined) return false;
  const [dhSecret, dhPublic, signSeed, signPublic] = record.keys.map(bytes) as [Bytes, Bytes, Bytes, Bytes];
  becomeMember(core, {
    self: record.self,
    keys: { dhSecret, dhPublic, signSeed, signPublic },
    accountSeed: record.accountSeed === undefined ? undefined : bytes(record.accountSeed),
    stateKey: bytes(record.stateKey),
    lists: record.lists.map(([payload, signature]) => ({ payload: bytes(payload), signature: bytes(signature) })),
    publishedNumber: 0,
    settling: true,
    notice: "store-lost",
  });
  return true;
}

function parse(kept: Bytes): VaultRecord | undefined {
  try {
    const record = JSON.parse(fromUtf8(kept) ?? "") as VaultRecord;
    return record.version === 1 && record.keys.length === 4 ? record : undefined;
  } catch {
    return undefined;
  }
}

const bytes = (text: string): Bytes => fromBase64Url(text) ?? new Uint8Array(0);
