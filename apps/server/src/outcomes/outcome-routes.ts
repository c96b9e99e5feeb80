/** `GET /v1/outcomes`: the stream, for a status service that keeps its own place in it. docs/OPERATIONS.md, "Outcomes". */
import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { MAX_READ_OUTCOMES, type OutcomeStore } from "./outcome-store.ts";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Without a token nobody may read: the path is then one that does not exist. */
export function registerOutcomeRoutes(app: FastifyInstance, adminToken: string | undefined, store: () => OutcomeStore): void {
  const expected = adminToken === undefined || adminToken === "" ? undefined : digest(`Bearer ${adminToken}`);
  app.get("/v1/outcomes", async (request, reply) => {
    const given = request.headers.authorization;
    if (expected === undefined || given === undefined || !timingSafeEqual(digest(given), expected))
      return reply.code(404).type("text/plain").send("Not found\n");
    const { after, limit } = request.query as Readonly<Record<string, unknown>>;
    const lines = store()
      .read(wholeNumber(after, 0), wholeNumber(limit, MAX_READ_OUTCOMES))
      .map(({ segment, ...row }) => `${JSON.stringify({ ...row, ...segment })}\n`);
    return reply
      .header("cache-control", "no-store")
      .header("hawser-stream", store().streamId)
      .type("application/x-ndjson")
      .send(lines.join(""));
  });
}

const wholeNumber = (text: unknown, otherwise: number): number =>
  typeof text === "string" && /^\d{1,15}$/.test(text) ? Number(text) : otherwise;
