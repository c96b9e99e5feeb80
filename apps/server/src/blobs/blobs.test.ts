/** Blobs over real HTTP: only whole, verified, durable bytes appear; uploads resume; nobody uploads beyond what was granted. */
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom, TestAccount } from "@hawser/relay/test-world";
import { BlobBooks } from "@hawser/relay";
import { openSqliteDatabase, systemRandom } from "@hawser/io-node";
import type { BlobId } from "@hawser/base";
import { ERROR_CODES } from "@hawser/wire";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningServer, startServer } from "../server.ts";
import { connectPhone, type TestClient } from "../test-client.ts";
import { BlobFiles } from "./blob-files.ts";

let folder: string;
let server: RunningServer;
let phone: TestClient;
let other: TestClient;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hawser-blobs-"));
  const limits = { blobs: { quotaBytes: { attachment: 1_000, history: 8_000_000, archive: 8_000_000 }, maxUploadsPerAccount: 4 } };
  server = await startServer({ dataDir: folder, registration: "open", logLevel: "silent", limits });
  phone = await connectPhone(server.url, "ada", new TestAccount(seededRandom(1)));
  other = await connectPhone(server.url, "bob", new TestAccount(seededRandom(2)));
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

const idOf = (body: Uint8Array): string => createHash("sha256").update(body).digest("hex");
const urlOf = (id: string): string => `${server.url}/v1/blobs/${id}`;
const bearer = (ticket: string): Record<string, string> => ({ authorization: `Bearer ${ticket}` });

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly error: unknown;
}

/** Reads the answer to its end, so that the connection is free again. */
async function whole(fetched: Promise<Response>): Promise<Answer> {
  const response = await fetched;
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    error: text === "" ? undefined : (JSON.parse(text) as { error: unknown }).error,
  };
}

const upload = (body: Uint8Array, ticket: string, id = idOf(body)): Promise<Answer> =>
  whole(fetch(urlOf(id), { method: "PUT", headers: bearer(ticket), body: body as BodyInit }));
const errorOf = ({ status, error }: Answer): [number, unknown] => [status, error];
const patch = (id: string, ticket: string, offset: number, length: number, body: Uint8Array): Promise<Answer> =>
  whole(
    fetch(`${urlOf(id)}/upload`, {
      method: "PATCH",
      headers: { ...bearer(ticket), "upload-offset": String(offset), "upload-length": String(length) },
      body: body as BodyInit,
    }),
  );
const incoming = (): string[] => readdirSync(join(folder, "blobs", "incoming"));

