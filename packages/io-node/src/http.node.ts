/** `Http` for blobs over Node's own client, with kept-alive connections. */
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { type Http, type HttpRequest, type HttpResponse, OperationalError } from "@hawser/base";

export interface NodeHttpOptions {
  /** A certificate authority in PEM, for servers with a certificate of their own making. */
  readonly certificateAuthority?: string;
}

const MAX_CONNECTIONS_PER_HOST = 8;
const RETRY_AFTER_MS = 1_000;

/** Redirects are not followed: a blob lives where its server says, and nowhere else. */
export function nodeHttp(options: NodeHttpOptions = {}): Http & { close(): void } {
  const agents = {
    "http:": new HttpAgent({ keepAlive: true, maxSockets: MAX_CONNECTIONS_PER_HOST }),
    "https:": new HttpsAgent({
      keepAlive: true,
      maxSockets: MAX_CONNECTIONS_PER_HOST,
      ...(options.certificateAuthority === undefined ? {} : { ca: options.certificateAuthority }),
    }),
  };
  return {
    request: (request) => send(request, agents),
    close(): void {
      agents["http:"].destroy();
      agents["https:"].destroy();
    },
  };
}

function send(request: HttpRequest, agents: { "http:": HttpAgent; "https:": HttpsAgent }): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const fail = (code: string, cause: unknown): void =>
      reject(new OperationalError(code, { message: "no answer from the server", retry: { afterMs: RETRY_AFTER_MS }, cause }));
    let url: URL;
    try {
      url = new URL(request.url);
    } catch (cause) {
      fail("MALFORMED_FIELD", cause);
      return;
    }
    const secure = url.protocol === "https:";
    const outgoing = (secure ? httpsRequest : httpRequest)(url, {
      method: request.method,
      agent: secure ? agents["https:"] : agents["http:"],
      headers: { ...request.headers, ...(request.body === undefined ? {} : { "content-length": String(request.body.length) }) },
    });
    // One deadline for the whole exchange, not one that each byte renews.
    const deadline = setTimeout(() => {
      outgoing.destroy();
      fail("TIMEOUT", undefined);
    }, request.timeoutMs);
    outgoing.on("error", (cause) => {
      clearTimeout(deadline);
      fail("STORE_UNAVAILABLE", cause);
    });
    outgoing.on("response", (response) => {
      collect(response, request.maxResponseBytes).then(
        (answer) => {
          clearTimeout(deadline);
          resolve(answer);
        },
        (cause: unknown) => {
          clearTimeout(deadline);
          outgoing.destroy();
          if (cause instanceof OperationalError) reject(cause);
          else fail("STORE_UNAVAILABLE", cause);
        },
      );
    });
    outgoing.end(request.body);
  });
}

async function collect(response: IncomingMessage, maxBytes: number): Promise<HttpResponse> {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    sizeBytes += part.length;
    if (sizeBytes > maxBytes) throw new OperationalError("LIMIT_EXCEEDED", { message: "the answer is larger than asked for" });
    parts.push(part);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return { status: response.statusCode ?? 0, headers, body: new Uint8Array(Buffer.concat(parts)) };
}
