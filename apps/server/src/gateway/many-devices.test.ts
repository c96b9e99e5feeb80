/** Linking device 2 … 10 leaves every earlier socket open; a sign-out that no list asks for is counted. */
import { ERROR_CODES } from "@hawser/wire";
import { SqlDirectory } from "@hawser/relay";
import type { DirectoryListener } from "@hawser/relay";
import { afterEach, expect, test } from "vitest";
import { type TestClient, TestServer } from "./gateway-fixture.ts";

const COLLATERAL = "hawser_collateral_signouts_total ";
let server: TestServer;
afterEach(() => server.stop());

test("devices 2 to 11 are linked one after another, and one is unlinked: all others stay connected and get what is sent", async () => {
  server = await TestServer.start();
  const ada = server.account(1);
  const bob = await server.device(server.account(1), 1);
  const clients = new Map<number, TestClient>([[1, await server.device(ada, 1)]]);
  const reachAll = async (text: string): Promise<void> => {
    bob.sendMessage([ada.target([...clients.keys()])], text);
    await bob.collect({ acks: 1 });
    for (const [device, client] of clients) {
      const seen = await client.settle();
      const delivered = seen.flatMap((frame) => (frame.type === "batch" ? frame.deliveries : []));
      expect([device, delivered.map(({ body }) => new TextDecoder().decode(body))]).toEqual([device, [text]]);
      expect(client.closeCode).toBeUndefined();
    }
  };
  for (let device = 2; device <= 11; device++) {
    expect(server.directory.apply([ada.change({ add: 1 })]).ok).toBe(true);
    clients.set(device, await server.device(ada, device));
    await reachAll(`after linking ${device}`);
  }
  expect(server.directory.apply([ada.change({ revoke: 5 })]).ok).toBe(true);
  const revoked = clients.get(5)!;
  clients.delete(5);
  await reachAll("after unlinking 5");
  await revoked.closed();
  expect(server.count("hawser_goodbyes_total DEVICE_REVOKED")).toBe(1);
  expect([...server.counts].filter(([name]) => name.startsWith("hawser_goodbyes_total"))).toHaveLength(1);
  expect(server.count(COLLATERAL)).toBe(0);
});

test("a device that is signed out while its list names it is counted", async () => {
  const heard: DirectoryListener[] = [];
  const { onChange } = SqlDirectory.prototype;
  SqlDirectory.prototype.onChange = function (listener) {
    heard.push(listener);
    onChange.call(this, listener);
  };
  try {
    server = await TestServer.start();
  } finally {
    SqlDirectory.prototype.onChange = onChange;
  }
  const ada = server.account(3);
  const client = await server.device(ada, 2);
  // A planted fault: whoever decides who is revoked names a device that is not.
  for (const listener of heard) listener(server.directory.find(ada.id)!, [], [2 as never]);
  expect(await client.goodbye()).toMatchObject({ error: ERROR_CODES.DEVICE_REVOKED.code });
  expect(server.count(COLLATERAL)).toBe(1);
  expect(server.faults).toHaveLength(1);
  server.faults.length = 0;
});
