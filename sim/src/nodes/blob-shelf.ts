/**
 * The HTTP side of blobs over a virtual shelf: the real books and upload desk decide, as apps/server/src/http/blob-routes.ts has them do.
 * Invariant: bytes are on the shelf before they are in the books, and both outlive the server's process.
 */
import {
  type BlobId,
  type Bytes,
  type Clock,
  type HttpRequest,
  type HttpResponse,
  OperationalError,
  type Primitives,
  toHex,
} from "@hawser/base";
import type { BlobBooks } from "@hawser/relay";
import type { UploadDesk } from "@hawser/server/blobs/upload-desk";

interface Open {
  readonly desk: UploadDesk;
  readonly books: () => BlobBooks;
  readonly clock: Clock;
}

const NOTHING = new Uint8Array(0);
const answer = (status: number, headers: Readonly<Record<string, string>> = {}, body: Bytes = NOTHING): HttpResponse => ({
  status,
  headers,
  body,
});

export class BlobShelf {
  readonly #primitives: Primitives;
  readonly #shelf = new Map<BlobId, Bytes>();
  readonly #parts = new Map<string, Bytes>();
  #open: Open | undefined;

  constructor(primitives: Primitives) {
    this.#primitives = primitives;
  }

  open(open: Open): void {
    this.#open = open;
  }

  shut(): void {
    this.#open = undefined;
  }

  /** For checkers. */
  get stored(): Iterable<Bytes> {
    return this.#shelf.values();
  }

  get(id: BlobId): Bytes | undefined {
    return this.#shelf.get(id);
  }

  /** What calling the result puts back. */
  backUp(): () => void {
    const copy = [...this.#shelf];
    return () => {
      this.#shelf.clear();
      this.#parts.clear();
      for (const [id, bytes] of copy) this.#shelf.set(id, bytes);
    };
  }

  expire(): void {
    if (this.#open === undefined) return;
    for (const id of this.#open.books().expire(this.#open.clock.nowMs())) this.#shelf.delete(id);
  }

  handle(request: HttpRequest): HttpResponse {
    const open = this.#open;
    const match = /\/v1\/blobs\/([0-9a-f]{64})(\/upload)?$/.exec(request.url);
    if (open === undefined || match === null) return answer(404);
    const id = match[1] as BlobId;
    try {
      if (match[2] !== undefined) return this.#resumable(open, id, request);
      return request.method === "PUT" ? this.#put(open, id, request) : this.#get(open, id, request.method);
    } catch (error) {
      if (error instanceof OperationalError) return answer(503, { "retry-after": "2" });
      throw error;
    }
  }

  #get(open: Open, id: BlobId, method: HttpRequest["method"]): HttpResponse {
    const size = open.books().sizeOf(id);
    const bytes = this.#shelf.get(id);
    if (size === undefined || bytes === undefined) return answer(404);
    return answer(200, { "content-length": String(size) }, method === "HEAD" ? NOTHING : bytes.slice());
  }

  #put(open: Open, id: BlobId, { headers, body = NOTHING }: HttpRequest): HttpResponse {
    const ticket = open.desk.ticket(headers?.["authorization"]);
    if (ticket === undefined) return answer(401);
    const entry = { id, account: ticket.account, purpose: ticket.purpose, sizeBytes: body.length };
    if (open.books().sizeOf(id) !== undefined) {
      open.books().enter([entry], open.clock.nowMs());
      return answer(200);
    }
    const room = open.desk.reserve(ticket, body.length);
    if ("error" in room) return answer(room.error === "OVERLOADED" ? 503 : 413, { "retry-after": "1" });
    const good = toHex(this.#primitives.sha256(body)) === id;
    if (good) {
      this.#shelf.set(id, body.slice());
      open.books().enter([entry], open.clock.nowMs());
      room.keep();
    } else room.giveBack();
    return answer(good ? 201 : 422);
  }

  #resumable(open: Open, id: BlobId, { method, headers, body = NOTHING }: HttpRequest): HttpResponse {
    const ticket = open.desk.ticket(headers?.["authorization"]);
    if (ticket === undefined) return answer(401);
    const key = `${id}.${ticket.account}.${ticket.purpose}`;
    const there = this.#parts.get(key) ?? NOTHING;
    const whole = open.books().sizeOf(id);
    if (method === "HEAD" || whole !== undefined)
      return answer(method === "HEAD" ? 200 : 204, { "upload-offset": String(whole ?? there.length) });
    if (Number(headers?.["upload-offset"]) !== there.length) return answer(409, { "upload-offset": String(there.length) });
    const now = new Uint8Array([...there, ...body]);
    this.#parts.set(key, now);
    if (now.length < Number(headers?.["upload-length"])) return answer(204, { "upload-offset": String(now.length) });
    if (toHex(this.#primitives.sha256(now)) !== id) return answer(422);
    this.#shelf.set(id, now);
    open.books().enter([{ id, account: ticket.account, purpose: ticket.purpose, sizeBytes: now.length }], open.clock.nowMs());
    return answer(204, { "upload-offset": String(now.length) });
  }
}
