/** The opening handshake of a WebSocket, the server's half (RFC 6455, section 4.2). No extensions, no subprotocols: the protocol has its own versions. */
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const VERSION = "13";
/** 16 bytes in base64. */
const KEY = /^[+/0-9A-Za-z]{22}==$/;

export type Handshake = { readonly ok: true; readonly response: string } | { readonly ok: false; readonly status: string };

export function answerHandshake({ method, headers }: IncomingMessage): Handshake {
  const key = headers["sec-websocket-key"];
  if (method !== "GET" || headers.upgrade?.toLowerCase() !== "websocket" || key === undefined || !KEY.test(key))
    return { ok: false, status: "400 Bad Request" };
  // The client learns from the status and the header which version there is.
  if (headers["sec-websocket-version"] !== VERSION)
    return { ok: false, status: `426 Upgrade Required\r\nSec-WebSocket-Version: ${VERSION}` };
  const accept = createHash("sha1")
    .update(key + GUID)
    .digest("base64");
  const response = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
  return { ok: true, response };
}
