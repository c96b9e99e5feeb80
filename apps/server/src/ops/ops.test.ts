/** Operating the server: copies while it works, restores that repeat nothing, logs without people in them, certificates. */
import { createHash, randomBytes } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accountIdToBytes } from "@hawser/base";
import { seededRandom, TestAccount } from "@hawser/relay/test-world";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { dataFiles, loadOrCreateCertificate, restore, type RunningServer, type ServerOptions, startServer } from "../index.ts";
import { connectPhone, TestClient } from "../test-client.ts";

let folder: string;
let running: RunningServer[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hawser-ops-"));
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

async function putBlob(url: string, client: TestClient): Promise<string> {
  const body = randomBytes(20_000);
  const id = createHash("sha256").update(body).digest("hex");
  const response = await fetch(`${url}/v1/blobs/${id}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${await client.ticket(body.length)}` },
    body: body as BodyInit,
  });
  expect(response.status).toBe(201);
  return id;
}

describe("backups", () => {
  test("taken under load hold everything acknowledged before; a restore repeats nothing", async () => {
    const server = await start();
    const ada = new TestAccount(seededRandom(1));
    const phone = await connectPhone(server.url, "ada", ada);
    await phone.ask({ case: "uploadPreKeys", value: { upload: ada.upload(1, 1, 10, 5) } });
    const before = [await putBlob(server.url, phone), await putBlob(server.url, phone)];
    const epoch = phone.welcome?.device?.mailboxEpoch;

    let busy = true;
    const load = (async () => {
      let done = 0;
      while (busy) {
        await putBlob(server.url, phone);
        await phone.ask({
          case: "publishDeviceList",
          value: { list: ada.latest.list.devices.length < 8 ? ada.add() : ada.revoke(ada.latest.list.devices.at(-1)!.number) },
        });
        done++;
      }
      return done;
    })();
    const summary = await server.backup(join(folder, "copy"));
    busy = false;
    expect(await load).toBeGreaterThan(0);
    expect(summary.blobs.count).toBeGreaterThanOrEqual(2);
    await expect(server.backup(join(folder, "copy"))).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });

    expect(() => restore(join(folder, "copy"), join(folder, "data"))).toThrow("another server is using");
    restore(join(folder, "copy"), join(folder, "restored"));
    expect(() => restore(join(folder, "copy"), join(folder, "restored"))).toThrow("already holds stores");
    const revived = await start({ dataDir: join(folder, "restored") });
    for (const id of before) expect((await fetch(`${revived.url}/v1/blobs/${id}`, { method: "HEAD" })).status).toBe(200);
    const again = await TestClient.open(revived.url, {
      account: ada,
      device: 1,
      staple: ada.chain.slice(1).map((list) => ({ ...ada.first, ...list.entry })),
    });
    expect(again.welcome?.device?.mailboxEpoch).not.toBe(epoch);
    expect(again.welcome?.device).toMatchObject({ oneTimePreKeysLeft: 0, oneTimeKemPreKeysLeft: 0 });
    const claim = await again.ask({ case: "claimPreKeys", value: { accountId: accountIdToBytes(ada.id), devices: [1] } });
    expect(claim).toMatchObject({ value: { bundles: [{ kemIsLastResort: true }] } });
  });

  test("that are incomplete or damaged are refused before anything is touched", async () => {
    const server = await start();
    await server.backup(join(folder, "copy"));
    const path = join(folder, "copy", "directory.db");
    copyFileSync(path, join(folder, "kept.db"));
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    expect(() => restore(join(folder, "copy"), join(folder, "restored"))).toThrow("directory.db is damaged");
    copyFileSync(join(folder, "kept.db"), path);
    rmSync(join(folder, "copy", "manifest.json"));
    expect(() => restore(join(folder, "copy"), join(folder, "restored"))).toThrow("not complete");
  });
});

