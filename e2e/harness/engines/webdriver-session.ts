/**
 * A session of the W3C's WebDriver protocol. A session has one current window, so commands of several tabs go one after another, each
 * behind the choice of its window.
 */
const COMMAND_TIMEOUT_MS = 60_000;

export class WebDriverSession {
  readonly #base: string;
  #current: string | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(base: string) {
    this.#base = base;
  }

  static async open(origin: string, alwaysMatch: Record<string, unknown>): Promise<WebDriverSession> {
    const { sessionId } = (await request("POST", `${origin}/session`, { capabilities: { alwaysMatch } })) as { sessionId: string };
    return new WebDriverSession(`${origin}/session/${sessionId}`);
  }

  command(method: "GET" | "POST" | "DELETE", path: string, body?: object): Promise<unknown> {
    return this.#inTurn(() => request(method, this.#base + path, body));
  }

  inWindow(handle: string, method: "GET" | "POST" | "DELETE", path: string, body?: object): Promise<unknown> {
    return this.#inTurn(async () => {
      if (this.#current !== handle) await request("POST", `${this.#base}/window`, { handle });
      this.#current = path === "/window" && method === "DELETE" ? undefined : handle;
      return request(method, this.#base + path, body);
    });
  }

  #inTurn<T>(body: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(body);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }
}

async function request(method: string, url: string, body?: object): Promise<unknown> {
  const response = await fetch(url, {
    method,
    signal: AbortSignal.timeout(COMMAND_TIMEOUT_MS),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const { value } = (await response.json()) as { value: unknown };
  if (response.ok) return value;
  const { error, message } = value as { error: string; message: string };
  throw new Error(`${error}: ${message}`);
}
