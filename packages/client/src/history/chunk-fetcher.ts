/** Brings one chunk into the store: downloaded, verified, decrypted, its rows and its mark committed in one transaction. */
import { type AccountId, accountOfConversation, type BlobId, type ConversationId, OperationalError } from "@hawser/base";
import { type ChunkFailure, type ChunkReference, type HistoryWriter, MAX_CHUNK_BYTES, openChunk, pureCompression } from "@hawser/sync";
import type { HistoryConversation } from "@hawser/wire";
import type { BlobTransfer } from "../blobs/transfer.ts";
import type { Core } from "../core.ts";
import type { ArchivePlan } from "./archive.ts";
import { failureOf } from "./stored-job.ts";

export interface ChunkFetcher {
  /** The number of its messages, or why it is not here. */
  fetch(jobId: string, reference: ChunkReference, archive?: ArchivePlan): Promise<number | ChunkFailure>;
  commit(jobId: string, index: number, conversations: readonly HistoryConversation[]): void;
}

export interface FetcherParts {
  readonly writer: HistoryWriter;
  readonly transfer: BlobTransfer;
  readonly people: HistoryPeople;
}

/** Whom a history speaks of. */
export interface HistoryPeople {
  /** Another own device has accepted the chat with that account. */
  accepted(account: AccountId): void;
  /** Somebody who wrote and whom nobody has accepted: nothing here knows what they are called. */
  stranger(account: AccountId): void;
}

export function createChunkFetcher(core: Core, parts: FetcherParts, stopped: () => boolean): ChunkFetcher {
  const commit: ChunkFetcher["commit"] = (jobId, index, conversations) => {
    // Before the rows: receipts are due for what came to this device and waited, not for what it is told of now.
    for (const { conversationId, request } of conversations) {
      const account = accountOfConversation(conversationId as ConversationId);
      if (account !== undefined && !request) parts.people.accepted(account);
    }
    parts.writer.commitChunk(jobId, index, conversations);
    for (const id of core.store.resends.deleteFilled()) core.observe.resendEnded(id, "OK");
    for (const { conversationId, request } of conversations) {
      const account = accountOfConversation(conversationId as ConversationId);
      if (account !== undefined && request && (core.store.contacts.find(account)?.handle ?? "") === "") parts.people.stranger(account);
      core.notify.messagesChanged(conversationId as ConversationId);
    }
  };
  return {
    commit,
    async fetch(jobId, reference, archive) {
      try {
        const ciphertext = await parts.transfer.download(reference.blob as BlobId, MAX_CHUNK_BYTES);
        // In an archive a chunk has the archive's number, and its own place in it.
        const place =
          archive === undefined ? { jobId, index: reference.index } : { jobId: archive.id, index: archive.serials[reference.index]! };
        const expected = { blob: reference.blob as BlobId, key: reference.key, ...place };
        const opened = openChunk(ciphertext, expected, core.ports.primitives, core.ports.compression ?? pureCompression);
        if (!opened.ok) return { kind: "damaged" };
        if (stopped()) return { kind: "unreachable" };
        // What was unread when it was archived has mostly been read since: a new device goes by how far the chat was read.
        if (archive !== undefined && core.identity.settling())
          for (const conversation of opened.value.conversations) conversation.knowsUnread = false;
        commit(jobId, reference.index, opened.value.conversations);
        return opened.value.conversations.reduce((sum, conversation) => sum + conversation.entries.length, 0);
      } catch (error) {
        core.log({ event: "history-fetch-failed", error: error instanceof OperationalError ? error.code : "unknown" });
        return failureOf(error);
      }
    },
  };
}
