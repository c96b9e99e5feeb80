/** WebSocket connections on the same port, at /v1/connect and nowhere else. */
import type { IncomingMessage, Server } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { MAX_FRAME_BYTES } from "@hawser/wire";
import type { FrameSocket } from "../gateway/index.ts";
import { answerHandshake } from "../websocket/handshake.ts";
import { ServerSocket } from "../websocket/server-socket.ts";
import type { ClientAddressOf } from "./client-address.ts";

export interface UpgradeOptions {
  readonly addressOf: ClientAddressOf;
  /** A page may connect only to the server it came from; other programs send no Origin. */
  allowsOrigin(origin: string, request: IncomingMessage): boolean;
  accept(socket: FrameSocket, remoteAddress: string): void;
}

const PATH = "/v1/connect";

export function attachWebSocket(server: Server, options: UpgradeOptions): void {
  server.on("upgrade", (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on("error", destroy);
    const { origin } = request.headers;
    if (request.url?.split("?", 1)[0] !== PATH) return refuse(stream, "404 Not Found");
    if (origin !== undefined && !options.allowsOrigin(origin, request)) return refuse(stream, "403 Forbidden");
    const handshake = answerHandshake(request);
    if (!handshake.ok) return refuse(stream, handshake.status);
    if (stream instanceof Socket) stream.setTimeout(0).setNoDelay(true);
    const socket = new ServerSocket(stream, MAX_FRAME_BYTES);
    // One packet for the answer and the first words of the gateway.
    stream.cork();
    stream.write(handshake.response, "latin1");
    options.accept(socket, options.addressOf(request));
    stream.uncork();
    socket.begin(head);
  });
}

/** Not a closure: it would keep the request, with all its headers, for as long as the connection lives. */
function destroy(this: Duplex): void {
  this.destroy();
}

function refuse(stream: Duplex, status: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
