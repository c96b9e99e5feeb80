/** The whole server in process: real sockets, real stores. What was acknowledged is there after a kill; roles fail alone. */
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accountIdToBytes } from "@hawser/base";
import { seededRandom, TestAccount } from "@hawser/relay/test-world";
import { CLOSE_CODES, ERROR_CODES } from "@hawser/wire";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ServerOptions } from "./config/server-options.ts";
import { createInvitation } from "./index.ts";
import { type RunningServer, startServer } from "./server.ts";
import { connectPhone, type Operation, TestClient } from "./test-client.ts";

let folder: string;
let running: RunningServer[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hawser-server-"));
  running = [];
});
afterEach(async () => {
  for (const server of running) await server.stop();
  rmSync(folder, { recursive: true });
});

async function start(options: Partial<ServerOptions> = {}): Promise<RunningServer> {
  const server = await startServer({ dataDir: join(folder, "data"), registration: "open", logLevel: "silent", ...options });
  running.push(server);
  return server;
}

const ID = new Uint8Array(16).fill(7);
const put = (side: number, index: number, body: number): Operation => ({
  case: "rendezvousPut",
  value: { rendezvousId: ID, side, index, body: Uint8Array.of(body), writerToken: new Uint8Array(16).fill(side) },
});

test("register, link a companion, open a session with it, revoke it", async () => {
  const server = await start();
  const ada = new TestAccount(seededRandom(1));
  const phone = await connectPhone(server.url, "ada", ada);
  expect(phone.welcome?.device?.oneTimePreKeysLeft).toBe(0);
  expect(await phone.ask({ case: "uploadPreKeys", value: { upload: ada.upload(1, 1, 5, 2) } })).toMatchObject({
    value: { oneTimePreKeysLeft: 5 },
  });

  // The rendezvous relays between a stranger and the phone.
  const stranger = await TestClient.open(server.url);
  await stranger.ask({ case: "rendezvousWatch", value: { rendezvousId: ID, side: 1, fromIndex: 0 } });
  expect((await phone.ask(put(2, 0, 42))).case).toBe("rendezvousPut");
  expect(await stranger.push("rendezvousMessage")).toMatchObject({ event: { value: { side: 2, index: 0, body: Uint8Array.of(42) } } });

  // The companion staples the list that certifies it; the phone is told.
  const second = ada.add();
  const companion = await TestClient.open(server.url, { account: ada, device: 2, staple: [second] });
  expect(companion.welcome?.device).toBeDefined();
  expect(await phone.push("deviceListChanged")).toMatchObject({ event: { value: { lists: [{ payload: second.payload }] } } });
  expect((await phone.ask({ case: "publishDeviceList", value: { list: second } })).case).toBe("publishDeviceList");
  await companion.ask({ case: "uploadPreKeys", value: { upload: ada.upload(2, 1, 5, 2) } });
  const claimed = await phone.ask({ case: "claimPreKeys", value: { accountId: accountIdToBytes(ada.id), devices: [2] } });
  expect(claimed).toMatchObject({ value: { bundles: [{ device: 2, oneTimePreKey: { id: 1 } }] } });
  expect(await companion.push("preKeysLow")).toMatchObject({ event: { value: { oneTimePreKeysLeft: 4 } } });

  const revoking = ada.revoke(2);
  expect((await phone.ask({ case: "publishDeviceList", value: { list: revoking } })).case).toBe("publishDeviceList");
  expect(await companion.closed).toBe(CLOSE_CODES.revoked);
  expect(companion.goodbye).toMatchObject({ error: ERROR_CODES.DEVICE_REVOKED.code, revokingList: { payload: revoking.payload } });
  const again = await TestClient.open(server.url, { account: ada, device: 2 });
  expect(again.goodbye?.error).toBe(ERROR_CODES.DEVICE_REVOKED.code);
});

