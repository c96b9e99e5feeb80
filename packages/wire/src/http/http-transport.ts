/**
 * Frames over plain HTTP, the client's end: up by numbered POSTs, down by one event stream or by one long poll after the other.
 * Invariants: frames arrive in order and once in both directions, however often a request is repeated or a stream is cut; one POST and one
 * request for what comes down are under way at most; whatever goes wrong ends in `closed`, exactly once. docs/PROTOCOL.md, "Without
 * WebSockets".
 */
import {
  type Bytes,
  type Clock,
  concat,
  type FrameConnection,
  type FrameConnectionEvents,
  type HttpExchange,
  type StreamingHttp,
  toHex,
  type Transport,
} from "@hawser/base";
import { createStreamReader, type StreamEvent } from "./event-stream.ts";
import { CARRIER_ID_BYTES, decodeDownRecords, encodeUpBody, MAX_DOWN_BODY_BYTES, UP_BODY_BYTES } from "./records.ts";

/** What the server holds for repetition is told to be superfluous at the latest after so much. */
const ACKNOWLEDGE_AFTER_BYTES = 65_536;
/** Before a request is repeated; after the last one the connection is given up. */
const REPEAT_AFTER_MS = [50, 400, 1_500] as const;
const POST_DEADLINE_MS = 15_000;
/** The server answers a poll within 20 s. */
const POLL_DEADLINE_MS = 35_000;
/** A stream begins with a comment at once. The choice of a transport watches over the first; one that is asked for again is watched here. */
const FIRST_BYTES_MS = 5_000;
/** RFC 6455 §7.4.1: closed without a word. */
const ABNORMAL_CLOSURE = 1006;
/** Answers of the way and not of the server; the same request may fare better. */
const PASSING = new Set([408, 429, 500, 502, 503, 504]);

export type HttpTransportKind = "sse" | "poll";

/** `url` passed to `open` is `http:`, `https:`, `ws:` or `wss:`, without a slash at the end. */
export function httpTransport(kind: HttpTransportKind, http: StreamingHttp, clock: Clock): Transport {
  return {
    kind,
    open: (url, events) => new HttpConnection(kind, { http, clock }, url.replace(/^ws/, "http"), events),
  };
}

class HttpConnection implements FrameConnection {
  readonly #kind: HttpTransportKind;
  readonly #ports: { readonly http: StreamingHttp; readonly clock: Clock };
  readonly #url: string;
  readonly #events: FrameConnectionEvents;
  #id: string | undefined;
  /** Waiting for the server to say that it has them; the first of them has the number `#firstUp`. */
  readonly #up: Bytes[] = [];
  #firstUp = 1;
  #upBytes = 0;
  /** The newest frame from the server. */
  #down = 0;
  #unacknowledgedBytes = 0;
  #posting = false;
  #over = false;
  readonly #underWay = new Set<HttpExchange>();
  #wakeSleepers = new Set<() => void>();

  constructor(
    kind: HttpTransportKind,
    ports: { readonly http: StreamingHttp; readonly clock: Clock },
    url: string,
    events: FrameConnectionEvents,
  ) {
    this.#kind = kind;
    this.#ports = ports;
    this.#url = url;
    this.#events = events;
    void this.#receive();
  }

  get bufferedBytes(): number {
    return this.#upBytes;
  }

  send(frame: Bytes): void {
    if (this.#over) return;
    this.#up.push(frame);
    this.#upBytes += frame.length;
    void this.#post();
  }

  close(code: number, reason: string): void {
    if (this.#over) return;
    if (this.#id !== undefined) {
      const goodbye = this.#ports.http.begin({ method: "DELETE", url: `${this.#url}/${this.#id}` });
      goodbye.answer.then(drain).catch(() => undefined);
    }
    // As sockets do: nobody hears of the end inside the call that made it.
    void Promise.resolve().then(() => this.#finish(code, reason));
  }

  #finish(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    for (const exchange of this.#underWay) exchange.cancel();
    for (const wake of this.#wakeSleepers) wake();
    this.#events.closed(code, reason);
  }

  /** Down: one stream or poll after the other. A stream that was cut goes on behind the last whole event. */
  async #receive(): Promise<void> {
    let failures = 0;
    while (!this.#over) {
      const before = this.#down;
      const wasOpen = this.#id !== undefined;
      let trouble: string | undefined;
      try {
        trouble = this.#kind === "sse" ? await this.#stream() : await this.#poll();
      } catch {
        trouble = "no answer";
      }
      const moved = this.#down > before || (!wasOpen && this.#id !== undefined);
      if (trouble === undefined || moved) failures = 0;
      if (trouble === undefined || this.#over) continue;
      const pauseMs = this.#id === undefined ? undefined : REPEAT_AFTER_MS[failures++];
      if (pauseMs === undefined) return this.#finish(ABNORMAL_CLOSURE, trouble);
      await this.#sleep(pauseMs);
    }
  }

  async #stream(): Promise<string> {
    const path = this.#id === undefined ? "sse" : `${this.#id}/sse?after=${this.#down}`;
    // Whoever walked into a network that holds streams back would hear of it by the session's watchdog only.
    const held =
      this.#id === undefined ? undefined : this.#ports.clock.after(FIRST_BYTES_MS, () => this.#finish(ABNORMAL_CLOSURE, "held back"));
    return this.#exchange("GET", path, undefined, async (body) => {
      const reader = createStreamReader();
      for await (const chunk of body) {
        held?.();
        const read = reader.read(chunk);
        if (!read.ok) return this.#finish(ABNORMAL_CLOSURE, read.error);
        this.#take(read.value);
      }
    })
      .then((trouble) => trouble ?? "cut")
      .finally(() => held?.());
  }