test("neither logs nor stores hold what they must not, even when everything fails", async () => {
  const lines: string[] = [];
  const codes: string[] = [];
  const codeSender = { send: (_address: string, code: string) => Promise.resolve(void codes.push(code)) };
  const server = await start({ logLevel: "debug", logTo: { write: (line) => void lines.push(line) }, registration: "code", codeSender });
  const ada = new TestAccount(seededRandom(1));
  const stranger = await TestClient.open(server.url);
  const address = "canary-address@example.org";
  await stranger.ask({ case: "requestCode", value: { address } });
  const code = codes[0]!;
  expect(
    await stranger.failure({
      case: "register",
      value: { handle: "canaryhandle", list: ada.first, codeAddress: address, code: code === "123456" ? "654321" : "123456" },
    }),
  ).toBe("CODE_INVALID");
  expect(
    (await stranger.ask({ case: "register", value: { handle: "canaryhandle", list: ada.first, codeAddress: address, code } })).case,
  ).toBe("register");
  const phone = await TestClient.open(server.url, { account: ada, device: 1 });
  const invitation = server.createInvitation({ expiresInMs: 60_000 });
  const ticket = await phone.ticket(1_000);
  for (const role of ["directory", "prekeys", "rendezvous", "blobs"] as const) server.takeOut(role);
  await phone.failure({ case: "findHandle", value: { handle: "canaryhandle" } });
  await phone.failure({ case: "uploadPreKeys", value: { upload: ada.upload(1, 1, 1, 1) } });
  await phone.failure({ case: "rendezvousWatch", value: { rendezvousId: new Uint8Array(16), side: 1, fromIndex: 0 } });
  await fetch(`${server.url}/v1/blobs/${"c".repeat(64)}`, {
    headers: { authorization: `Bearer ${ticket}`, "x-forwarded-for": "203.0.113.99" },
  });
  await fetch(`${server.url}/v1/blobs/${"c".repeat(64)}?canaryquery`, {
    method: "PUT",
    headers: { authorization: `Bearer ${ticket}` },
    body: "canarybody",
  });
  for (const role of ["directory", "prekeys", "rendezvous", "blobs"] as const) server.putBack(role);
  await server.stop();

  const log = lines.join("\n");
  expect(log).toContain("request-failed");
  expect(log).toContain("http-failure");
  for (const secret of ["canary", ada.id, "127.0.0.1", "203.0.113", ticket, "c".repeat(64), code, invitation])
    expect([secret, log.includes(secret)]).toEqual([secret, false]);
  const files = dataFiles(join(folder, "data"));
  expect(files.some((path) => path.endsWith("directory.db"))).toBe(true);
  for (const path of files) {
    const bytes = readFileSync(path);
    for (const secret of [address, `"${code}"`, invitation, invitation.replaceAll("-", "")])
      expect([path, bytes.includes(secret)]).toEqual([path, false]);
  }
});

test("the default sender of codes writes the code to the log, and only the code", async () => {
  const lines: string[] = [];
  const server = await start({ logLevel: "warn", logTo: { write: (line) => void lines.push(line) }, registration: "code" });
  const stranger = await TestClient.open(server.url);
  await stranger.ask({ case: "requestCode", value: { address: "someone@example.org" } });
  expect(lines.join("")).toMatch(/"code":"\d{6}"/);
  expect(lines.join("")).not.toContain("someone");
});

describe("the certificate of its own making", () => {
  test("serves HTTPS for all its names, is kept, and is made anew when names change or it ages", async () => {
    const dataDir = join(folder, "data");
    const first = loadOrCreateCertificate(dataDir, ["192.0.2.7", "2001:db8::7", "box.local"]);
    expect(statSync(join(dataDir, "certificate.pem")).mode & 0o077).toBe(0);
    expect(loadOrCreateCertificate(dataDir, ["192.0.2.7", "box.local"]).cert).toBe(first.cert);
    expect(loadOrCreateCertificate(dataDir, ["192.0.2.7"], Date.now() + 380 * 86_400_000).cert).not.toBe(first.cert);
    const second = loadOrCreateCertificate(dataDir, ["192.0.2.8", "2001:db8::8"]);
    expect(second.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    const server = await start({ tls: second });
    for (const host of ["localhost", "192.0.2.8", "2001:db8::8"]) {
      // Verified strictly against the certificate itself, under each of its names.
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const options = { host: "127.0.0.1", port: server.port, path: "/healthz", ca: second.cert, checkServerIdentity: identityOf(host) };
        get(options, (response) => resolve(response.resume().statusCode)).on("error", reject);
      });
      expect([host, status]).toEqual([host, 200]);
    }
  });
});

/** Checks the certificate under another name than the one connected to. */
function identityOf(host: string) {
  return (_host: string, certificate: { subjectaltname?: string }): Error | undefined => {
    const names = String(certificate.subjectaltname)
      .split(", ")
      .map((name) => name.replace(/^(DNS|IP Address):/, "").toLowerCase());
    const wanted = host.includes("::") ? host.replace("::", ":0:0:0:0:0:") : host;
    return names.includes(wanted) ? undefined : new Error(`not for ${host}: ${names.join(" ")}`);
  };
}
