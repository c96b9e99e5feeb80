/**
 * Tells listeners what changed, after the transaction that changed it. Invariant: nothing is emitted while a transaction is open or
 * from inside a call; many changes of one tick become one event each. Listeners cannot disturb the engine: what they throw is dropped.
 */
import type { ConversationId, MessageId } from "@hawser/base";
import type { ClientEvent, MessageView } from "./api.ts";

export type Topic = "state" | "conversations" | "contacts" | "devices" | "outbox";

export interface Notifier {
  subscribe(listener: (event: ClientEvent) => void): () => void;
  changed(topic: Topic): void;
  messagesChanged(conversation: ConversationId): void;
  /** `isNew`: it arrived or was written just now (not by history or import). */
  message(id: MessageId, isNew: boolean): void;
  emit(event: ClientEvent): void;
  close(): void;
}

export interface NotifierSources {
  state(): Extract<ClientEvent, { type: "state" }>["state"];
  message(id: MessageId): MessageView | undefined;
  /** Wakes the pump; called with the events of the same tick. */
  outbox(): void;
}

export function createNotifier(sources: NotifierSources): Notifier {
  const listeners = new Set<(event: ClientEvent) => void>();
  const topics = new Set<Topic>();
  const conversations = new Set<ConversationId>();
  const messages = new Map<MessageId, boolean>();
  const direct: ClientEvent[] = [];
  let scheduled = false;
  let closed = false;

  const send = (event: ClientEvent): void => {
    for (const listener of listeners) {
      try {
        listener(event);
      } catch {
        // A listener's fault is its own.
      }
    }
  };
  const flush = (): void => {
    scheduled = false;
    if (closed) return;
    const now = { topics: [...topics], conversations: [...conversations], messages: [...messages], direct: direct.splice(0) };
    topics.clear();
    conversations.clear();
    messages.clear();
    for (const event of now.direct) send(event);
    for (const [id, isNew] of now.messages) {
      const message = sources.message(id);
      if (message !== undefined) send({ type: "message", message, isNew });
    }
    for (const conversation of now.conversations) send({ type: "messages", conversation });
    if (now.conversations.length > 0 || now.messages.length > 0 || now.topics.includes("conversations")) send({ type: "conversations" });
    if (now.topics.includes("contacts")) send({ type: "contacts" });
    if (now.topics.includes("devices")) send({ type: "devices" });
    if (now.topics.includes("outbox")) sources.outbox();
    send({ type: "state", state: sources.state() });
  };
  const schedule = (): void => {
    if (scheduled || closed) return;
    scheduled = true;
    void Promise.resolve().then(flush);
  };
  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    changed(topic) {
      topics.add(topic);
      schedule();
    },
    messagesChanged(conversation) {
      conversations.add(conversation);
      schedule();
    },
    message(id, isNew) {
      messages.set(id, isNew || (messages.get(id) ?? false));
      schedule();
    },
    emit(event) {
      direct.push(event);
      schedule();
    },
    close() {
      closed = true;
      listeners.clear();
    },
  };
}
