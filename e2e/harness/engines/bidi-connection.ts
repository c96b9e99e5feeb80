/** A connection of the W3C's WebDriver BiDi protocol: commands with ids, answers, events. */
interface Answer {
  readonly id?: number;
  readonly type: "success" | "error" | "event";
  readonly result?: Record<string, unknown>;
  readonly error?: string;
  readonly message?: string;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
}

interface Waiting {
  resolve(result: Record<string, unknown>): void;
  reject(error: Error): void;
}

export class BidiConnection {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listener: (method: string, parameters: Record<string, unknown>) => void;
  #lastId = 0;

  private constructor(socket: WebSocket, listener: (method: string, parameters: Record<string, unknown>) => void) {
    this.#socket = socket;
    this.#listener = listener;
    socket.addEventListener("message", ({ data }) => this.#take(JSON.parse(String(data)) as Answer));
    socket.addEventListener("close", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("the browser is gone"));
      this.#waiting.clear();
    });
  }

  static async open(url: string, listener: (method: string, parameters: Record<string, unknown>) => void): Promise<BidiConnection> {
    const socket = new WebSocket(url);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", () => resolve(), { once: true });
      socket.addEventListener("error", () => reject(new Error(`no BiDi at ${url}`)), { once: true });
    });
    return new BidiConnection(socket, listener);
  }

  command(method: string, params: Record<string, unknown>): Promise<Record<string, unknown>> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (this.#socket.readyState !== WebSocket.OPEN) return reject(new Error("the browser is gone"));
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  close(): void {
    this.#socket.close();
  }

  #take(answer: Answer): void {
    if (answer.type === "event") return this.#listener(answer.method ?? "", answer.params ?? {});
    const waiting = this.#waiting.get(answer.id ?? 0);
    this.#waiting.delete(answer.id ?? 0);
    if (answer.type === "success") waiting?.resolve(answer.result ?? {});
    else waiting?.reject(new Error(`${answer.error}: ${answer.message}`));
  }
}
