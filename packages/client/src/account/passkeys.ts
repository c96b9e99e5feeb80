/**
 * The account's passkeys. Invariants: a list is believed only with the account key's signature, and never one older than the list known
 * here, so that no companion can put one in, take one out or bring an old one back. docs/PROTOCOL.md, "Passkeys".
 */
import { create } from "@bufbuild/protobuf";
import { equalBytes, fromBase64Url, OperationalError, toBase64Url } from "@hawser/base";
import { openPasskeyList, pointOfSpki, signPasskeyList } from "@hawser/crypto";
import type { AccountPasskeys } from "@hawser/linking";
import { MAX_PASSKEYS, type PasskeyList, PasskeyListSchema, PasskeySchema } from "@hawser/wire";
import type { PasskeySettings } from "../api.ts";
import type { Core } from "../core.ts";
import { noteRemovedPasskey } from "./passkey-recovery.ts";

const SAVED = "passkeys";

export interface Passkeys {
  settings(): PasskeySettings;
  /** Those for this device's own origin, as a link needs them; `undefined` where there are none. */
  forLinks(): AccountPasskeys | undefined;
  add(passkey: { readonly credentialId: string; readonly spki: string; readonly rpId: string }): void;
  remove(credentialId: string): void;
  setRequired(required: boolean): void;
  /** A list from another own device. Whether it is the one that stands here now. Inside the delivery's transaction. */
  take(signed: Uint8Array): boolean;
}

/** `share` stamps and sends a signed list to the own devices, inside a transaction. */
export function createPasskeys(core: Core, share: (signed: Uint8Array) => void): Passkeys {
  const { store, identity } = core;
  const { primitives } = core.ports;

  const open = (signed: Uint8Array | undefined): PasskeyList | undefined => {
    const self = identity.self();
    const own = self === undefined || signed === undefined ? undefined : store.lists.latest(self.account);
    return own === undefined ? undefined : openPasskeyList(primitives, own.list.accountKey, signed!);
  };
  const list = (): PasskeyList | undefined => {
    const saved = store.kv.getJson<string>(SAVED);
    return saved === undefined ? undefined : open(fromBase64Url(saved));
  };
  const keep = (signed: Uint8Array): void => {
    store.kv.setJson(SAVED, toBase64Url(signed));
    if (identity.notice() === "restored-alone") identity.setNotice(undefined);
    core.notify.changed("state");
  };
  const change = (to: (before: PasskeyList) => Pick<PasskeyList, "passkeys" | "required">): void => {
    identity.requirePhone();
    const accountSeed = identity.accountSeed();
    if (accountSeed === undefined) throw new OperationalError("STORAGE_LOST");
    store.atomically(() => {
      const before = list() ?? create(PasskeyListSchema, {});
      const { passkeys, required } = to(before);
      // Without one there is nothing to insist on.
      const after = create(PasskeyListSchema, { number: before.number + 1n, passkeys, required: required && passkeys.length > 0 });
      const signed = signPasskeyList(primitives, accountSeed, after);
      keep(signed);
      share(signed);
    });
  };

  return {
    settings() {
      const { passkeys = [], required = false } = list() ?? {};
      return {
        required,
        passkeys: passkeys.map(({ credentialId, rpId, createdAtMs }) => ({
          credentialId: toBase64Url(credentialId),
          rpId,
          createdAtMs: Number(createdAtMs),
        })),
      };
    },
    forLinks() {
      const known = list();
      const rpId = /^https?:\/\/([^/:]+)/.exec(core.ports.origin)?.[1] ?? "";
      const credentials = (known?.passkeys ?? [])
        .filter((passkey) => passkey.rpId === rpId)
        .map(({ credentialId, publicKey }) => ({ credentialId: toBase64Url(credentialId), publicKey: toBase64Url(publicKey) }));
      return credentials.length === 0 ? undefined : { rpId, required: known?.required ?? false, credentials };
    },
    add({ credentialId, spki, rpId }) {
      const [id, key] = [fromBase64Url(credentialId), fromBase64Url(spki)];
      const publicKey = key === undefined ? undefined : pointOfSpki(key);
      if (id === undefined || id.length === 0 || publicKey === undefined) throw new OperationalError("PASSKEY_UNUSABLE");
      change(({ passkeys, required }) => {
        const others = passkeys.filter((passkey) => !equalBytes(passkey.credentialId, id));
        if (others.length >= MAX_PASSKEYS) throw new OperationalError("LIMIT_EXCEEDED");
        const createdAtMs = BigInt(Math.floor(core.timeMs()));
        return { required, passkeys: [...others, create(PasskeySchema, { credentialId: id, publicKey, rpId, createdAtMs })] };
      });
    },
    remove: (credentialId) =>
      change(({ passkeys, required }) => {
        noteRemovedPasskey(core, credentialId);
        return { required, passkeys: passkeys.filter((passkey) => toBase64Url(passkey.credentialId) !== credentialId) };
      }),
    setRequired: (required) => change(({ passkeys }) => ({ passkeys, required })),
    take(signed) {
      const theirs = open(signed);
      const known = list()?.number ?? 0n;
      if (theirs === undefined || theirs.number < known) return false;
      if (theirs.number === known) return store.kv.getJson<string>(SAVED) === toBase64Url(signed);
      keep(signed);
      return true;
    },
  };
}