describe("whole uploads", () => {
  test("come back byte for byte, whole and in ranges, and may be repeated", async () => {
    for (const size of [1, 65_536, 1_500_000, 2_500_001]) {
      const body = randomBytes(size);
      const ticket = await phone.ticket(size);
      expect((await upload(body, ticket)).status).toBe(201);
      expect((await upload(body, ticket)).status).toBe(200);
      const got = await fetch(urlOf(idOf(body)));
      expect(Buffer.from(await got.arrayBuffer()).equals(body)).toBe(true);
      expect(got.headers.get("cache-control")).toContain("immutable");
      expect(got.headers.get("content-security-policy")).toContain("sandbox");
      const head = await fetch(urlOf(idOf(body)), { method: "HEAD" });
      expect([head.status, head.headers.get("content-length")]).toEqual([200, String(size)]);
    }
    const body = randomBytes(1_000);
    await upload(body, await phone.ticket(1_000));
    for (const [range, start, end] of [
      ["bytes=0-9", 0, 10],
      ["bytes=990-", 990, 1_000],
      ["bytes=-5", 995, 1_000],
      ["bytes=500-99999", 500, 1_000],
    ] as const) {
      const part = await fetch(urlOf(idOf(body)), { headers: { range } });
      expect([part.status, part.headers.get("content-range")]).toEqual([206, `bytes ${start}-${end - 1}/1000`]);
      expect(Buffer.from(await part.arrayBuffer()).equals(body.subarray(start, end))).toBe(true);
    }
    expect((await fetch(urlOf(idOf(body)), { headers: { range: "bytes=1000-" } })).status).toBe(416);
    expect((await fetch(urlOf(idOf(body)), { headers: { range: "bytes=0-1,5-6" } })).status).toBe(200);
  });

  test("with other bytes than their name are refused and leave nothing", async () => {
    const body = randomBytes(2_000_000);
    const wrong = idOf(randomBytes(8));
    expect(errorOf(await upload(body, await phone.ticket(body.length), wrong))).toEqual([422, ERROR_CODES.BLOB_MISMATCH.code]);
    expect((await fetch(urlOf(wrong))).status).toBe(404);
    expect(incoming()).toEqual([]);
  });

  test("need a ticket of this server that has room, and an account that has", async () => {
    const body = randomBytes(600);
    const ticket = await phone.ticket(1_000);
    expect(errorOf(await upload(body, "AAAA"))).toEqual([401, ERROR_CODES.BLOB_TICKET_INVALID.code]);
    expect(errorOf(await upload(body, `${ticket.slice(0, -2)}AA`))).toEqual([401, ERROR_CODES.BLOB_TICKET_INVALID.code]);
    expect((await upload(body, ticket)).status).toBe(201);
    expect(errorOf(await upload(randomBytes(401), ticket))).toEqual([413, ERROR_CODES.QUOTA_EXCEEDED.code]);
    expect((await upload(randomBytes(400), ticket)).status).toBe(201);
    const big = await other.ticket(8_000_000);
    const second = await other.ticket(8_000_000);
    expect((await upload(randomBytes(5_000_000), big)).status).toBe(201);
    expect(errorOf(await upload(randomBytes(4_000_000), second))).toEqual([413, ERROR_CODES.QUOTA_EXCEEDED.code]);
  });

  test("of one account are bounded in number; the others' go on", async () => {
    const ticket = await phone.ticket(1_000_000);
    // Four that have begun and not ended; the server says "continue" as it takes them on.
    const stuck = Array.from({ length: 4 }, () => {
      const body = randomBytes(10_000);
      const headers = { ...bearer(ticket), "content-length": body.length, expect: "100-continue" };
      const sending = request(urlOf(idOf(body)), { method: "PUT", headers });
      sending.on("error", () => undefined);
      sending.flushHeaders();
      return { sending, taken: new Promise((resolve) => sending.once("continue", resolve)) };
    });
    for (const { taken } of stuck) await taken;
    const refusal = await upload(randomBytes(10), ticket);
    expect(refusal.status).toBe(503);
    expect(refusal.headers.get("retry-after")).toBe("1");
    expect((await upload(randomBytes(10), await other.ticket(10))).status).toBe(201);
    for (const { sending } of stuck) sending.destroy();
    let answer: Answer;
    do answer = await upload(randomBytes(10), ticket);
    while (answer.status === 503);
    expect(answer.status).toBe(201);
  });

  test("at the same time all arrive", async () => {
    const bodies = Array.from({ length: 24 }, () => randomBytes(30_000));
    const ticket = await phone.ticket(24 * 30_000);
    for (let at = 0; at < bodies.length; at += 4) {
      const statuses = await Promise.all(bodies.slice(at, at + 4).map(async (body) => (await upload(body, ticket)).status));
      expect(statuses).toEqual([201, 201, 201, 201]);
    }
    for (const body of bodies) expect((await fetch(urlOf(idOf(body)), { method: "HEAD" })).status).toBe(200);
  });
});

