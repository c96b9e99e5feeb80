/**
 * Connections where WebSockets do not get through: an event stream or long polls downwards, POSTs upwards. Invariants: no cookies and no
 * sign-in here, whoever holds a connection's id is its client; a page of another origin gets nothing; bodies are bounded before they are
 * read. docs/PROTOCOL.md, "Without WebSockets".
 */
import type { IncomingMessage } from "node:http";
import { decodeUpBody, MAX_UP_BODY_BYTES } from "@hawser/wire";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { CarrierKind, FrameSocket } from "../gateway/index.ts";
import { sendError } from "./answers.ts";
import type { CarrierTable } from "./carrier-table.ts";
import type { ClientAddressOf } from "./client-address.ts";
import { attachPoll, attachStream } from "./downlinks.ts";
import type { HttpCarrier } from "./http-carrier.ts";

export interface ConnectRouteOptions {
  readonly carriers: CarrierTable;
  readonly addressOf: ClientAddressOf;
  /** A page may connect only to the server it came from; other programs send no Origin. */
  allowsOrigin(origin: string, request: IncomingMessage): boolean;
  /** False: nobody is served yet. */
  accept(socket: FrameSocket, remoteAddress: string, kind: CarrierKind): boolean;
}

const BUSY_RETRY_MS = 5_000;

type CarrierRequest = FastifyRequest<{ Params: { id: string }; Querystring: { after?: string; first?: string } }>;

export function registerConnectRoutes(app: FastifyInstance, options: ConnectRouteOptions): void {
  const { carriers } = options;

  const foreign = (request: FastifyRequest): boolean => {
    const { origin } = request.headers;
    return origin !== undefined && !options.allowsOrigin(origin, request.raw);
  };
  const open = (request: FastifyRequest, reply: FastifyReply, kind: HttpCarrier["kind"]): FastifyReply => {
    if (foreign(request)) return reply.code(403).send();
    const carrier = carriers.open(kind);
    if (carrier === undefined || !options.accept(carrier, options.addressOf(request.raw), kind)) {
      carrier?.terminate();
      return sendError(reply, "OVERLOADED", BUSY_RETRY_MS);
    }
    return attach(reply, carrier, kind, true);
  };
  const attach = (reply: FastifyReply, carrier: HttpCarrier, kind: HttpCarrier["kind"], first: boolean): FastifyReply => {
    reply.hijack();
    for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) reply.raw.setHeader(name, value);
    if (kind === "sse") attachStream(carriers, carrier, reply.raw, first);
    else attachPoll(carriers, carrier, reply.raw, first);
    return reply;
  };
  /** The connection that is meant, with what its client has acknowledged taken into account. */
  const find = (request: CarrierRequest): HttpCarrier | undefined => {
    const after = parseCount(request.query.after);
    const carrier = foreign(request) || after === undefined ? undefined : carriers.find(request.params.id);
    if (carrier?.acknowledge(after!) !== true) return undefined;
    carrier.heard(carriers.nowMs);
    return carrier;
  };
  // Whether it has ended or never was is all the same to whoever asks.
  const gone = (reply: FastifyReply): FastifyReply => reply.code(404).header("cache-control", "no-store").send();

  app.get("/v1/connect/sse", { exposeHeadRoute: false }, (request, reply) => open(request, reply, "sse"));
  app.post("/v1/connect/poll", (request, reply) => open(request, reply, "poll"));
  app.get("/v1/connect/:id/sse", { exposeHeadRoute: false }, (request: CarrierRequest, reply) => {
    const carrier = find(request);
    return carrier === undefined ? gone(reply) : attach(reply, carrier, "sse", false);
  });
  app.post("/v1/connect/:id/poll", (request: CarrierRequest, reply) => {
    const carrier = find(request);
    return carrier === undefined ? gone(reply) : attach(reply, carrier, "poll", false);
  });
  app.post("/v1/connect/:id/frames", async (request: CarrierRequest, reply) => {
    const first = parseCount(request.query.first);
    if (Number(request.headers["content-length"] ?? 0) > MAX_UP_BODY_BYTES) return sendError(reply, "LIMIT_EXCEEDED");
    const body = await collect(request.raw);
    if (body === undefined) return sendError(reply, "LIMIT_EXCEEDED");
    const carrier = find(request);
    if (carrier === undefined) return gone(reply);
    const frames = decodeUpBody(body);
    if (!frames.ok || first === undefined || first === 0 || !carrier.receive(first, frames.value))
      return sendError(reply, "MALFORMED_FIELD");
    return reply.code(204).header("cache-control", "no-store").send();
  });
  app.delete("/v1/connect/:id", (request: CarrierRequest, reply) => {
    if (!foreign(request)) carriers.find(request.params.id)?.terminate();
    return reply.code(204).header("cache-control", "no-store").send();
  });
}

function parseCount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/** `undefined` when there is more than any client of ours sends. */
async function collect(request: IncomingMessage): Promise<Uint8Array | undefined> {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    sizeBytes += part.length;
    if (sizeBytes > MAX_UP_BODY_BYTES) return undefined;
    parts.push(part);
  }
  // A copy: the gateway may keep parts of a frame for as long as it likes.
  return new Uint8Array(Buffer.concat(parts));
}
