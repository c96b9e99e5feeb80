/** What the server has not heard yet about passkeys that left the list: it is told until it answers, and before anything new of them. */
import { create } from "@bufbuild/protobuf";
import { type AccountId, type DeviceNumber, type Random, toBase64Url } from "@hawser/base";
import { openSqliteDatabase } from "@hawser/io-node";
import { nodePrimitives } from "@hawser/io-node/primitives";
import { ERROR_CODES, type ErrorName, FailureSchema } from "@hawser/wire";
import { beforeEach, expect, test } from "vitest";
import { RequestFailed, type ServerLink } from "../connection/server-link.ts";
import type { Core } from "../core.ts";
import { openStore } from "../store/store.ts";
import { openIdentity } from "./identity.ts";
import { addRecoveryPasskey, noteRemovedPasskey, recoveryState, removeRecovery, tellRemovedPasskeys } from "./passkey-recovery.ts";

let core: Core;
/** What was asked of the server, in order; `failing` names what it answers with a failure. */
let asked: string[];
let failing: { readonly [operation: string]: ErrorName };

const link = {
  request(name: string) {
    asked.push(name);
    const code = failing[name];
    if (code !== undefined) return Promise.reject(new RequestFailed(create(FailureSchema, { error: ERROR_CODES[code].code })));
    return Promise.resolve({ passkeys: [] });
  },
} as unknown as ServerLink;

beforeEach(() => {
  asked = [];
  failing = {};
  const store = openStore(openSqliteDatabase(":memory:"), nodePrimitives);
  const identity = openIdentity(store.kv);
  const [account, device] = ["a".repeat(32) as AccountId, 1 as DeviceNumber];
  identity.setSelf({ account, device, role: "phone", phoneDevice: device, handle: "anna", displayName: "Anna", deviceName: "" });
  identity.setAccountSeed(new Uint8Array(32).fill(1));
  identity.setStateKey(new Uint8Array(32).fill(2));
  const random: Random = { bytes: (size) => new Uint8Array(size).fill(7) };
  core = { ports: { primitives: nodePrimitives, random }, store, identity } as unknown as Core;
});

const credentialId = toBase64Url(Uint8Array.of(1, 2, 3));
const settings = { required: false, passkeys: [{ credentialId, rpId: "localhost", createdAtMs: 1 }] };
const passkey = { credentialId, prfOutput: new Uint8Array(32).fill(9) };

test("it is told again until the server has answered, and then no more", async () => {
  noteRemovedPasskey(core, credentialId);
  failing = { removeRecoveryCapsule: "RATE_LIMITED" };
  await expect(tellRemovedPasskeys(core, link)).rejects.toMatchObject({ code: "RATE_LIMITED" });
  failing = {};
  await tellRemovedPasskeys(core, link);
  await tellRemovedPasskeys(core, link);
  expect(asked).toEqual(["removeRecoveryCapsule", "removeRecoveryCapsule"]);
});

test("a passkey that is taken in again is not removed by what was not told yet", async () => {
  noteRemovedPasskey(core, credentialId);
  failing = { removeRecoveryCapsule: "STORE_UNAVAILABLE" };
  await expect(addRecoveryPasskey(core, link, settings, passkey)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  failing = {};
  await addRecoveryPasskey(core, link, settings, passkey);
  await tellRemovedPasskeys(core, link);
  expect(asked).toEqual(["removeRecoveryCapsule", "removeRecoveryCapsule", "putPasskeyCapsule"]);
});

test("a server of an older release has nothing to remove, and says that it keeps no list", async () => {
  failing = { removeRecoveryCapsule: "UNKNOWN_OPERATION", getRecoveryState: "UNKNOWN_OPERATION" };
  noteRemovedPasskey(core, credentialId);
  await expect(recoveryState(core, link, settings)).rejects.toMatchObject({ code: "UNKNOWN_OPERATION" });
  await tellRemovedPasskeys(core, link);
  expect(asked).toEqual(["removeRecoveryCapsule", "getRecoveryState"]);
});

test("what names no passkey removes nothing, above all not the code", async () => {
  for (const wrong of ["", "AQ", "no base64url!"])
    await expect(removeRecovery(core, link, wrong)).rejects.toMatchObject({ code: "PASSKEY_UNUSABLE" });
  expect(asked).toEqual([]);
});

test("when too much is untold, nothing more leaves the list before the server was told", () => {
  for (let count = 0; count < 64; count++) noteRemovedPasskey(core, toBase64Url(Uint8Array.of(count)));
  expect(() => noteRemovedPasskey(core, credentialId)).toThrow("OFFLINE");
});