describe("resumable uploads", () => {
  test("go on where they ended, whoever asks; a wrong offset is told the right one", async () => {
    const body = randomBytes(100_000);
    const id = idOf(body);
    const ticket = await phone.ticket(body.length);
    const offset = async (): Promise<string | null> =>
      (await fetch(`${urlOf(id)}/upload`, { method: "HEAD", headers: bearer(ticket) })).headers.get("upload-offset");
    expect(await offset()).toBe("0");
    expect((await patch(id, ticket, 0, body.length, body.subarray(0, 40_000))).headers.get("upload-offset")).toBe("40000");
    expect(await offset()).toBe("40000");
    const wrong = await patch(id, ticket, 0, body.length, body.subarray(0, 40_000));
    expect([wrong.status, wrong.headers.get("upload-offset")]).toEqual([409, "40000"]);
    expect((await fetch(urlOf(id))).status).toBe(404);
    const last = await patch(id, ticket, 40_000, body.length, body.subarray(40_000));
    expect([last.status, last.headers.get("upload-offset")]).toEqual([204, "100000"]);
    expect(Buffer.from(await (await fetch(urlOf(id))).arrayBuffer()).equals(body)).toBe(true);
    expect(await offset()).toBe("100000");
    expect((await patch(id, ticket, 0, body.length, body.subarray(0, 5))).status).toBe(204);
  });

  test("keep what arrived before the connection broke", async () => {
    const body = randomBytes(80_000);
    const id = idOf(body);
    const ticket = await phone.ticket(body.length);
    const broken = new Promise<void>((resolve) => {
      const headers = { ...bearer(ticket), "upload-offset": "0", "upload-length": String(body.length), "content-length": body.length };
      const sending = request(`${urlOf(id)}/upload`, { method: "PATCH", headers });
      sending.on("error", () => resolve());
      sending.write(body.subarray(0, 30_000), () => sending.destroy());
    });
    await broken;
    let there = 0;
    let status = 0;
    do {
      there = Number((await fetch(`${urlOf(id)}/upload`, { method: "HEAD", headers: bearer(ticket) })).headers.get("upload-offset"));
      status = (await patch(id, ticket, there, body.length, body.subarray(there))).status;
    } while (status === 409 || status === 503);
    expect(status).toBe(204);
    expect(Buffer.from(await (await fetch(urlOf(id))).arrayBuffer()).equals(body)).toBe(true);
  });

  test("begun and not ended are bounded for each account: no quota counts them", async () => {
    const carol = await connectPhone(server.url, "carol", new TestAccount(seededRandom(3)));
    const ticket = await carol.ticket(100_000);
    const begin = (): Promise<Answer> => patch(idOf(randomBytes(8)), ticket, 0, 1_000, randomBytes(10));
    for (let i = 0; i < 16; i++) expect((await begin()).status).toBe(204);
    expect((await begin()).error).toBe(ERROR_CODES.OVERLOADED.code);
    await carol.close();
  });

  test("that end with other bytes than their name begin anew; another account's are its own", async () => {
    const body = randomBytes(5_000);
    const id = idOf(body);
    const [mine, theirs] = [await phone.ticket(body.length), await other.ticket(body.length)];
    expect((await patch(id, theirs, 0, body.length, randomBytes(2_000))).status).toBe(204);
    expect((await patch(id, mine, 0, body.length, body.subarray(0, 1_000))).headers.get("upload-offset")).toBe("1000");
    expect(errorOf(await patch(id, theirs, 2_000, body.length, randomBytes(3_000)))).toEqual([422, ERROR_CODES.BLOB_MISMATCH.code]);
    expect((await patch(id, mine, 1_000, body.length, body.subarray(1_000))).status).toBe(204);
    expect((await fetch(urlOf(id))).status).toBe(200);
  });
});

test("names asked for in vain are limited", async () => {
  let response: Answer;
  let asked = 0;
  do response = await whole(fetch(urlOf(idOf(Buffer.from(String(asked++))))));
  while (response.status === 404 && asked < 1_000);
  expect(response.status).toBe(429);
  expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
});

test("expired blobs leave books, quota and disk; abandoned parts leave the disk", async () => {
  const root = mkdtempSync(join(tmpdir(), "hawser-blob-files-"));
  const books = new BlobBooks(openSqliteDatabase(":memory:"), { attachment: 1_000, history: 5_000, archive: 5_000 });
  let now = 1_800_000_000_000;
  const files = new BlobFiles({ root, random: systemRandom, nowMs: () => now, books: () => books });
  const account = new TestAccount(seededRandom(1)).id;
  const body = randomBytes(500);
  const id = idOf(body) as BlobId;
  const chunks = async function* (): AsyncGenerator<Buffer> {
    yield body.subarray(0, 100);
    yield body.subarray(100);
  };
  expect(await files.receive({ id, account, purpose: "attachment", sizeBytes: 500 }, chunks())).toBe(true);
  expect(books.usedBytes(account, "attachment")).toBe(500);
  expect(books.expire(now + 999)).toEqual([]);
  // The same blob entered again for longer lives longer, and is charged once.
  books.enter([{ id, account, purpose: "history", sizeBytes: 500 }], now);
  expect(books.totals()).toEqual({ blobs: 1, bytes: 500 });
  expect(books.expire(now + 1_000)).toEqual([]);
  expect(books.expire(now + 5_000)).toEqual([id]);
  await files.remove(id);
  await files.remove(id);
  expect(books.totals()).toEqual({ blobs: 0, bytes: 0 });
  expect(readdirSync(join(root, id.slice(0, 2)))).toEqual([]);
  const broken = async function* (): AsyncGenerator<Buffer> {
    yield randomBytes(2_000_000);
    throw new Error("connection lost");
  };
  await expect(files.receive({ id, account, purpose: "history", sizeBytes: 3_000_000 }, broken())).rejects.toThrow("connection lost");
  expect(readdirSync(files.incoming)).toEqual([]);
  now = Date.now();
  expect(await files.sweepIncoming(now)).toBe(0);
  rmSync(root, { recursive: true });
});