  async #poll(): Promise<string | undefined> {
    const opening = this.#id === undefined;
    const path = opening ? "poll" : `${this.#id}/poll?after=${this.#down}`;
    return this.#exchange("POST", path, POLL_DEADLINE_MS, async (body) => {
      const bytes = await collect(body);
      const id = opening ? bytes.subarray(0, CARRIER_ID_BYTES) : undefined;
      const records = decodeDownRecords(bytes.subarray(id?.length ?? 0));
      if (!records.ok || (id !== undefined && id.length < CARRIER_ID_BYTES)) return this.#finish(ABNORMAL_CLOSURE, "malformed");
      this.#take([...(id === undefined ? [] : [{ kind: "open", id } as const]), ...records.value]);
    });
  }

  #take(events: readonly StreamEvent[]): void {
    for (const event of events) {
      if (this.#over) return;
      if (event.kind === "open") this.#opened(event.id);
      else if (this.#id === undefined) return this.#finish(ABNORMAL_CLOSURE, "malformed");
      else if (event.kind === "end") return this.#finish(event.code, event.reason);
      else if (event.number === this.#down + 1) {
        this.#down = event.number;
        // A poll acknowledges by itself.
        if (this.#kind === "sse") this.#unacknowledgedBytes += event.frame.length;
        this.#deliver(event.frame);
      } else if (event.number > this.#down) return this.#finish(ABNORMAL_CLOSURE, "a frame is missing");
    }
    if (this.#unacknowledgedBytes >= ACKNOWLEDGE_AFTER_BYTES) void this.#post();
  }

  /** A fault of the listener is its own, and no reason to repeat a request. */
  #deliver(frame: Bytes): void {
    try {
      this.#events.frame(frame);
    } catch (fault) {
      this.#finish(ABNORMAL_CLOSURE, "fault");
      void Promise.reject(fault);
    }
  }

  #opened(id: Bytes): void {
    if (this.#id !== undefined) return;
    this.#id = toHex(id);
    this.#events.opened();
    void this.#post();
  }

  /** Up: what waits, in order, until the server has taken it. */
  async #post(): Promise<void> {
    if (this.#posting || this.#id === undefined) return;
    this.#posting = true;
    let failures = 0;
    while (!this.#over && (this.#up.length > 0 || this.#unacknowledgedBytes >= ACKNOWLEDGE_AFTER_BYTES)) {
      const frames = this.#nextFrames();
      const acknowledged = this.#unacknowledgedBytes;
      const path = `${this.#id}/frames?first=${this.#firstUp}&after=${this.#down}`;
      let trouble: string | undefined;
      try {
        trouble = await this.#exchange("POST", path, POST_DEADLINE_MS, drainBody, encodeUpBody(frames));
      } catch {
        trouble = "no answer";
      }
      if (trouble === undefined) {
        failures = 0;
        this.#firstUp += frames.length;
        this.#up.splice(0, frames.length);
        for (const frame of frames) this.#upBytes -= frame.length;
        this.#unacknowledgedBytes = Math.max(0, this.#unacknowledgedBytes - acknowledged);
        continue;
      }
      const pauseMs = REPEAT_AFTER_MS[failures++];
      if (pauseMs === undefined) this.#finish(ABNORMAL_CLOSURE, trouble);
      else await this.#sleep(pauseMs);
    }
    this.#posting = false;
  }

  #nextFrames(): Bytes[] {
    let sizeBytes = 0;
    const frames: Bytes[] = [];
    for (const frame of this.#up) {
      sizeBytes += frame.length + 4;
      if (frames.length > 0 && sizeBytes > UP_BODY_BYTES) break;
      frames.push(frame);
    }
    return frames;
  }

  /** Why it should be repeated; `undefined` when it went well. A refusal by the server ends the connection. */
  async #exchange(
    method: "GET" | "POST",
    path: string,
    deadlineMs: number | undefined,
    read: (body: AsyncIterable<Bytes>) => Promise<void>,
    body?: Bytes,
  ): Promise<string | undefined> {
    const exchange = this.#ports.http.begin({ method, url: `${this.#url}/${path}`, ...(body === undefined ? {} : { body }) });
    this.#underWay.add(exchange);
    const stop = deadlineMs === undefined ? undefined : this.#ports.clock.after(deadlineMs, () => exchange.cancel());
    try {
      const answer = await exchange.answer;
      if (this.#over) return undefined;
      if (answer.status === 200 || answer.status === 204) {
        await read(answer.body);
        return undefined;
      }
      exchange.cancel();
      if (!PASSING.has(answer.status)) this.#finish(ABNORMAL_CLOSURE, `http ${answer.status}`);
      return `http ${answer.status}`;
    } finally {
      stop?.();
      this.#underWay.delete(exchange);
    }
  }

  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        this.#wakeSleepers.delete(wake);
        resolve();
      };
      const cancel = this.#ports.clock.after(delayMs, wake);
      this.#wakeSleepers.add(wake);
    });
  }
}

async function collect(body: AsyncIterable<Bytes>): Promise<Bytes> {
  const parts: Bytes[] = [];
  let sizeBytes = 0;
  for await (const part of body) {
    sizeBytes += part.length;
    if (sizeBytes > MAX_DOWN_BODY_BYTES) throw new RangeError("the answer is larger than any poll's");
    parts.push(part);
  }
  return concat(...parts);
}

async function drainBody(body: AsyncIterable<Bytes>): Promise<void> {
  await collect(body);
}

const drain = ({ body }: { readonly body: AsyncIterable<Bytes> }): Promise<void> => drainBody(body);
