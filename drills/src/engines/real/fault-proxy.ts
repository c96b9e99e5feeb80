/**
 * The drill's front between real sockets: HTTP and WebSockets pass to the server's process unless the front takes a frame. One address
 * for each kind of phone, so that the front knows them apart as a provider does; the first is the origin.
 */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type RawData, WebSocket, WebSocketServer } from "ws";
import type { FaultyFront, Peer } from "../../front/faulty-front.ts";
import type { Platform } from "../../stage.ts";

const LONGEST_BLOB_PATH = /^\/v1\/blobs\//;
const APPLICATION_CODES_FROM = 3_000;
const NORMAL_CLOSURE = 1_000;

export class FaultProxy {
  readonly #front: FaultyFront;
  readonly #servers = new Map<Platform, Server>();
  readonly #sockets = new Set<Socket>();
  #targetPort = 0;
  blobs: "works" | "hangs" | number = "works";

  constructor(front: FaultyFront) {
    this.#front = front;
  }

  forwardTo(port: number): void {
    this.#targetPort = port;
  }

  /** The address for devices of this kind. */
  async address(platform: Platform): Promise<string> {
    let server = this.#servers.get(platform);
    if (server === undefined) {
      server = this.#listen(platform);
      this.#servers.set(platform, server);
      await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
    }
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cutAll();
    for (const server of this.#servers.values()) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  #listen(platform: Platform): Server {
    const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
    const server = createServer((from, to) => this.#pass(from, to));
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    server.on("upgrade", (from, socket, head) => {
      socket.on("error", () => socket.destroy());
      sockets.handleUpgrade(from, socket, head, (client) => this.#relay(platform, from, client));
    });
    return server;
  }

  #pass(from: IncomingMessage, to: ServerResponse): void {
    const isBlob = LONGEST_BLOB_PATH.test(from.url ?? "");
    if (isBlob && this.blobs === "hangs") return void from.resume();
    if (isBlob && typeof this.blobs === "number") return void to.writeHead(this.blobs).end();
    const onward = request(
      { host: "127.0.0.1", port: this.#targetPort, method: from.method, path: from.url, headers: from.headers },
      (answer) => {
        to.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(to);
      },
    );
    onward.once("error", () => to.destroy());
    to.once("close", () => onward.destroy());
    from.pipe(onward);
  }

  #relay(platform: Platform, from: IncomingMessage, client: WebSocket): void {
    const { origin } = from.headers;
    const server = new WebSocket(`ws://127.0.0.1:${this.#targetPort}${from.url}`, {
      perMessageDeflate: false,
      ...(origin === undefined ? {} : { origin }),
    });
    const peer: Peer = { platform, send: (frame) => client.send(frame), close: (code) => client.close(code) };
    const early: RawData[] = [];
    const up = (data: RawData): void => {
      if (this.#front.takes(peer, bytesOf(data))) return;
      if (server.readyState === WebSocket.CONNECTING) early.push(data);
      else if (server.readyState === WebSocket.OPEN) server.send(data as Buffer);
    };
    client.on("message", up);
    server.on("open", () => early.splice(0).forEach((data) => server.send(data as Buffer)));
    server.on("message", (data) => {
      if (client.readyState === WebSocket.OPEN && !this.#front.withholds(peer, bytesOf(data))) client.send(data as Buffer);
    });
    for (const [ended, other] of [
      [client, server],
      [server, client],
    ] as const) {
      ended.on("error", () => other.terminate());
      ended.on("close", (code) => {
        this.#front.closed(peer);
        if (other.readyState === WebSocket.OPEN && (code === NORMAL_CLOSURE || code >= APPLICATION_CODES_FROM)) other.close(code);
        else other.terminate();
      });
    }
  }
}

const bytesOf = (data: RawData): Uint8Array => new Uint8Array(data as Buffer);
