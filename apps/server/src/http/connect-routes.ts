/**
 * Connections where WebSockets do not get through: an event stream or long polls downwards, POSTs upwards. Invariant: bodies are bounded
 * before they are read. docs/PROTOCOL.md, "Without WebSockets".
 */
import type { IncomingMessage } from "node:http";
import { MAX_UP_BODY_BYTES } from "@hawser/wire";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { sendError } from "./answers.ts";
import type { ClientAddressOf } from "./client-address.ts";
import { type ConnectCall, ConnectDesk, type ConnectDeskOptions, type ConnectRefusal } from "./connect-desk.ts";
import type { FrameAnswer } from "./downlinks.ts";
import type { HttpCarrier } from "./http-carrier.ts";

export interface ConnectRouteOptions extends ConnectDeskOptions {
  readonly addressOf: ClientAddressOf;
  /** A page may connect only to the server it came from; other programs send no Origin. */
  allowsOrigin(origin: string, request: IncomingMessage): boolean;
}

const BUSY_RETRY_MS = 5_000;

type CarrierRequest = FastifyRequest<{ Params: { id: string }; Querystring: { after?: string; first?: string } }>;

export function registerConnectRoutes(app: FastifyInstance, options: ConnectRouteOptions): void {
  const desk = new ConnectDesk(options);
  const isForeign = (request: FastifyRequest): boolean => {
    const { origin } = request.headers;
    return origin !== undefined && !options.allowsOrigin(origin, request.raw);
  };
  const callOf = (request: CarrierRequest): ConnectCall & { readonly first: string | undefined } => ({
    id: request.params.id,
    isForeign: isForeign(request),
    after: request.query.after,
    first: request.query.first,
  });
  const open = (request: FastifyRequest, reply: FastifyReply, kind: HttpCarrier["kind"]): FastifyReply => {
    const caller = { isForeign: isForeign(request), address: options.addressOf(request.raw) };
    return refuse(reply, desk.open(kind, caller, begin(reply)));
  };
  const resume = (request: CarrierRequest, reply: FastifyReply, kind: HttpCarrier["kind"]): FastifyReply =>
    refuse(reply, desk.resume(kind, callOf(request), begin(reply)));

  app.get("/v1/connect/sse", { exposeHeadRoute: false }, (request, reply) => open(request, reply, "sse"));
  app.post("/v1/connect/poll", (request, reply) => open(request, reply, "poll"));
  app.get("/v1/connect/:id/sse", { exposeHeadRoute: false }, (request: CarrierRequest, reply) => resume(request, reply, "sse"));
  app.post("/v1/connect/:id/poll", (request: CarrierRequest, reply) => resume(request, reply, "poll"));
  app.post("/v1/connect/:id/frames", async (request: CarrierRequest, reply) => {
    if (Number(request.headers["content-length"] ?? 0) > MAX_UP_BODY_BYTES) return sendError(reply, "LIMIT_EXCEEDED");
    const body = await collect(request.raw);
    if (body === undefined) return sendError(reply, "LIMIT_EXCEEDED");
    const refusal = desk.take(callOf(request), body);
    return refusal === undefined ? done(reply) : refuse(reply, refusal);
  });
  app.delete("/v1/connect/:id", (request: CarrierRequest, reply) => {
    desk.end(callOf(request));
    return done(reply);
  });
}

const done = (reply: FastifyReply): FastifyReply => reply.code(204).header("cache-control", "no-store").send();

/** Takes the answer out of fastify's hands, with the headers that it has so far. */
const begin = (reply: FastifyReply) => (): FrameAnswer => {
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) reply.raw.setHeader(name, value);
  return reply.raw;
};

function refuse(reply: FastifyReply, refusal: ConnectRefusal | undefined): FastifyReply {
  switch (refusal) {
    case undefined:
      return reply;
    case "foreign":
      return reply.code(403).send();
    case "gone":
      return reply.code(404).header("cache-control", "no-store").send();
    case "busy":
      return sendError(reply, "OVERLOADED", BUSY_RETRY_MS);
    case "malformed":
      return sendError(reply, "MALFORMED_FIELD");
  }
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
