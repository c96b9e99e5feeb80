/** WebSocket connections on the same port, at /v1/connect and nowhere else. */
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { MAX_FRAME_BYTES } from "@hawser/wire";
import { type WebSocket, WebSocketServer } from "ws";
import type { ClientAddressOf } from "./client-address.ts";

export interface UpgradeOptions {
  readonly addressOf: ClientAddressOf;
  /** A page may connect only to the server it came from; other programs send no Origin. */
  allowsOrigin(origin: string, request: IncomingMessage): boolean;
  accept(socket: WebSocket, remoteAddress: string): void;
}

const PATH = "/v1/connect";

export function attachWebSocket(server: Server, options: UpgradeOptions): void {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_FRAME_BYTES, clientTracking: false });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", destroy);
    const { origin } = request.headers;
    if (request.url?.split("?", 1)[0] !== PATH) return refuse(socket, "404 Not Found");
    if (origin !== undefined && !options.allowsOrigin(origin, request)) return refuse(socket, "403 Forbidden");
    sockets.handleUpgrade(request, socket, head, (webSocket) => options.accept(webSocket, options.addressOf(request)));
  });
}

/** Not a closure: it would keep the request, with all its headers, for as long as the connection lives. */
function destroy(this: Duplex): void {
  this.destroy();
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
