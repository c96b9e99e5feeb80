/** What is measured on a device, over its public API alone. Portable: the same code runs in Node and in a page. */
import type { AccountId } from "@hawser/base";
import type { ClientEvent, HawserClient, LinkStatus } from "@hawser/sdk";
import { wallMs } from "./wall-clock.ts";

/** Nothing measured here may take longer. */
const PATIENCE_MS = 300_000;

export interface FirstScreen {
  readonly atMs: number;
  readonly conversations: number;
}
export interface HistoryTimes {
  readonly completeAtMs: number;
  readonly messages: number;
}
export interface FirstMessage {
  /** The device is a member and its first message is durable in the outbox. */
  readonly mayWriteAtMs: number;
  readonly acceptedAtMs: number;
}

/** Looks after every event until `look` gives something. Events that come while it looks make it look again. */
function watch<T>(client: HawserClient, look: (event: ClientEvent | undefined) => T | undefined | Promise<T | undefined>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(deadline);
      unsubscribe();
    };
    const deadline = setTimeout(() => {
      stop();
      reject(new Error(`nothing came of: ${look.toString().slice(0, 160)}`));
    }, PATIENCE_MS);
    const fail = (error: unknown): void => {
      stop();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const settle = (value: T | undefined): void => {
      if (value === undefined) return;
      stop();
      resolve(value);
    };
    const check = (event: ClientEvent | undefined): void => {
      try {
        const found = look(event);
        if (found instanceof Promise) found.then(settle, fail);
        else settle(found);
      } catch (error) {
        fail(error);
      }
    };
    const unsubscribe = client.subscribe(check);
    check(undefined);
  });
}

const linkEvent = (event: ClientEvent | undefined): LinkStatus | undefined => {
  if (event?.type !== "link") return undefined;
  if (event.link.stage === "failed") throw new Error(`the link failed: ${event.link.error?.name}`);
  return event.link;
};

export async function ceremonyCode(client: HawserClient): Promise<string> {
  const shown = watch(client, async (event) => {
    const link = linkEvent(event) ?? (await client.linkStatus());
    return link?.stage === "waiting-for-scan" ? link.uri : undefined;
  });
  await client.startLink({ deviceName: "bench", platform: "bench" });
  return shown;
}

export async function approve(client: HawserClient, code: string): Promise<number> {
  const asked = watch(client, (event) => {
    const link = linkEvent(event);
    return link?.stage === "comparing" ? link.attempt : undefined;
  });
  await client.openLinkCode(code);
  const attempt = await asked;
  const approvedAtMs = wallMs();
  await client.approveLink(attempt);
  return approvedAtMs;
}

export async function firstMessage(client: HawserClient, to: AccountId): Promise<FirstMessage> {
  await watch(client, (event) => (event?.type === "state" && event.state.phase === "ready") || undefined);
  const { id: conversation } = await client.openConversation(to);
  const accepted = watch(
    client,
    (event) => (event?.type === "message" && event.message.outgoing && event.message.status === "sent") || undefined,
  );
  await client.sendMessage({ conversation, text: "the first words of this device" });
  const mayWriteAtMs = wallMs();
  await accepted;
  return { mayWriteAtMs, acceptedAtMs: wallMs() };
}

/** First screen: a list of so many chats, each with its last message. Whole: the device says that all has come. */
export function historyTimes(
  client: HawserClient,
  conversations: number,
): { screen: Promise<FirstScreen>; history: Promise<HistoryTimes> } {
  const screen = watch(client, async (event) => {
    if (event !== undefined && event.type !== "conversations") return undefined;
    const { items } = await client.conversations({ limit: conversations });
    const shown = items.filter((item) => item.last !== undefined).length;
    return shown >= conversations ? { atMs: wallMs(), conversations: shown } : undefined;
  });
  const history = watch(client, (event) => {
    if (event?.type !== "state" || event.state.history.kind !== "complete") return undefined;
    return { completeAtMs: wallMs(), messages: event.state.history.messagesTotal };
  });
  return { screen, history };
}
