/**
 * For tests: an HTTP proxy before a server, with the manners of real ones. It strips or refuses or forgets upgrades, holds answers back,
 * cuts connections, takes its time. What it does can be changed while it runs; connections keep what they began with.
 */
import { createServer, type IncomingMessage, request as httpRequest, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";

export interface ProxyManners {
  /** What an upgrade meets. `stripped`: its headers are taken away, as proxies do that do not know them. */
  readonly upgrade?: "works" | "stripped" | "503" | "hangs";
  /** Answers are held back until they have ended or reached this size. */
  readonly holdBackBytes?: number;
  /** Every connection of a client is cut after so long, or after so many bytes downwards. */
  readonly cutAfterMs?: number;
  readonly cutAfterBytes?: number;
  /** Each piece arrives so much later. */
  readonly delayMs?: number;
}

export interface ProxyFromHell {
  readonly url: string;
  /** What it stands before; may be set once the proxy's own address is known. */
  upstreamUrl: string;
  manners: ProxyManners;
  /** Upgrades that were asked for so far, whatever they met. */
  readonly upgradesTried: number;
  /** Cuts every connection there is, as a change of networks does. */
  cutAll(): void;
  stop(): Promise<void>;
}

export async function startProxyFromHell(upstreamUrl = "http://127.0.0.1:9", manners: ProxyManners = {}): Promise<ProxyFromHell> {
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => forward(request, response, new URL(proxy.upstreamUrl), proxy.manners));
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    const timer = proxy.manners.cutAfterMs === undefined ? undefined : setTimeout(() => socket.destroy(), proxy.manners.cutAfterMs);
    socket.on("close", () => {
      clearTimeout(timer);
      sockets.delete(socket);
    });
  });
  let upgradesTried = 0;
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    upgradesTried++;
    upgrade(request, socket, head, new URL(proxy.upstreamUrl), proxy.manners);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cutAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const proxy: ProxyFromHell = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    upstreamUrl,
    manners,
    get upgradesTried() {
      return upgradesTried;
    },
    cutAll,
    stop: () => stop(server, cutAll),
  };
  return proxy;
}

async function stop(server: Server, cutAll: () => void): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  cutAll();
  await closed;
}

const HOP_BY_HOP = new Set(["connection", "upgrade", "keep-alive", "transfer-encoding", "sec-websocket-key", "sec-websocket-version"]);

function forward(request: IncomingMessage, response: ServerResponse, upstream: URL, manners: ProxyManners): void {
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !HOP_BY_HOP.has(name)));
  const { delayMs = 0 } = manners;
  const outgoing = httpRequest({ host: upstream.hostname, port: upstream.port, method: request.method, path: request.url, headers });
  outgoing.on("error", () => response.destroy());
  response.on("error", () => outgoing.destroy());
  response.on("close", () => outgoing.destroy());
  outgoing.on("response", (answer) => later(delayMs, () => passDown(answer, response, manners)));
  request.on("data", (chunk: Buffer) => later(delayMs, () => outgoing.write(chunk)));
  request.on("end", () => later(delayMs, () => outgoing.end()));
}

function passDown(
  answer: IncomingMessage,
  response: ServerResponse,
  { holdBackBytes = 0, cutAfterBytes = Infinity, delayMs = 0 }: ProxyManners,
): void {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let sentBytes = 0;
  const head = (): void => {
    if (response.headersSent || response.destroyed) return;
    const headers = Object.entries(answer.headers).filter(([name, value]) => value !== undefined && !HOP_BY_HOP.has(name));
    response.writeHead(answer.statusCode ?? 502, Object.fromEntries(headers));
  };
  const flush = (): void => {
    head();
    for (const chunk of held) {
      sentBytes += chunk.length;
      if (sentBytes > cutAfterBytes) return void response.destroy();
      response.write(chunk);
    }
    held = [];
    heldBytes = 0;
  };
  if (holdBackBytes === 0) {
    head();
    response.flushHeaders();
  }
  answer.on("data", (chunk: Buffer) =>
    later(delayMs, () => {
      held.push(chunk);
      heldBytes += chunk.length;
      if (heldBytes >= holdBackBytes) flush();
    }),
  );
  answer.on("error", () => response.destroy());
  answer.on("end", () =>
    later(delayMs, () => {
      flush();
      response.end();
    }),
  );
}

function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, upstream: URL, manners: ProxyManners): void {
  socket.on("error", () => socket.destroy());
  switch (manners.upgrade ?? "works") {
    case "hangs":
      return;
    case "503":
      socket.end("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    case "stripped":
      return answerStripped(request, socket, upstream);
    case "works":
      return tunnel(request, socket, head, upstream, manners);
  }
}

/** The server sees a plain GET, and the client its plain answer. */
function answerStripped(request: IncomingMessage, socket: Duplex, upstream: URL): void {
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !HOP_BY_HOP.has(name)));
  const outgoing = httpRequest({ host: upstream.hostname, port: upstream.port, path: request.url, headers }, (answer) => {
    answer.resume();
    socket.end(`HTTP/1.1 ${answer.statusCode} Answer\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  });
  outgoing.on("error", () => socket.destroy());
  outgoing.end();
}

function tunnel(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  upstream: URL,
  { cutAfterBytes = Infinity, delayMs = 0 }: ProxyManners,
): void {
  const up = connect(Number(upstream.port), upstream.hostname);
  const lines = request.rawHeaders.reduce((text, word, i) => text + (i % 2 === 0 ? `${word}: ` : `${word}\r\n`), "");
  let downBytes = 0;
  up.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines}\r\n`);
  up.write(head);
  up.on("data", (chunk) => {
    downBytes += chunk.length;
    if (downBytes > cutAfterBytes) socket.destroy();
    else later(delayMs, () => socket.write(chunk));
  });
  socket.on("data", (chunk: Buffer) => later(delayMs, () => up.write(chunk)));
  for (const [one, other] of [
    [up, socket],
    [socket, up],
  ] as const) {
    one.on("error", () => other.destroy());
    one.on("close", () => other.destroy());
  }
}

function later(delayMs: number, act: () => void): void {
  if (delayMs === 0) act();
  else setTimeout(act, delayMs);
}
