/** What a browser gets: the app with its caching and headers, nothing outside its folder, metrics for the operator only. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { ROLE_NAMES } from "../ops/data-dir.ts";
import { type RunningServer, startServer } from "../server.ts";
import { clientAddresses } from "./client-address.ts";
import { parseRange } from "./range.ts";
import { securityHeaders } from "./security-headers.ts";

let folder: string;
let server: RunningServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hawser-http-"));
  const web = join(folder, "web");
  mkdirSync(join(web, "assets"), { recursive: true });
  writeFileSync(join(web, "index.html"), "<!doctype html><title>app</title>");
  writeFileSync(join(web, "link.html"), "<!doctype html><title>link</title>");
  writeFileSync(join(web, "sw.js"), "self");
  writeFileSync(join(web, "assets", "app-Ab12Cd34.js"), "console.log(1)");
  writeFileSync(join(web, "assets", "app-Ab12Cd34.js.gz"), gzipSync("console.log(1)"));
  writeFileSync(join(web, "assets", "app-Ab12Cd34.js.br"), "packed");
  writeFileSync(join(folder, "secret.txt"), "secret");
  server = await startServer({
    dataDir: join(folder, "data"),
    webRoot: web,
    registration: "open",
    logLevel: "silent",
    metricsToken: "let-me-in",
  });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Node's own client: sends paths as they are and unpacks nothing. */
function get(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sending = request({ host: "127.0.0.1", port: server.port, path, headers, method }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() }),
      );
    });
    sending.on("error", reject);
    sending.end();
  });
}

describe("the web app", () => {
  test("hashed files are kept for ever, pages and the service worker never", async () => {
    expect((await get("/assets/app-Ab12Cd34.js")).headers["cache-control"]).toBe("public, max-age=31536000, immutable");
    for (const path of ["/", "/sw.js", "/phone", "/link"]) expect((await get(path)).headers["cache-control"]).toBe("no-cache");
    expect((await get("/phone")).body).toContain("app");
    expect((await get("/link?x=1")).body).toContain("link");
    const { etag } = (await get("/")).headers;
    expect((await get("/", { "if-none-match": etag! })).status).toBe(304);
    expect((await get("/", {}, "HEAD")).status).toBe(200);
    expect((await get("/", {}, "POST")).status).toBe(404);
  });

  test("another name of this machine leads to the one origin that devices sign for; other hosts are left alone", async () => {
    const { status, headers } = await get("/phone?x=1", { host: `localhost:${server.port}` });
    expect([status, headers.location]).toEqual([307, `${server.origin}/phone?x=1`]);
    expect((await get("/phone", { host: "chat.example.org" })).status).toBe(200);
    expect((await get("/assets/app-Ab12Cd34.js", { host: `localhost:${server.port}` })).status).toBe(200);
  });

  test("packed copies go to whoever takes them", async () => {
    const packed = await get("/assets/app-Ab12Cd34.js", { "accept-encoding": "gzip, br" });
    expect([packed.headers["content-encoding"], packed.body, packed.headers["content-type"]]).toEqual([
      "br",
      "packed",
      "text/javascript; charset=utf-8",
    ]);
    expect((await get("/assets/app-Ab12Cd34.js", { "accept-encoding": "gzip" })).headers["content-encoding"]).toBe("gzip");
    expect((await get("/assets/app-Ab12Cd34.js")).body).toBe("console.log(1)");
  });

  test("nothing outside the folder, whatever the path says", async () => {
    for (const path of [
      "/../secret.txt",
      "/..%2fsecret.txt",
      "/%2e%2e/secret.txt",
      "/assets/..%2f..%2fsecret.txt",
      "/..%5csecret.txt",
      "/%00",
      "/%zz",
      "//secret.txt",
      "/assets",
      "/assets/",
    ]) {
      const answer = await get(path);
      expect([path, answer.status >= 400, answer.body.includes("secret")]).toEqual([path, true, false]);
    }
  });

  test("carries a strict policy that lets WebAssembly, workers and the camera work", async () => {
    const { headers } = await get("/");
    const policy = String(headers["content-security-policy"]);
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';");
    expect(policy).toContain(`connect-src 'self' ws://127.0.0.1:${server.port};`);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe-eval' 'unsafe");
    expect(headers["permissions-policy"]).toContain("camera=(self)");
    expect(headers["cross-origin-opener-policy"]).toBe("same-origin");
    expect(headers["strict-transport-security"]).toBeUndefined();
    expect(securityHeaders("https://chat.example.org")["strict-transport-security"]).toBeDefined();
    expect(securityHeaders("https://192.0.2.2:8443")["strict-transport-security"]).toBeUndefined();
  });
});

