/** Long histories for tests, and phones that die while they hand one over. */
import type { Http } from "@hawser/base";
import { nodeHttp } from "@hawser/io-node";
import { expect } from "vitest";
import { type ConversationId, fileSourceOfBytes, type HawserClient } from "../src/node/index.ts";

/** An exported chat of so many lines: one write instead of thousands of messages. */
export async function importChat(client: HawserClient, lines: number): Promise<ConversationId> {
  const two = (n: number): string => String(n).padStart(2, "0");
  const line = (i: number): string =>
    `[${two(1 + (Math.floor(i / 1_440) % 28))}/01/2024, ${two(Math.floor(i / 60) % 24)}:${two(i % 60)}:00] ${i % 2 === 0 ? "Anna" : "Ekrem"}: line ${i}`;
  const bytes = new TextEncoder().encode(Array.from({ length: lines }, (_, i) => line(i)).join("\n"));
  const file = fileSourceOfBytes("WhatsApp Chat with Ekrem.txt", "text/plain", bytes);
  const preview = await client.previewImport(file);
  return (await client.runImport({ importId: preview.importId, title: preview.title, self: "Anna" })).conversation;
}

export async function count(client: HawserClient, conversation: ConversationId): Promise<number> {
  const seen = new Set<string>();
  let page = await client.messages({ conversation, limit: 500 });
  for (;;) {
    for (const { id } of page.items) expect(seen.has(id), "a message stands there twice").toBe(false);
    for (const { id } of page.items) seen.add(id);
    const last = page.items.at(-1);
    if (!page.hasOlder || last === undefined) return seen.size;
    page = await client.messages({ conversation, limit: 500, beforeOrder: last.order });
  }
}

/** Uploads of history stop for good after so many: a phone that dies under way. */
export function dying(uploads: number): { http: Http; dead: Promise<void> } {
  const real = nodeHttp();
  let left = uploads;
  let die = (): void => undefined;
  const dead = new Promise<void>((resolve) => (die = resolve));
  return {
    dead,
    http: {
      request(request) {
        if (request.method === "PUT" && left-- <= 0) {
          die();
          return new Promise(() => undefined);
        }
        return real.request(request);
      },
    },
  };
}
