/**
 * Blobs over HTTP. Invariants: the name of a blob is the SHA-256 of its bytes, checked before it can be read; nobody uploads
 * without a ticket; reading needs only the name. docs/PROTOCOL.md, "Blobs".
 */
import { type FileHandle, open, stat } from "node:fs/promises";
import type { BlobId, Clock } from "@hawser/base";
import { type BlobBooks, TokenBuckets, type UploadTicket } from "@hawser/relay";
import { type ErrorName, MAX_BLOB_BYTES } from "@hawser/wire";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { appendTo, type BlobFiles } from "../blobs/blob-files.ts";
import type { UploadDesk } from "../blobs/upload-desk.ts";
import { sendError } from "./answers.ts";
import type { ClientAddressOf } from "./client-address.ts";
import { parseRange } from "./range.ts";

export interface BlobRouteOptions {
  readonly files: BlobFiles;
  readonly desk: UploadDesk;
  readonly clock: Clock;
  books(): BlobBooks;
  readonly addressOf: ClientAddressOf;
  observe(bytesIn: number, bytesOut: number): void;
}

/** Up to here an answer is read at once; above it is streamed. */
const READ_WHOLE_BYTES = 1_048_576;
const BUSY_RETRY_MS = 1_000;
/** Uploads in pieces that one account has begun and not ended: no quota counts them before they are whole. */
const MAX_PARTS_PER_ACCOUNT = 16;
/** Names asked for in vain, per client: enough for any honest mistake. */
const MISSES = { burst: 120, refillMs: 500 } as const;

type BlobRequest = FastifyRequest<{ Params: { id: string } }>;

