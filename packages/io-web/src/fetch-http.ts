/** `Http` for blobs over `fetch`. One deadline for the whole exchange; redirects are refused, answers are bounded. */
import { concat, type Bytes, type Http, type HttpRequest, type HttpResponse, OperationalError } from "@hawser/base";

const RETRY_AFTER_MS = 1_000;

export const fetchHttp: Http = {
  async request(request: HttpRequest): Promise<HttpResponse> {
    const deadline = AbortSignal.timeout(request.timeoutMs);
    try {
      const response = await fetch(request.url, {
        method: request.method,
        headers: { ...request.headers },
        body: (request.body ?? null) as Uint8Array<ArrayBuffer> | null,
        signal: deadline,
        redirect: "error",
        credentials: "omit",
        cache: "no-store",
        referrerPolicy: "no-referrer",
      });
      const body = await collect(response, request.maxResponseBytes);
      return { status: response.status, headers: Object.fromEntries(response.headers), body };
    } catch (cause) {
      if (cause instanceof OperationalError) throw cause;
      const code = deadline.aborted ? "TIMEOUT" : "STORE_UNAVAILABLE";
      throw new OperationalError(code, { message: "no answer from the server", retry: { afterMs: RETRY_AFTER_MS }, cause });
    }
  },
};

async function collect(response: Response, maxBytes: number): Promise<Bytes> {
  const parts: Bytes[] = [];
  let sizeBytes = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const part = await reader?.read();
    if (part?.value === undefined) return concat(...parts);
    sizeBytes += part.value.length;
    if (sizeBytes > maxBytes) {
      await reader?.cancel();
      throw new OperationalError("LIMIT_EXCEEDED", { message: "the answer is larger than asked for" });
    }
    parts.push(part.value);
  }
}
