/**
 * "I could not read this": the receiver shows a placeholder and asks in a fresh session, the sender sends the same content again.
 * Invariants: each unreadable message is asked for at most `MAX_RESEND_REQUESTS` times, and once more whenever its sender says that it could not read something itself; an answer replaces the placeholder in its place;
 * only a device the content was sealed for gets it; nobody hears that there is nothing while something is missing here that may hold it; a
 * stranger nobody accepted gets no answer and no question, because either would tell when this device is there. docs/PROTOCOL.md, "Content".
 */
import {
  type AccountId,
  conversationWith,
  type DeviceAddress,
  type DeviceNumber,
  formatAddress,
  type MessageId,
  messageIdToBytes,
  newMessageId,
} from "@hawser/base";
import { DeviceKind } from "@hawser/wire";
import {
  GAP_MARGIN_MS,
  MAX_OWED_RESENDS,
  MAX_PENDING_RESENDS,
  MAX_RESEND_REQUESTS,
  MAX_RESENDS_ASKED_AGAIN,
  MAX_RESENDS_PER_DEVICE_PER_HOUR,
  MAX_SILENT_SENDERS,
  ORDER_STEPS_PER_MS,
  RESEND_AGAIN_AFTER_MS,
  RESEND_KEPT_MS,
  SILENT_SENDERS_AGAIN_AFTER_MS,
} from "../bounds.ts";
import type { Core } from "../core.ts";
import { deviceOf } from "../devices/directory.ts";
import { isJudged } from "../devices/sender-device.ts";
import { encodeContent } from "./content.ts";
import { orderOfDelivery } from "./order.ts";
import { contentFromRow } from "./resend-from-row.ts";

const HOUR_MS = 3_600_000;
/** Questions that are answered once nothing is missing here. */
const OWED = "resends-owed";
type Owed = readonly { readonly id: MessageId; readonly by: DeviceAddress }[];

export interface Resends {
  /** A delivery could not be read. Inside its transaction. */
  ask(id: MessageId, sender: DeviceAddress, serverTimeMs: number): void;
  /**
   * Content with this id arrived from that account and was handled; `nothing`: it has nothing to show for it. Says whether it was missed, and
   * where its line stands if it has one.
   */
  answered(id: MessageId, by: AccountId, nothing: boolean): { readonly order: number | undefined } | undefined;
  /** Someone asks us. Inside the request's transaction. */
  requested(id: MessageId, by: DeviceAddress): void;
  /** What was missing here came, or will not come: who asked meanwhile hears. Inside a transaction. */
  gapFilled(): void;
  /** Asks again for what is still missing, and forgets what nobody may ask for any more; on every new connection, and while one lasts. */
  askAgain(): void;
  /** Own devices, and people who may know when this device is there. */
  isAccepted(account: AccountId): boolean;
  /** Forgets those whose sender has left its list: nobody will answer. Says from when on the own devices may have what is missing. */
  giveUpLeft(): number | undefined;
  stop(): void;
}

interface Parts {
  readonly online: () => boolean;
  /** Hands an own device what was written since then. */
  readonly give: (device: DeviceNumber, afterMs: number) => void;
  /** Asks for the account's newest list; what follows from it happens there. */
  readonly refresh: (account: AccountId) => void;
}

