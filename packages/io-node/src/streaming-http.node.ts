/** HTTP for frames over Node's own client: answers are read as they come, and nothing is cached, followed or remembered. */
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { StreamingHttp } from "@hawser/base";

export interface StreamingHttpOptions {
  /** A certificate authority in PEM, for servers with a certificate of their own making. */
  readonly certificateAuthority?: string;
}

export function nodeStreamingHttp(options: StreamingHttpOptions = {}): StreamingHttp {
  const plain = new HttpAgent({ keepAlive: true });
  const secure = new HttpsAgent({
    keepAlive: true,
    ...(options.certificateAuthority === undefined ? {} : { ca: options.certificateAuthority }),
  });
  return {
    begin({ method, url, body }) {
      const target = new URL(url);
      const isSecure = target.protocol === "https:";
      const headers = {
        "cache-control": "no-store",
        ...(body === undefined ? {} : { "content-type": "application/octet-stream" }),
        ...(method === "POST" ? { "content-length": String(body?.length ?? 0) } : {}),
      };
      const outgoing = (isSecure ? httpsRequest : httpRequest)(target, { method, headers, agent: isSecure ? secure : plain });
      const answer = new Promise<{ status: number; body: IncomingMessage }>((resolve, reject) => {
        outgoing.on("error", reject);
        outgoing.on("close", () => reject(new Error("no answer")));
        outgoing.on("response", (response) => resolve({ status: response.statusCode ?? 0, body: response }));
      });
      outgoing.end(body);
      return { answer, cancel: () => void outgoing.destroy() };
    },
  };
}
