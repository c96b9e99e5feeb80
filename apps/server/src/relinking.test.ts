/** Linking and unlinking over and over leaves nothing behind: no mailbox, no key, no row of a device that is gone; and each step may be repeated. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accountIdToBytes } from "@hawser/base";
import { openSqliteDatabase } from "@hawser/io-node";
import { seededRandom, TestAccount } from "@hawser/relay/test-world";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startServer } from "./server.ts";
import { connectPhone, TestClient } from "./test-client.ts";

const CYCLES = 50;
const BIG = { burst: 1e6, refillMs: 1 };
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "hawser-relink-"))));
afterEach(() => rmSync(folder, { recursive: true }));

test("50 cycles of link and unlink: 0 orphans", async () => {
  const dataDir = join(folder, "data");
  const server = await startServer({
    dataDir,
    registration: "open",
    logLevel: "silent",
    limits: { requests: { publish: BIG, preKeyUpload: BIG } },
  });
  const ada = new TestAccount(seededRandom(1));
  const phone = await connectPhone(server.url, "ada", ada);
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const list = ada.add();
    const device = ada.latest.list.nextDeviceNumber - 1;
    const companion = await TestClient.open(server.url, { account: ada, device, staple: [list] });
    expect(companion.welcome?.device).toBeDefined();
    // The phone's own copy of the list comes as well, and twice.
    for (let i = 0; i < 2; i++) expect((await phone.ask({ case: "publishDeviceList", value: { list } })).case).toBe("publishDeviceList");
    const upload = ada.upload(device, 1, 3, 1);
    for (let i = 0; i < 2; i++) expect((await companion.ask({ case: "uploadPreKeys", value: { upload } })).case).toBe("uploadPreKeys");
    const capsule = new Uint8Array(64).fill(cycle);
    await companion.ask({ case: "putDeviceCapsule", value: { capsule } });
    const revoking = ada.revoke(device);
    for (let i = 0; i < 2; i++)
      expect((await phone.ask({ case: "publishDeviceList", value: { list: revoking } })).case).toBe("publishDeviceList");
    await companion.closed;
  }
  const claim = await phone.ask({ case: "claimPreKeys", value: { accountId: accountIdToBytes(ada.id), devices: [2, 3, CYCLES + 1] } });
  expect(claim).toMatchObject({ case: "claimPreKeys", value: { bundles: [], withoutKeys: [] } });
  expect(phone.goodbye).toBeUndefined();
  await server.stop();

  const orphans: Record<string, number> = {};
  for (const role of ["directory", "prekeys", "mailbox"]) {
    const database = openSqliteDatabase(join(dataDir, `${role}.db`));
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all<{ name: string }>();
    for (const { name } of tables) {
      const columns = database.prepare(`SELECT name FROM pragma_table_info('${name}')`).all<{ name: string }>();
      // What says that a device was revoked stays for ever: it is the only thing that may sign it out.
      if (name === "revocations" || !columns.some((column) => column.name === "device")) continue;
      const { n } = database.prepare(`SELECT count(*) AS n FROM ${name} WHERE device > 1`).get<{ n: number }>()!;
      orphans[`${role}.${name}`] = n;
    }
    database.close();
  }
  expect(Object.keys(orphans).length).toBeGreaterThan(5);
  expect(Object.entries(orphans).filter(([, n]) => n > 0)).toEqual([]);
});
