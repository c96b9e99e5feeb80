/** Invariant: what was imported is handed on once, on a connection, also by a later process. */
import type { DeviceNumber } from "@hawser/base";
import { nodePrimitives, openSqliteDatabase, systemRandom } from "@hawser/io-node";
import { expect, test } from "vitest";
import { openIdentity } from "../account/identity.ts";
import type { Core } from "../core.ts";
import { openStore } from "../store/store.ts";
import { createImports } from "./import-driver.ts";

const EXPORT = new TextEncoder().encode("[01.03.24, 10:00:00] Mia: hello\r\n[01.03.24, 10:01:00] Noor: good morning\r\n");

function device() {
  const store = openStore(openSqliteDatabase(":memory:"), nodePrimitives);
  const identity = openIdentity(store.kv);
  identity.setSelf({ account: "a".repeat(32), device: 1 as DeviceNumber, role: "phone" } as never);
  const core = {
    store,
    identity,
    timeMs: () => 1_800_000_000_000,
    ports: { primitives: nodePrimitives, random: systemRandom },
    notify: { emit: () => undefined, messagesChanged: () => undefined },
  } as unknown as Core;
  const handedOn: string[] = [];
  let online = false;
  const start = () => createImports(core, { online: () => online, imported: (conversation) => handedOn.push(conversation) });
  return { start, handedOn, setOnline: (value: boolean) => (online = value) };
}

async function importChat(imports: ReturnType<typeof createImports>): Promise<string> {
  const file = {
    name: "WhatsApp Chat - Mia.txt",
    sizeBytes: EXPORT.length,
    mediaType: "text/plain",
    read: (offset: number, sizeBytes: number) => Promise.resolve(EXPORT.slice(offset, offset + sizeBytes)),
  };
  const { importId, title } = await imports.preview(file);
  return (await imports.run({ importId, title, self: "Noor" })).conversation;
}

test("an import without a connection waits for one, whichever process has it", async () => {
  const { start, handedOn, setOnline } = device();
  const first = start();
  const conversation = await importChat(first);
  first.connected();
  expect(handedOn).toEqual([]);
  setOnline(true);
  const second = start();
  second.connected();
  second.connected();
  expect(handedOn).toEqual([conversation]);
});

test("on a connection it is handed on at once", async () => {
  const { start, handedOn, setOnline } = device();
  setOnline(true);
  const conversation = await importChat(start());
  expect(handedOn).toEqual([conversation]);
});
