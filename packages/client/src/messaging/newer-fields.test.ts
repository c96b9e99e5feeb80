/** What a newer release wrote into shared state outlives a change by a device that does not know it. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { AccountId, DeviceNumber } from "@hawser/base";
import { openSqliteDatabase } from "@hawser/io-node";
import { nodePrimitives } from "@hawser/io-node/primitives";
import { SettingsStateSchema } from "@hawser/wire";
import { expect, test } from "vitest";
import { openIdentity } from "../account/identity.ts";
import type { Core } from "../core.ts";
import { openStore } from "../store/store.ts";
import { carryNewerFields } from "./newer-fields.ts";
import { createStateSync, type StateSyncEvents } from "./state-sync.ts";

/** Field 99, length-delimited: "later". */
const NEWER = Uint8Array.of(0x9a, 0x06, 5, ...new TextEncoder().encode("later"));
const settings = (theme: string): Uint8Array => toBinary(SettingsStateSchema, create(SettingsStateSchema, { theme }));

test("a field that is not known is handed on, and what is known is the new value", () => {
  const before = Uint8Array.of(...settings("dark"), ...NEWER);
  const carried = carryNewerFields("settings", before, settings("light"));
  expect(fromBinary(SettingsStateSchema, carried).theme).toBe("light");
  expect(Buffer.from(carried).includes("later")).toBe(true);
  expect(carryNewerFields("settings", carried, settings("dark"))).toEqual(Uint8Array.of(...settings("dark"), ...NEWER));
});

test("nothing is carried into a deletion, out of one, out of garbage, or into signed values", () => {
  const before = Uint8Array.of(...settings("dark"), ...NEWER);
  const none = new Uint8Array(0);
  expect(carryNewerFields("settings", before, none)).toBe(none);
  for (const [collection, old] of [
    ["settings", none],
    ["settings", undefined],
    ["settings", Uint8Array.of(0xff)],
    ["passkeys", before],
  ] as const)
    // prettier-ignore
    expect(carryNewerFields(collection, old, settings("light"))).toEqual(settings("light"));
});

test("an updated device reads what the release before kept unread, once", () => {
  const store = openStore(openSqliteDatabase(":memory:"), nodePrimitives);
  const identity = openIdentity(store.kv);
  const account = "a".repeat(32) as AccountId;
  const device = 1 as DeviceNumber;
  identity.setSelf({ account, device, role: "phone", phoneDevice: device, handle: "anna", displayName: "Anna", deviceName: "" });
  const core = { ports: {}, store, identity, notify: { changed: () => undefined }, timeMs: () => 1 } as unknown as Core;
  const state = createStateSync(core, {} as StateSyncEvents);
  const value = toBinary(SettingsStateSchema, create(SettingsStateSchema, { theme: "dark" }));
  store.atomically(() => store.stateEntries.write("settings", "", value, 1, device));
  store.atomically(() => state.readNewer());
  expect(identity.settings().theme).toBe("dark");
  identity.setSettings({ ...identity.settings(), theme: "light" });
  store.atomically(() => state.readNewer());
  expect(identity.settings().theme).toBe("light");
});
