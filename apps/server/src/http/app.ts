/**
 * The HTTP side: web app, health, metrics, blobs. Invariant: an error that was not foreseen becomes a typed answer without
 * any detail, and a log entry without any user data.
 */
import { createServer as createPlainServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Log, Metrics } from "../gateway/index.ts";
import { MAX_BLOB_BYTES } from "@hawser/wire";
import fastify, { type FastifyInstance } from "fastify";
import type { TlsOptions } from "../config/server-options.ts";
import { errorNameOf, sendError } from "./answers.ts";
import { isLocalRequest } from "./client-address.ts";
import { StaticFiles } from "./static-files.ts";

export interface HttpAppOptions {
  readonly tls?: TlsOptions | undefined;
  readonly webRoot?: string | undefined;
  readonly metricsToken?: string | undefined;
  readonly log: Log;
  readonly metrics: Metrics & { expose(): Promise<string>; readonly contentType: string };
  /** Known once the server listens. */
  headers(): Readonly<Record<string, string>>;
  /** The one origin that devices sign for. Known once the server listens. */
  origin(): string;
  /** Each role's state, and whether messages flow. */
  health(): { readonly ok: boolean; readonly body: Readonly<Record<string, unknown>> };
}

const HEADERS_TIMEOUT_MS = 20_000;
const REQUEST_TIMEOUT_MS = 600_000;
const KEEP_ALIVE_MS = 75_000;
/** What a diagnosis puts into its question. */
const PROBE = /^[0-9a-f]{16,64}$/;
const NOT_BUILT = "This server runs, but the web app has not been built.\n";

export function createHttpApp(options: HttpAppOptions): FastifyInstance {
  const timeouts = { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: KEEP_ALIVE_MS };
  const { tls } = options;
  const app = fastify({
    logger: false,
    bodyLimit: MAX_BLOB_BYTES,
    // While it stops, clients without WebSockets still fetch their goodbye.
    return503OnClosing: false,
    serverFactory: (handler) =>
      tls === undefined
        ? createPlainServer(timeouts, handler)
        : createTlsServer({ ...timeouts, key: tls.key, cert: tls.cert, minVersion: "TLSv1.2" }, handler),
  });
  // Bodies are streams that routes read themselves.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null, undefined));
  app.addHook("onRequest", (_request, reply, done) => {
    void reply.headers(options.headers());
    done();
  });
  const failures = options.metrics.counter("hawser_http_failures_total", "HTTP requests that failed on this side, by error", "error");
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    if (reply.raw.headersSent || request.raw.destroyed) return reply;
    if (error.statusCode !== undefined && error.statusCode < 500)
      return sendError(reply, error.statusCode === 413 ? "LIMIT_EXCEEDED" : "MALFORMED_FIELD");
    const { name, retryAfterMs } = errorNameOf(error);
    failures.add(1, name);
    options.log.error("http-failure", error, { route: request.routeOptions.url ?? "other", error: name });
    return sendError(reply, name, retryAfterMs);
  });

  app.get("/healthz", async (request, reply) => {
    const { ok, body } = options.health();
    // Repeated, so that whoever asked knows the answer for a fresh one.
    const { probe } = request.query as { probe?: unknown };
    const repeated = typeof probe === "string" && PROBE.test(probe) ? { probe } : {};
    return reply
      .code(ok ? 200 : 503)
      .header("cache-control", "no-store")
      .send({ ...body, ...repeated });
  });
  app.get("/metrics", async (request, reply) => {
    const token = options.metricsToken;
    const allowed =
      isLocalRequest(request.raw) || (token !== undefined && token.length > 0 && request.headers.authorization === `Bearer ${token}`);
    if (!allowed) return reply.code(404).type("text/plain").send("Not found\n");
    return reply
      .header("cache-control", "no-store")
      .type(options.metrics.contentType)
      .send(await options.metrics.expose());
  });
  registerStaticFiles(app, options);
  return app;
}

function registerStaticFiles(app: FastifyInstance, options: HttpAppOptions): void {
  const { webRoot } = options;
  const files = webRoot === undefined ? undefined : new StaticFiles(webRoot);
  app.setNotFoundHandler(async (request, reply) => {
    if (request.method !== "GET" && request.method !== "HEAD") return reply.code(404).type("text/plain").send("Not found\n");
    const path = request.url.split(/[?#]/, 1)[0]!;
    const file = await files?.find(path, String(request.headers["accept-encoding"] ?? ""));
    if (file === undefined) {
      const text = path === "/" && files === undefined ? NOT_BUILT : "Not found\n";
      return reply
        .code(text === NOT_BUILT ? 200 : 404)
        .type("text/plain")
        .header("cache-control", "no-store")
        .send(text);
    }
    if (file.contentType.startsWith("text/html")) {
      const elsewhere = pageElsewhere(request.headers.host, options.origin());
      if (elsewhere !== undefined) return reply.header("cache-control", "no-store").redirect(elsewhere + request.url, 307);
    }
    void reply
      .type(file.contentType)
      .header("cache-control", file.cacheControl)
      .header("etag", file.etag)
      .header("vary", "accept-encoding");
    if (file.encoding !== undefined) void reply.header("content-encoding", file.encoding);
    if (request.headers["if-none-match"] === file.etag) return reply.code(304).send();
    return reply.code(200).send(file.body);
  });
}

const LOOPBACK_NAME = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/;

/**
 * Devices sign for one origin, and browsers keep storage apart by origin: whoever types another name of this machine is led to
 * the one that works. Only names of the machine itself are led away; what a proxy passes on is the operator's to name.
 */
function pageElsewhere(host: string | undefined, origin: string): string | undefined {
  if (host === undefined || !LOOPBACK_NAME.test(host) || new URL(origin).host === host) return undefined;
  return origin;
}
