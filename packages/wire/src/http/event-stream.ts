/**
 * Frames as server-sent events (HTML Living Standard, "Server-sent events"), as far as this protocol uses them. Invariant: whatever a
 * stream holds, no more than one event is kept in memory, and that one is bounded. docs/PROTOCOL.md, "Without WebSockets".
 */
import { assert, type Bytes, err, fromBase64Url, fromHex, fromUtf8, ok, type Result, toBase64Url, toHex } from "@hawser/base";
import { MAX_FRAME_BYTES } from "../limits.ts";
import { CARRIER_ID_BYTES, type DownRecord } from "./records.ts";

export type StreamEvent = { readonly kind: "open"; readonly id: Bytes } | DownRecord;
export type StreamError = "malformed" | "too-large";

/** base64url of the largest frame, and the field names. */
const MAX_LINE_CHARACTERS = Math.ceil((MAX_FRAME_BYTES * 4) / 3) + 64;
/** Comments that fill what browsers and some proxies hold back before they pass on the first bytes. */
const PADDING_CHARACTERS = 2_048;

/** The first bytes of a stream, before `open`. */
export const STREAM_PADDING = `:${" ".repeat(PADDING_CHARACTERS)}\n\n`;

export function encodeStreamEvent(event: StreamEvent): string {
  switch (event.kind) {
    case "open":
      return `event: open\ndata: ${toHex(event.id)}\n\n`;
    case "frame":
      return `id: ${event.number}\ndata: ${toBase64Url(event.frame)}\n\n`;
    case "end":
      assert(!/[\r\n]/.test(event.reason), "a reason is one line");
      return `event: end\ndata: ${event.code} ${event.reason}\n\n`;
  }
}

export interface StreamReader {
  /** The events that these bytes complete, in order. After an error the stream is to be given up. */
  read(chunk: Bytes): Result<StreamEvent[], StreamError>;
}

export function createStreamReader(): StreamReader {
  // The line under way, in the pieces it came in.
  let pieces: string[] = [];
  let pieceCharacters = 0;
  let fields = { event: "", id: "", data: "" };
  const endOfEvent = (): Result<StreamEvent | undefined, StreamError> => {
    const event = fields;
    fields = { event: "", id: "", data: "" };
    return event.data === "" ? ok(undefined) : parseEvent(event);
  };
  return {
    read(chunk) {
      const text = fromUtf8(chunk);
      if (text === undefined) return err("malformed");
      const events: StreamEvent[] = [];
      const lines = text.split("\n");
      for (const [i, part] of lines.entries()) {
        pieces.push(part);
        pieceCharacters += part.length;
        if (pieceCharacters > MAX_LINE_CHARACTERS) return err("too-large");
        if (i === lines.length - 1) break;
        const complete = pieces.join("");
        pieces = [];
        pieceCharacters = 0;
        const separator = complete.indexOf(":");
        const name = complete.slice(0, separator);
        if (complete === "") {
          const event = endOfEvent();
          if (!event.ok) return event;
          if (event.value !== undefined) events.push(event.value);
        } else if (name === "event" || name === "id" || name === "data") fields[name] = complete.slice(separator + 1).trim();
      }
      return ok(events);
    },
  };
}

function parseEvent({ event, id, data }: { event: string; id: string; data: string }): Result<StreamEvent | undefined, StreamError> {
  if (event === "open") {
    const bytes = fromHex(data);
    return bytes?.length === CARRIER_ID_BYTES ? ok({ kind: "open", id: bytes }) : err("malformed");
  }
  if (event === "end") {
    const [, code, reason = ""] = /^(\d{4}) ?(.*)$/.exec(data) ?? [];
    return code === undefined ? err("malformed") : ok({ kind: "end", code: Number(code), reason });
  }
  if (event !== "") return ok(undefined);
  const frame = fromBase64Url(data);
  if (frame === undefined || !/^[1-9]\d{0,9}$/.test(id)) return err("malformed");
  return frame.length > MAX_FRAME_BYTES ? err("too-large") : ok({ kind: "frame", number: Number(id), frame });
}
