/** The two kinds of answers that carry frames down: an event stream that stays open, and the answer to one long poll. */
import { fromHex } from "@hawser/base";
import { DOWN_BODY_BYTES, encodeDownRecord, encodeStreamEvent, STREAM_PADDING } from "@hawser/wire";
import type { CarrierTable } from "./carrier-table.ts";
import type { DownFrame, Downlink, HttpCarrier } from "./http-carrier.ts";

/** A poll without news is answered before proxies lose their patience. docs/PROTOCOL.md, "Without WebSockets". */
export const POLL_HOLD_MS = 20_000;

/** `no-transform` and X-Accel-Buffering: what a proxy holds back arrives too late. */
const HEADERS = { "cache-control": "no-store, no-transform", "x-accel-buffering": "no" } as const;

/** What carries an answer: Node's `ServerResponse` is one. */
export interface FrameAnswer {
  writeHead(status: number, headers: Readonly<Record<string, string | number>>): unknown;
  write(chunk: string | Uint8Array): unknown;
  /** `done` once everything has left this process. */
  end(chunk?: string | Uint8Array, done?: () => void): unknown;
  /** The request is over, whoever ended it. */
  on(event: "close", listener: () => void): unknown;
}

/** Streams until the connection or the request ends. `first`: the client does not know the connection's id yet. */
export function attachStream(table: CarrierTable, carrier: HttpCarrier, response: FrameAnswer, first: boolean): void {
  response.writeHead(200, { ...HEADERS, "content-type": "text/event-stream; charset=utf-8" });
  response.write(STREAM_PADDING);
  if (first) response.write(encodeStreamEvent({ kind: "open", id: fromHex(carrier.id)! }));
  const downlink: Downlink = {
    write(frames) {
      for (const { number, frame } of frames) response.write(encodeStreamEvent({ kind: "frame", number, frame }));
    },
    end(code, reason) {
      response.end(encodeStreamEvent({ kind: "end", code, reason }), () => carrier.terminate());
    },
    stir: () => void response.write(":\n\n"),
    drop: () => void response.end(),
  };
  response.on("close", () => carrier.detach(downlink, table.nowMs));
  carrier.attach(downlink);
}

/** Answers as soon as there is something, or when the client should ask again. */
export function attachPoll(table: CarrierTable, carrier: HttpCarrier, response: FrameAnswer, first: boolean): void {
  const waiting: DownFrame[] = [];
  let end: { readonly code: number; readonly reason: string } | undefined;
  let answered = false;
  let isSoon = false;

  const answer = (): void => {
    if (answered) return;
    answered = true;
    cancelHold();
    carrier.detach(downlink, table.nowMs);
    const parts: Uint8Array[] = first ? [fromHex(carrier.id)!] : [];
    let sizeBytes = 0;
    let written = 0;
    for (const { number, frame } of waiting) {
      sizeBytes += frame.length;
      if (written > 0 && sizeBytes > DOWN_BODY_BYTES) break;
      parts.push(encodeDownRecord({ kind: "frame", number, frame }));
      written++;
    }
    const over = end !== undefined && written === waiting.length;
    if (over) parts.push(encodeDownRecord({ kind: "end", ...end! }));
    const body = Buffer.concat(parts);
    response.writeHead(200, { ...HEADERS, "content-type": "application/octet-stream", "content-length": body.length });
    response.end(body, () => (over ? carrier.terminate() : undefined));
  };
  // What one flush of the gateway writes leaves in one answer.
  const answerSoon = (): void => {
    if (isSoon) return;
    isSoon = true;
    table.soon(answer);
  };
  const downlink: Downlink = {
    write(frames) {
      waiting.push(...frames);
      answerSoon();
    },
    end(code, reason) {
      end = { code, reason };
      answerSoon();
    },
    stir: answerSoon,
    drop: answer,
  };
  const cancelHold = table.after(POLL_HOLD_MS, answer);
  response.on("close", () => {
    answered = true;
    cancelHold();
    carrier.detach(downlink, table.nowMs);
  });
  carrier.attach(downlink);
}
