/** Invariants: nothing is emitted from inside a call; many changes of a tick are one event each; a listener's fault is its own. */
import type { ConversationId, MessageId } from "@hawser/base";
import { expect, test } from "vitest";
import type { ClientEvent, ClientState, MessageView } from "./api.ts";
import { createNotifier } from "./notifier.ts";
import { createSerialQueue } from "./serial-queue.ts";

const nextTick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function setUp() {
  const seen: string[] = [];
  const notifier = createNotifier({
    state: () => ({}) as ClientState,
    message: (id) => (id === "gone" ? undefined : ({ id } as MessageView)),
    outbox: () => seen.push("woken"),
  });
  notifier.subscribe((event: ClientEvent) => seen.push(event.type === "message" ? `message ${event.isNew}` : event.type));
  return { notifier, seen };
}

test("changes of one tick are told once, afterwards", async () => {
  const { notifier, seen } = setUp();
  for (let i = 0; i < 3; i++) {
    notifier.changed("contacts");
    notifier.changed("outbox");
    notifier.messagesChanged("a:x" as ConversationId);
    notifier.message("m" as MessageId, i === 1);
  }
  expect(seen).toEqual([]);
  await nextTick();
  expect(seen).toEqual(["message true", "messages", "conversations", "contacts", "woken", "state"]);
});

test("a message that is gone again is not told of, and a listener that throws harms nobody", async () => {
  const { notifier, seen } = setUp();
  notifier.subscribe(() => {
    throw new Error("a listener's fault");
  });
  notifier.message("gone" as MessageId, true);
  await nextTick();
  expect(seen).toEqual(["conversations", "state"]);
});

test("after close nothing is told", async () => {
  const { notifier, seen } = setUp();
  notifier.changed("devices");
  notifier.close();
  await nextTick();
  expect(seen).toEqual([]);
});

test("jobs of a queue do not overlap, and one that fails does not stop the next", async () => {
  const queue = createSerialQueue();
  const steps: string[] = [];
  const job = (name: string, fails: boolean) => async (): Promise<string> => {
    steps.push(`${name} begins`);
    await nextTick();
    steps.push(`${name} ends`);
    if (fails) throw new Error(name);
    return name;
  };
  const results = await Promise.allSettled([queue.run(job("a", true)), queue.run(job("b", false))]);
  expect(results.map((result) => result.status)).toEqual(["rejected", "fulfilled"]);
  expect(steps).toEqual(["a begins", "a ends", "b begins", "b ends"]);
});
