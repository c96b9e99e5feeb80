/** The two kinds of answers that carry frames down: an event stream that stays open, and the answer to one long poll. */
import type { ServerResponse } from "node:http";
import { fromHex } from "@hawser/base";
import { DOWN_BODY_BYTES, encodeDownRecord, encodeStreamEvent, STREAM_PADDING } from "@hawser/wire";
import type { CarrierTable } from "./carrier-table.ts";
import type { DownFrame, Downlink, HttpCarrier } from "./http-carrier.ts";

/** A poll without news is answered before proxies lose their patience. docs/PROTOCOL.md, "Without WebSockets". */
export const POLL_HOLD_MS = 20_000;

/** `no-transform` and X-Accel-Buffering: what a proxy holds back arrives too late. */
const HEADERS = { "cache-control": "no-store, no-transform", "x-accel-buffering": "no" } as const;

/** Streams until the connection or the request ends. `first`: the client does not know the connection's id yet. */
export function attachStream(table: CarrierTable, carrier: HttpCarrier, response: ServerResponse, first: boolean): void {
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
export function attachPoll(table: CarrierTable, carrier: HttpCarrier, response: ServerResponse, first: boolean): void {
  const waiting: DownFrame[] = [];
  let end: { readonly code: number; readonly reason: string } | undefined;
  let answered = false;
  let soon: NodeJS.Immediate | undefined;

  const answer = (): void => {
    if (answered) return;
    answered = true;
    clearTimeout(hold);
    clearImmediate(soon);
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
    soon ??= setImmediate(answer);
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
  const hold = setTimeout(answer, POLL_HOLD_MS);
  response.on("close", () => {
    answered = true;
    clearTimeout(hold);
    clearImmediate(soon);
    carrier.detach(downlink, table.nowMs);
  });
  carrier.attach(downlink);
}
