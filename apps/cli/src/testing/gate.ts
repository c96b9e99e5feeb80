/** A real TCP gate before a real server, which can be broken in one way at a time, as networks and servers break. */
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export type GateMode =
  | "open"
  /** Nobody listens. */
  | "gone"
  /** Connections are accepted, and that is all. */
  | "mute"
  /** A proxy that passes requests on without their wish to upgrade. */
  | "no-upgrade"
  /** A network that shows its login page to everybody. */
  | "login-page"
  /** A proxy that cannot reach what is behind it. */
  | "bad-gateway"
  /** The server speaks only a protocol newer than ours. */
  | "newer";

const page = (status: string, headers: string, body: string): string =>
  `HTTP/1.1 ${status}\r\nConnection: close\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
const ANSWERS: Partial<Record<GateMode, string>> = {
  "login-page": page("200 OK", "Content-Type: text/html\r\n", "<html><title>Welcome to Harbour Wi-Fi</title></html>"),
  "bad-gateway": page("502 Bad Gateway", "Content-Type: text/html\r\n", "<html>502 Bad Gateway</html>"),
};

export class Gate {
  readonly #sockets = new Set<Socket>();
  #server: Server;
  #mode: GateMode = "open";
  #port = 0;
  target = 0;

  constructor() {
    this.#server = this.#make();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async set(mode: GateMode): Promise<void> {
    if (mode === this.#mode) return;
    const before = this.#mode;
    this.#mode = mode;
    for (const socket of this.#sockets) socket.destroy();
    if (mode === "gone") await new Promise((resolve) => this.#server.close(resolve));
    else if (before === "gone") {
      this.#server = this.#make();
      await this.open();
    }
  }

  async close(): Promise<void> {
    await this.set("gone");
  }

  #make(): Server {
    return createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => this.#sockets.delete(socket));
      const answer = ANSWERS[this.#mode];
      if (answer !== undefined) socket.once("data", () => socket.end(answer));
      else if (this.#mode !== "mute") this.#pass(socket, this.#mode);
    });
  }

  #pass(socket: Socket, mode: GateMode): void {
    const server = connect(this.target, "127.0.0.1");
    this.#sockets.add(server);
    server.on("error", () => socket.destroy());
    server.on("close", () => {
      this.#sockets.delete(server);
      socket.destroy();
    });
    socket.on("close", () => server.destroy());
    socket.on("data", (data) => server.write(mode === "no-upgrade" ? withoutUpgrade(data) : data));
    server.on("data", (data) => socket.write(mode === "newer" ? fromTheFuture(data) : data));
  }
}

const withoutUpgrade = (data: Buffer): Buffer =>
  Buffer.from(data.toString("latin1").replace(/^(Upgrade|Connection): .*\r\n/gim, ""), "latin1");

/** `protocol_min` and `protocol_max` of ServerHello (fields 4 and 5), and the same in `/healthz`: one raised to two. */
function fromTheFuture(data: Buffer): Buffer {
  const text = data.toString("latin1");
  return Buffer.from(text.replace("\x20\x01\x28\x01", "\x20\x02\x28\x02").replace('{"min":1,"max":1}', '{"min":2,"max":2}'), "latin1");
}