export function createResends(core: Core, { online, give, refresh }: Parts): Resends {
  const { resends, messages, conversations, outbox, kv } = core.store;
  const served = new Map<string, { count: number; sinceMs: number }>();
  const asked = new Map<string, { count: number; sinceMs: number }>();
  let cancelTimer: (() => void) | undefined;

  const isAccepted = (account: AccountId): boolean =>
    account === core.identity.requireSelf().account ||
    core.store.contacts.find(account)?.listed === 1 ||
    conversations.find(conversationWith(account))?.accepted === 1;

  /** A clock that leapt ahead, this device's or the server's, ends nothing: both have to say that a time is over. */
  const agreedMs = (): number => Math.min(core.timeMs(), core.identity.mailbox().committedAtMs ?? 0);

  const request = (id: MessageId, sender: DeviceAddress): void => {
    const self = core.identity.requireSelf();
    const nowMs = core.timeMs();
    const messageId = newMessageId(nowMs, core.ports.random);
    const conversation = sender.account === self.account ? undefined : sender.account;
    const body = { case: "resendRequest", value: { messageId: messageIdToBytes(id) } } as const;
    const content = encodeContent({ sender: self, conversation, messageId, sentAtMs: nowMs }, body);
    outbox.add({ messageId, audience: "device", account: sender.account, device: sender.device, freshSession: true, content });
    core.observe.resendAsked(id);
    core.notify.changed("outbox");
  };

  /** `undefined`: there is nothing for that device. */
  const contentFor = (id: MessageId, by: DeviceAddress): Uint8Array | undefined => {
    const sent = resends.findSent(id);
    if (sent === undefined) return contentFromRow(core, id, by, agreedMs());
    const mayHave = sent.recipients?.has(formatAddress(by)) ?? true;
    const meant = by.account === sent.account || by.account === core.identity.requireSelf().account;
    return mayHave && meant ? sent.content : undefined;
  };
  const answer = (id: MessageId, by: DeviceAddress): void => {
    const self = core.identity.requireSelf();
    const nowMs = core.timeMs();
    const messageId = newMessageId(nowMs, core.ports.random);
    const conversation = by.account === self.account ? undefined : by.account;
    const content =
      contentFor(id, by) ?? encodeContent({ sender: self, conversation, messageId: id, sentAtMs: nowMs }, { case: "nothing", value: {} });
    outbox.add({ messageId, audience: "device", account: by.account, device: by.device, content });
    core.notify.changed("outbox");
  };
  /** An own device asks for what was never written here. What stands here is given as history; what cannot be read here either is left open. */
  const helpOwn = (id: MessageId, { account, device }: DeviceAddress): boolean => {
    if (account !== core.identity.requireSelf().account) return false;
    const row = messages.find(id);
    const isRead = row !== undefined && row.kind !== "undecryptable";
    if (!isRead) return row !== undefined || resends.pending(id) !== undefined;
    if (row.outgoing) return false;
    give(device, Math.floor(row.order / ORDER_STEPS_PER_MS));
    return true;
  };
  /** The own device to ask for what came then, when its sender has left: the phone, or who is there longest. */
  const witness = (cameMs: number): DeviceAddress | undefined => {
    const { account, device } = core.identity.requireSelf();
    const others =
      core.store.lists.latest(account)?.list.devices.filter((one) => one.number !== device && Number(one.addedAtMs) <= cameMs) ?? [];
    const found = others.find(({ kind }) => kind === DeviceKind.PHONE) ?? others[0];
    return found === undefined ? undefined : { account, device: found.number as DeviceNumber };
  };
  /** Something is missing here that the own devices may give: the answer waits for it. Says whether it does. */
  const owe = (id: MessageId, by: DeviceAddress): boolean => {
    const { account, device } = core.identity.requireSelf();
    const isAlone = core.store.lists.latest(account)?.list.devices.every(({ number }) => number === device) !== false;
    if (core.identity.gapSinceMs() === undefined || isAlone) return false;
    const others = (kv.getJson<Owed>(OWED) ?? []).filter((one) => one.id !== id || formatAddress(one.by) !== formatAddress(by));
    if (others.length >= MAX_OWED_RESENDS) return false;
    kv.setJson(OWED, [...others, { id, by }] satisfies Owed);
    return true;
  };

  const withinHour = (counts: typeof served, device: DeviceAddress): boolean => {
    const key = formatAddress(device);
    const nowMs = core.ports.clock.monotonicMs();
    const seen = counts.get(key);
    const current = seen === undefined || nowMs - seen.sinceMs >= HOUR_MS ? { count: 0, sinceMs: nowMs } : seen;
    current.count++;
    counts.set(key, current);
    return current.count <= MAX_RESENDS_PER_DEVICE_PER_HOUR;
  };

  /** An answer can be lost as well (read by nobody here, dropped by its sender's bound), and a connection can last for days. */
  const setTimer = (afterMs = RESEND_AGAIN_AFTER_MS): void => {
    cancelTimer ??= core.ports.clock.after(afterMs, () => {
      cancelTimer = undefined;
      if (online() && core.identity.phase() === "ready") askAgain();
    });
  };

  const askAgain = (): void => {
    for (const id of resends.deleteFilled()) core.observe.resendEnded(id, "OK");
    const nowMs = core.timeMs();
    const keptSinceMs = agreedMs() - RESEND_KEPT_MS;
    resends.forgetSentBefore(keptSinceMs);
    // The sender has forgotten it by then.
    for (const id of resends.forgetPendingBefore(keptSinceMs)) core.observe.resendEnded(id, "unanswered");
    const waiting = resends.listPending(MAX_RESEND_REQUESTS, MAX_PENDING_RESENDS).filter(({ sender }) => isAccepted(sender.account));
    let left = MAX_RESENDS_ASKED_AGAIN;
    for (const pending of waiting) {
      const waitedMs = Math.abs(nowMs - pending.lastRequestMs);
      const isEarly = pending.requests > 0 && waitedMs < RESEND_AGAIN_AFTER_MS * 2 ** pending.requests;
      // Beyond its own bound the sender answers nothing: such a request would only be used up.
      if (isEarly || !withinHour(asked, pending.sender)) continue;
      if (left-- === 0) break;
      core.store.atomically(() => {
        resends.putPending({ ...pending, requests: pending.requests + 1, lastRequestMs: nowMs });
        request(pending.messageId, pending.sender);
      });
    }
    if (waiting.length > 0) setTimer();
    else if (lookAfterSilent()) setTimer(SILENT_SENDERS_AGAIN_AFTER_MS);
  };
  /** Who was asked as often as it may be and said nothing may have left: then the own devices are asked. Says whether there is anybody. */
  const lookAfterSilent = (): boolean => {
    const own = core.identity.requireSelf().account;
    const silent = resends.listPending(MAX_RESEND_REQUESTS + 1, MAX_PENDING_RESENDS).filter(({ requests }) => requests > 0);
    const accounts = new Set(silent.map(({ sender }) => sender.account).filter((account) => account !== own));
    for (const account of [...accounts].slice(0, MAX_SILENT_SENDERS)) refresh(account);
    return accounts.size > 0;
  };

  return {
    ask(id, sender, serverTimeMs) {
      const known = messages.row(id);
      if (known !== undefined && known.kind !== "undecryptable") return;
      const pending = resends.pending(id);
      if (pending !== undefined) return;
      const self = core.identity.requireSelf();
      const blocked = core.store.contacts.find(sender.account)?.blocked === 1;
      if (blocked) return;
      const asksNow = isAccepted(sender.account) && withinHour(asked, sender);
      if (resends.countPending() < MAX_PENDING_RESENDS) {
        resends.putPending({ messageId: id, sender, requests: asksNow ? 1 : 0, lastRequestMs: core.timeMs() });
        if (asksNow) request(id, sender);
        setTimer();
      }
      // An own device's message belongs to a conversation that only its content names: it shows when it comes.
      if (sender.account === self.account) return;
      const listed = core.store.contacts.find(sender.account)?.listed === 1;
      const conversation = conversations.ensure(conversationWith(sender.account), { accepted: listed });
      const order = messages.insert({
        id,
        conversation: conversation.row,
        sentAtMs: serverTimeMs,
        orderFrom: orderOfDelivery(serverTimeMs, serverTimeMs, core.timeMs(), () => messages.newestMs()),
        outgoing: false,
        senderAccount: sender.account,
        senderName: "",
        kind: "undecryptable",
        status: "received",
        text: "",
        quoted: undefined,
        attachments: [],
      });
      if (order === undefined) return;
      conversations.noteMessage(conversation.row, order, id);
      core.notify.message(id, true);
      core.notify.messagesChanged(conversation.id);
    },
    answered(id, by, nothing) {
      const pending = resends.pending(id);
      if (pending?.sender.account !== by) return undefined;
      resends.deletePending(id);
      if (pending.requests > 0) core.observe.resendEnded(id, nothing ? "nothing" : "OK");
      const row = messages.row(id);
      if (!nothing || row?.kind !== "undecryptable") return { order: row?.order };
      messages.delete(id);
      conversations.recount(row.conversation);
      core.notify.messagesChanged(conversations.byRow(row.conversation)!.id);
      return { order: undefined };
    },
    requested(id, by) {
      if (!isAccepted(by.account) || !withinHour(served, by)) return;
      // What it could not read may have been our own questions, which then never were asked.
      if (resends.allowOneMore(by, MAX_RESEND_REQUESTS)) setTimer();
      if (resends.findSent(id) === undefined && ((!messages.has(id) && owe(id, by)) || helpOwn(id, by))) return;
      answer(id, by);
    },
    gapFilled() {
      const owed = kv.getJson<Owed>(OWED);
      if (owed === undefined) return;
      for (const { id, by } of owed) answer(id, by);
      kv.delete(OWED);
    },
    isAccepted,
    giveUpLeft() {
      let afterMs: number | undefined;
      for (const { messageId, sender, requests, lastRequestMs } of resends.listPending(MAX_RESEND_REQUESTS + 1, MAX_PENDING_RESENDS)) {
        const isThere = deviceOf(core.store.lists.latest(sender.account), sender.device) !== undefined;
        if (isThere || !isJudged(core.store.lists, sender)) continue;
        resends.deletePending(messageId);
        // Because of strangers nobody is asked.
        if (!isAccepted(sender.account)) continue;
        const row = messages.find(messageId);
        // A line stands by this device's clock, which may be years slow; when it came is the server's word.
        const cameMs = row === undefined ? lastRequestMs : Math.min(row.order / ORDER_STEPS_PER_MS, row.sentAtMs);
        // History brings a message. That it was none, a device that could read it has to say.
        const next = witness(row?.sentAtMs ?? lastRequestMs);
        if (next === undefined && requests > 0) core.observe.resendEnded(messageId, "sender-left");
        if (next !== undefined) {
          const asksNow = withinHour(asked, next);
          resends.putPending({ messageId, sender: next, requests: asksNow ? 1 : 0, lastRequestMs: core.timeMs() });
          if (asksNow) request(messageId, next);
          setTimer();
        }
        afterMs = Math.max(0, Math.min(Math.floor(cameMs) - GAP_MARGIN_MS, afterMs ?? cameMs));
      }
      return afterMs;
    },
    askAgain,
    stop() {
      cancelTimer?.();
    },
  };
}
