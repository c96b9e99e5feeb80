/**
 * HTTP for frames over `fetch`, whose answers can be read as they come in every engine. Not `EventSource`: it hides the status, repeats by
 * itself, and cannot be used in every worker.
 */
import type { Bytes, StreamingHttp } from "@hawser/base";

export function fetchStreamingHttp(): StreamingHttp {
  return {
    begin({ method, url, body }) {
      const abort = new AbortController();
      const answer = fetch(url, {
        method,
        signal: abort.signal,
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        // A goodbye outlives the page that says it.
        keepalive: method === "DELETE",
        ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }),
      }).then((response) => ({ status: response.status, body: chunks(response) }));
      return { answer, cancel: () => abort.abort() };
    },
  };
}

/** Safari cannot iterate a stream with `for await`. */
async function* chunks(response: Response): AsyncGenerator<Bytes> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