test("linking works while messages are down, messages' directory works while everything else is", async () => {
  const server = await start();
  const ada = new TestAccount(seededRandom(1));
  const phone = await connectPhone(server.url, "ada", ada);
  const stranger = await TestClient.open(server.url);
  server.takeOut("mailbox");
  expect((await fetch(`${server.url}/healthz`)).status).toBe(503);
  await stranger.ask({ case: "rendezvousWatch", value: { rendezvousId: ID, side: 1, fromIndex: 0 } });
  expect((await phone.ask(put(2, 0, 1))).case).toBe("rendezvousPut");
  expect((await stranger.push("rendezvousMessage")).event.case).toBe("rendezvousMessage");
  expect((await phone.ask({ case: "publishDeviceList", value: { list: ada.add() } })).case).toBe("publishDeviceList");
  server.putBack("mailbox");

  for (const role of ["rendezvous", "prekeys", "blobs"] as const) server.takeOut(role);
  expect(await (await fetch(`${server.url}/healthz`)).json()).toMatchObject({
    status: "degraded",
    roles: { rendezvous: "out of service", mailbox: "up" },
  });
  expect(await phone.failure(put(2, 1, 1))).toBe("STORE_UNAVAILABLE");
  const back = await TestClient.open(server.url, { account: ada, device: 1 });
  expect(back.welcome?.device?.oneTimePreKeysLeft).toBe(0);
  expect((await back.ask({ case: "findHandle", value: { handle: "ada" } })).case).toBe("findHandle");
  const blob = await fetch(`${server.url}/v1/blobs/${"a".repeat(64)}`);
  expect([blob.status, (await blob.json()) as unknown]).toEqual([503, { error: ERROR_CODES.STORE_UNAVAILABLE.code, retryAfterMs: 2_000 }]);
  for (const role of ["rendezvous", "prekeys", "blobs"] as const) server.putBack(role);
  expect((await back.ask(put(2, 1, 1))).case).toBe("rendezvousPut");
});

test("while the directory is down nobody is signed out, and all is well afterwards", async () => {
  const server = await start();
  const ada = new TestAccount(seededRandom(1));
  const phone = await connectPhone(server.url, "ada", ada);
  server.takeOut("directory");
  const refused = await TestClient.open(server.url, { account: ada, device: 1 });
  expect(await refused.closed).toBeLessThan(CLOSE_CODES.update);
  expect(refused.goodbye?.revokingList).toBeUndefined();
  expect((await phone.ask(put(2, 0, 1))).case).toBe("rendezvousPut");
  server.putBack("directory");
  expect((await TestClient.open(server.url, { account: ada, device: 1 })).welcome?.device).toBeDefined();
});

test("what was acknowledged is there after a kill", async () => {
  const server = await start();
  const ada = new TestAccount(seededRandom(1));
  const phone = await connectPhone(server.url, "ada", ada);
  await phone.ask({ case: "publishDeviceList", value: { list: ada.add() } });
  await phone.ask(put(2, 0, 9));
  const body = new Uint8Array(200_000).fill(3);
  const id = createHash("sha256").update(body).digest("hex");
  const headers = { authorization: `Bearer ${await phone.ticket(body.length)}` };
  expect((await fetch(`${server.url}/v1/blobs/${id}`, { method: "PUT", headers, body })).status).toBe(201);
  // The files as they are now, in mid-air, are what a kill leaves behind.
  cpSync(join(folder, "data"), join(folder, "killed"), { recursive: true, filter: (path) => !path.endsWith("lock.db") });
  const revived = await start({ dataDir: join(folder, "killed") });
  expect((await fetch(`${revived.url}/v1/blobs/${id}`, { method: "HEAD" })).headers.get("content-length")).toBe("200000");
  // Its origin has another port: the challenge is signed for the one it says.
  const again = await TestClient.open(revived.url, { account: ada, device: 1 });
  expect(again.welcome?.device).toBeDefined();
  expect(await again.ask({ case: "getDeviceLists", value: { accountId: accountIdToBytes(ada.id), afterNumber: 0n } })).toMatchObject({
    value: { lists: { length: 2 } },
  });
  await again.ask({ case: "rendezvousWatch", value: { rendezvousId: ID, side: 1, fromIndex: 0 } });
  expect(await again.push("rendezvousMessage")).toMatchObject({ event: { value: { body: Uint8Array.of(9) } } });
});

test("a data folder has one server, until it stops; stopping says goodbye", async () => {
  const server = await start();
  await expect(start()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  const stranger = await TestClient.open(server.url);
  await server.stop();
  expect(await stranger.closed).toBe(CLOSE_CODES.retry);
  expect(stranger.goodbye?.error).toBe(ERROR_CODES.SHUTTING_DOWN.code);
  const next = await start();
  expect(next.roles().mailbox).toBe("up");
});

test("an invitation made beside the running server lets one in", async () => {
  const server = await start({ registration: "invitation" });
  const invitation = createInvitation(join(folder, "data"), { expiresInMs: 60_000 });
  const stranger = await TestClient.open(server.url);
  const register = (handle: string, seed: number): Operation => ({
    case: "register",
    value: { handle, list: new TestAccount(seededRandom(seed)).first, invitation },
  });
  expect((await stranger.ask(register("ada", 1))).case).toBe("register");
  expect(await stranger.failure(register("bob", 2))).toBe("INVITATION_INVALID");
});