test("health tells each role, the time and the protocol, repeats a fresh number, and says nothing of anybody", async () => {
  const before = Date.now();
  const health = JSON.parse((await get("/healthz?probe=00ff00ff00ff00ff")).body) as Record<string, unknown>;
  expect(Number(health["timeMs"])).toBeGreaterThanOrEqual(before);
  expect(Number(health["timeMs"])).toBeLessThanOrEqual(Date.now());
  expect(health).toEqual({
    status: "ok",
    version: expect.stringMatching(/^\d+\.\d+\.\d+$/) as unknown,
    roles: Object.fromEntries(ROLE_NAMES.map((role) => [role, "up"])),
    protocol: { min: 1, max: 1 },
    timeMs: expect.any(Number) as unknown,
    probe: "00ff00ff00ff00ff",
  });
  for (const probe of ["", "short", "%3Cscript%3E00ff00ff", "00".repeat(33), "00ff00ff00ff00ff&probe=11ff00ff00ff00ff"])
    expect(JSON.parse((await get(`/healthz?probe=${probe}`)).body)).not.toHaveProperty("probe");
});

test("metrics are for this machine and for whoever has the token", async () => {
  const local = await get("/metrics");
  expect(local.body).toContain("hawser_connections 0");
  expect(local.body).toContain("hawser_requests_total");
  expect((await get("/metrics", { "x-forwarded-for": "192.0.2.9" })).status).toBe(404);
  expect((await get("/metrics", { "x-forwarded-for": "192.0.2.9", authorization: "Bearer wrong" })).status).toBe(404);
  expect((await get("/metrics", { "x-forwarded-for": "192.0.2.9", authorization: "Bearer let-me-in" })).status).toBe(200);
});

test("sockets are taken at one path, and from our own pages only", async () => {
  const outcome = (path: string, origin?: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, origin === undefined ? {} : { origin });
      socket.once("open", () => {
        resolve("open");
        socket.close();
      });
      socket.once("error", (error) => resolve(error.message));
    });
  expect(await outcome("/v1/connect")).toBe("open");
  expect(await outcome("/v1/connect", server.origin)).toBe("open");
  expect(await outcome("/v1/connect", "https://evil.example")).toContain("403");
  expect(await outcome("/v1/other")).toContain("404");
});

test("an upgrade that is no WebSocket handshake is refused, and says which version there is", async () => {
  const good = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  };
  const upgrade = (headers: Record<string, string>, method = "GET"): Promise<Omit<Answer, "body">> =>
    new Promise((resolve, reject) => {
      const asking = request({ host: "127.0.0.1", port: server.port, path: "/v1/connect", headers: { ...good, ...headers }, method });
      asking.on("upgrade", (response, socket) => {
        socket.destroy();
        resolve({ status: response.statusCode ?? 0, headers: response.headers });
      });
      asking.on("response", (response) => {
        response.resume();
        resolve({ status: response.statusCode ?? 0, headers: response.headers });
      });
      asking.on("error", reject);
      asking.end();
    });
  const taken = await upgrade({});
  expect(taken.status).toBe(101);
  // The example of RFC 6455.
  expect(taken.headers["sec-websocket-accept"]).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  expect((await upgrade({}, "POST")).status).toBe(400);
  expect((await upgrade({ upgrade: "h2c" })).status).toBe(400);
  expect((await upgrade({ "sec-websocket-key": "short" })).status).toBe(400);
  const old = await upgrade({ "sec-websocket-version": "8" });
  expect(old.status).toBe(426);
  expect(old.headers["sec-websocket-version"]).toBe("13");
});

describe("whose request it is", () => {
  const from = (address: string, forwarded?: string): IncomingMessage =>
    ({
      socket: { remoteAddress: address },
      headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
    }) as unknown as IncomingMessage;

  test("forwarded addresses count only from configured proxies, as far as they vouch", () => {
    const nobody = clientAddresses();
    expect(nobody(from("192.0.2.1", "198.51.100.7"))).toBe("192.0.2.1");
    const proxied = clientAddresses(["127.0.0.1", "10.0.0.0/8"]);
    expect(proxied(from("127.0.0.1", "198.51.100.7"))).toBe("198.51.100.7");
    expect(proxied(from("::ffff:127.0.0.1", "1.2.3.4, 198.51.100.7, 10.1.2.3"))).toBe("198.51.100.7");
    expect(proxied(from("127.0.0.1", "nonsense"))).toBe("127.0.0.1");
    expect(proxied(from("192.0.2.1", "198.51.100.7"))).toBe("192.0.2.1");
    expect(() => clientAddresses(["example.org"])).toThrow(RangeError);
  });

  test("an IPv6 network of 64 bits is one client", () => {
    const address = clientAddresses();
    expect(address(from("2001:db8:1:2:3:4:5:6"))).toBe(address(from("2001:db8:1:2::9")));
    expect(address(from("2001:db8:1:2::9"))).not.toBe(address(from("2001:db8:1:3::9")));
    expect(address(from("fe80::1%eth0"))).toBe("fe80:0:0:0::/64");
  });
});

test("ranges are read as the standard says", () => {
  expect(parseRange(undefined, 10)).toBeUndefined();
  expect(parseRange("items=0-1", 10)).toBeUndefined();
  expect(parseRange("bytes=5-4", 10)).toBeUndefined();
  expect(parseRange("bytes=-", 10)).toBeUndefined();
  expect(parseRange("bytes=3-", 10)).toEqual({ start: 3, end: 9 });
  expect(parseRange("bytes=-20", 10)).toEqual({ start: 0, end: 9 });
  expect(parseRange("bytes=-0", 10)).toBe("unsatisfiable");
  expect(parseRange("bytes=10-12", 10)).toBe("unsatisfiable");
});