export function registerBlobRoutes(app: FastifyInstance, options: BlobRouteOptions): void {
  const misses = new TokenBuckets(MISSES, () => options.clock.monotonicMs());
  /** One upload of a blob at a time and account: one that seems lost to its client may still be ending here. */
  const underWay = new Set<string>();

  app.get("/v1/blobs/:id", { exposeHeadRoute: false }, async (request: BlobRequest, reply) => {
    const id = parseId(request);
    const sizeBytes = id === undefined ? undefined : options.books().sizeOf(id);
    if (id === undefined || sizeBytes === undefined) return miss(request, reply);
    const range = parseRange(request.headers.range, sizeBytes);
    describeBlob(reply, sizeBytes);
    if (range === "unsatisfiable")
      return reply.code(416).header("content-range", `bytes */${sizeBytes}`).header("cache-control", "no-store").send();
    const { start, end } = range ?? { start: 0, end: sizeBytes - 1 };
    let file: FileHandle;
    try {
      file = await open(options.files.pathOf(id), "r");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return miss(request, reply);
      throw error;
    }
    if (range !== undefined) void reply.code(206).header("content-range", `bytes ${start}-${end}/${sizeBytes}`);
    const length = end - start + 1;
    void reply.header("content-length", String(length));
    options.observe(0, length);
    if (length > READ_WHOLE_BYTES) return reply.send(file.createReadStream({ start, end, highWaterMark: READ_WHOLE_BYTES }));
    try {
      const body = Buffer.allocUnsafe(length);
      const { bytesRead } = await file.read(body, 0, length, start);
      if (bytesRead !== length) return miss(request, reply);
      return reply.send(body);
    } finally {
      await file.close();
    }
  });

  app.head("/v1/blobs/:id", async (request: BlobRequest, reply) => {
    const id = parseId(request);
    const sizeBytes = id === undefined ? undefined : options.books().sizeOf(id);
    if (sizeBytes === undefined) return miss(request, reply);
    describeBlob(reply, sizeBytes);
    return reply.header("content-length", String(sizeBytes)).send();
  });

  app.put("/v1/blobs/:id", async (request: BlobRequest, reply) => {
    const id = parseId(request);
    const ticket = options.desk.ticket(request.headers.authorization);
    if (ticket === undefined) return refuseBody(request, reply, "BLOB_TICKET_INVALID");
    const sizeBytes = parseSize(request.headers["content-length"]);
    if (id === undefined || sizeBytes === undefined) return refuseBody(request, reply, "MALFORMED_FIELD");
    if (options.books().sizeOf(id) !== undefined) {
      options.books().enter([{ id, account: ticket.account, purpose: ticket.purpose, sizeBytes }], options.clock.nowMs());
      request.raw.resume();
      return reply.code(200).send();
    }
    const key = partPath(id, ticket);
    if (underWay.has(key)) return refuseBody(request, reply, "OVERLOADED", BUSY_RETRY_MS);
    const room = options.desk.reserve(ticket, sizeBytes);
    if ("error" in room) return refuseBody(request, reply, room.error, room.retryAfterMs);
    let stored = false;
    underWay.add(key);
    try {
      stored = await options.files.receive({ id, account: ticket.account, purpose: ticket.purpose, sizeBytes }, request.raw);
    } finally {
      underWay.delete(key);
      if (stored) room.keep();
      else room.giveBack();
    }
    options.observe(sizeBytes, 0);
    return stored ? reply.code(201).send() : refuseBody(request, reply, "BLOB_MISMATCH");
  });

  app.head("/v1/blobs/:id/upload", async (request: BlobRequest, reply) => {
    const id = parseId(request);
    const ticket = options.desk.ticket(request.headers.authorization);
    if (ticket === undefined) return sendError(reply, "BLOB_TICKET_INVALID");
    if (id === undefined) return sendError(reply, "MALFORMED_FIELD");
    const offset = options.books().sizeOf(id) ?? (await sizeOfFile(partPath(id, ticket)));
    return reply.header("upload-offset", String(offset)).header("cache-control", "no-store").code(200).send();
  });

  app.patch("/v1/blobs/:id/upload", async (request: BlobRequest, reply) => {
    const id = parseId(request);
    const ticket = options.desk.ticket(request.headers.authorization);
    if (ticket === undefined) return refuseBody(request, reply, "BLOB_TICKET_INVALID");
    const offset = parseSize(request.headers["upload-offset"]);
    const length = parseSize(request.headers["upload-length"]);
    const size = parseSize(request.headers["content-length"]);
    if (id === undefined || offset === undefined || length === undefined || length === 0 || length > MAX_BLOB_BYTES || size === undefined) {
      return refuseBody(request, reply, "MALFORMED_FIELD");
    }
    const whole = options.books().sizeOf(id);
    if (whole !== undefined) {
      request.raw.resume();
      return reply.code(204).header("upload-offset", String(whole)).send();
    }
    const path = partPath(id, ticket);
    if (underWay.has(path)) return refuseBody(request, reply, "OVERLOADED", BUSY_RETRY_MS);
    const room = options.desk.reserve(ticket, size);
    if ("error" in room) return refuseBody(request, reply, room.error, room.retryAfterMs);
    underWay.add(path);
    try {
      const there = await sizeOfFile(path);
      if (there !== offset || offset + size > length) {
        request.raw.resume();
        return reply.code(409).header("upload-offset", String(there)).header("cache-control", "no-store").send();
      }
      if (there === 0 && (await options.files.partsOf(ticket.account)) >= MAX_PARTS_PER_ACCOUNT)
        return refuseBody(request, reply, "OVERLOADED", BUSY_RETRY_MS);
      if ((await appendTo(path, request.raw, length - offset)) === "too much") return refuseBody(request, reply, "LIMIT_EXCEEDED");
      options.observe(size, 0);
      const now = await sizeOfFile(path);
      if (now < length) return reply.code(204).header("upload-offset", String(now)).send();
      const good = await options.files.adopt({ id, account: ticket.account, purpose: ticket.purpose, sizeBytes: length }, path);
      return good ? reply.code(204).header("upload-offset", String(length)).send() : sendError(reply, "BLOB_MISMATCH");
    } finally {
      underWay.delete(path);
      // Parts are charged when the blob is whole; a ticket's budget is for blobs, not for tries.
      room.giveBack();
    }
  });

  /** Parts belong to an account, so that nobody can spoil another's upload by beginning it wrongly. */
  const partPath = (id: BlobId, ticket: UploadTicket): string => options.files.partPath(id, ticket.account, ticket.purpose);

  function miss(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const waitMs = misses.take(options.addressOf(request.raw));
    return waitMs > 0 ? sendError(reply, "RATE_LIMITED", waitMs) : sendError(reply, "BLOB_UNKNOWN");
  }
}

/** Everything about a blob may be cached for ever: other bytes would have another name. */
function describeBlob(reply: FastifyReply, sizeBytes: number): void {
  void reply
    .header("content-type", "application/octet-stream")
    .header("cache-control", sizeBytes > 0 ? "private, max-age=31536000, immutable" : "no-store")
    .header("accept-ranges", "bytes")
    .header("content-disposition", "attachment")
    .header("content-security-policy", "sandbox; default-src 'none'");
}

/** Answers before the body was read: the connection cannot be used for another request. */
function refuseBody(request: FastifyRequest, reply: FastifyReply, name: ErrorName, retryAfterMs?: number): FastifyReply {
  if (!request.raw.complete) void reply.header("connection", "close");
  return sendError(reply, name, retryAfterMs);
}

const parseId = (request: BlobRequest): BlobId | undefined =>
  /^[0-9a-f]{64}$/.test(request.params.id) ? (request.params.id as BlobId) : undefined;

function parseSize(header: string | string[] | undefined): number | undefined {
  return typeof header === "string" && /^\d{1,12}$/.test(header) ? Number(header) : undefined;
}

const sizeOfFile = (path: string): Promise<number> =>
  stat(path).then(
    (found) => found.size,
    () => 0,
  );
