/**
 * Whether the own devices hold the same shared state, and what rebuilds a collection where they do not. A companion sends hashes of its
 * collections to a phone, once a day and after something went wrong; the phone answers with a signed snapshot of each that differs. A phone
 * that lost something itself invites the companions to ask. Invariants: a snapshot changes nothing before all of it is here and proven; at
 * most one question is open, and an unanswered one is repeated after ever longer pauses. docs/PROTOCOL.md, "Snapshots".
 */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type DeviceAddress, type DeviceNumber, equalBytes, fromHex, newMessageId, toHex } from "@hawser/base";
import { joinPages, openSnapshotPage, signSnapshot, type StateQuestion } from "@hawser/sync";
import {
  DeviceKind,
  MAX_STATE_COLLECTIONS,
  type SignedStateSnapshotPage,
  SignedStateSnapshotPageSchema,
  type StateCheck,
  type StateCheckAnswer,
} from "@hawser/wire";
import {
  MAX_STATE_ANSWERS_PER_HOUR,
  MAX_STATE_CHECK_PAUSE_MS,
  MIN_STATE_CHECK_PAUSE_MS,
  STATE_CHECK_AFTER_MS,
  STATE_CHECK_AGAIN_AFTER_MS,
  STATE_CHECK_EVERY_MS,
} from "../bounds.ts";
import type { Core } from "../core.ts";
import { type ContentBody, encodeContent } from "./content.ts";
import type { StateSync } from "./state-sync.ts";

const SAVED = "state-check";
const CHECK_ID_SIZE_BYTES = 16;
const HOUR_MS = 3_600_000;

interface SavedCheck {
  readonly dueMs: number;
  /** Since the last one that was answered. */
  readonly tries: number;
  readonly askedAtMs: number;
  readonly open?: OpenCheck | undefined;
}
interface OpenCheck {
  readonly id: string;
  readonly phone: number;
  /** Collections that were rebuilt already. */
  readonly done: readonly string[];
  /** Those that the phone has sent, once it has said so. */
  readonly sent?: readonly string[] | undefined;
}

export interface StateChecks {
  /** On every connection: looks now and then whether a check is due. */
  connected(): void;
  /** Shared state may be missing or damaged here. Inside a transaction. */
  disturbed(): void;
  // From another own device, inside the delivery's transaction.
  asked(check: StateCheck, from: DeviceAddress): void;
  answered(answer: StateCheckAnswer, from: DeviceAddress): void;
  pageCame(page: SignedStateSnapshotPage, from: DeviceAddress): void;
  stop(): void;
}

export function createStateChecks(core: Core, parts: { readonly state: StateSync; readonly online: () => boolean }): StateChecks {
  const { store, identity } = core;
  const { primitives, random, clock } = core.ports;
  const answeredLately = new Map<number, number[]>();
  let cancelTimer: (() => void) | undefined;
  /** The rows were looked through since this program began. */
  let verified = false;
  let stopped = false;

  const ownList = () => store.lists.latest(identity.requireSelf().account);
  const isPhone = (number: number): boolean =>
    ownList()?.list.devices.some((device) => device.number === number && device.kind === DeviceKind.PHONE) === true;
  const nowMs = (): number => Math.floor(core.timeMs());
  const load = (): SavedCheck => store.kv.getJson<SavedCheck>(SAVED) ?? { dueMs: nowMs() + STATE_CHECK_EVERY_MS, tries: 0, askedAtMs: 0 };
  const save = (change: Partial<SavedCheck>): void => store.kv.setJson(SAVED, { ...load(), ...change });
  const post = (body: ContentBody, device?: DeviceNumber): void => {
    const self = identity.requireSelf();
    const messageId = newMessageId(nowMs(), random);
    const content = encodeContent({ sender: self, conversation: undefined, messageId, sentAtMs: nowMs() }, body);
    const audience = device === undefined ? { audience: "own" as const } : { audience: "device" as const, device };
    store.outbox.add({ messageId, account: self.account, content, ...audience });
    store.resends.keepSent(messageId, self.account, content, nowMs());
    core.notify.changed("outbox");
  };
  const digests = () =>
    [...store.stateEntries.digests()].slice(0, MAX_STATE_COLLECTIONS).map(([collection, hash]) => ({ collection, hash }));
  /** Collections of which there and here is not the same. */
  const differing = (check: StateCheck): string[] => {
    const here = store.stateEntries.digests();
    const there = new Map(check.digests.slice(0, MAX_STATE_COLLECTIONS).map(({ collection, hash }) => [collection, hash]));
    const isSame = (name: string): boolean => equalBytes(here.get(name) ?? new Uint8Array(0), there.get(name) ?? new Uint8Array(0));
    return [...new Set([...here.keys(), ...there.keys()])].filter((name) => !isSame(name)).slice(0, MAX_STATE_COLLECTIONS);
  };

  /** 0: a check is due. */
  const untilDueMs = (): number => {
    const { dueMs } = load();
    // A phone invites after trouble only.
    if (identity.requireSelf().role === "phone") return dueMs === 0 ? 0 : STATE_CHECK_EVERY_MS;
    const waitMs = Math.max(0, dueMs - nowMs());
    // A clock that was far ahead must not put it off for ever.
    return waitMs > MAX_STATE_CHECK_PAUSE_MS ? 0 : Math.min(waitMs, STATE_CHECK_EVERY_MS);
  };
  const schedule = (): void => {
    cancelTimer?.();
    if (stopped) return;
    cancelTimer = clock.after(Math.max(verified ? untilDueMs() : 0, STATE_CHECK_AFTER_MS), () => {
      // Otherwise the next connection begins anew.
      if (stopped || !parts.online() || identity.phase() !== "ready") return;
      try {
        look();
        schedule();
      } catch (error) {
        core.log({ event: "state-check-failed", error: error instanceof Error ? error.name : "unknown" });
      }
    });
  };
  const look = (): void => {
    const isDue = untilDueMs() === 0;
    if (verified && !isDue) return;
    store.atomically(() => {
      const dropped = store.stateEntries.dropDamaged();
      if (dropped > 0) core.log({ event: "state-damaged", count: dropped });
      if (isDue || dropped > 0) ask();
    });
    verified = true;
  };
  const ask = (): void => {
    const self = identity.requireSelf();
    const { tries } = load();
    if (self.role === "phone") {
      post({ case: "stateCheck", value: { digests: digests() } });
      return save({ dueMs: nowMs() + STATE_CHECK_EVERY_MS, tries: 0, askedAtMs: nowMs() });
    }
    const phones = (ownList()?.list.devices ?? []).filter(({ kind }) => kind === DeviceKind.PHONE).map(({ number }) => number);
    const phone = phones.find((number) => number === self.phoneDevice) ?? phones[0];
    const pauseMs = Math.min(STATE_CHECK_AGAIN_AFTER_MS * 2 ** tries, MAX_STATE_CHECK_PAUSE_MS);
    if (phone === undefined) return save({ dueMs: nowMs() + pauseMs });
    const { open: unanswered, askedAtMs } = load();
    if (unanswered !== undefined) core.observe.ended("repair-state", "asked", "unanswered", nowMs() - askedAtMs);
    const checkId = random.bytes(CHECK_ID_SIZE_BYTES);
    store.statePages.clear();
    const open = { id: toHex(checkId), phone, done: [] };
    save({ dueMs: nowMs() + pauseMs, tries: Math.min(tries + 1, 16), askedAtMs: nowMs(), open });
    post({ case: "stateCheck", value: { checkId, digests: digests() } }, phone as DeviceNumber);
  };

  const mayAnswer = (device: number): boolean => {
    const sinceMs = clock.monotonicMs() - HOUR_MS;
    const lately = (answeredLately.get(device) ?? []).filter((atMs) => atMs > sinceMs);
    if (lately.length >= MAX_STATE_ANSWERS_PER_HOUR) return false;
    answeredLately.set(device, [...lately, clock.monotonicMs()]);
    return true;
  };
  /** Phone: a snapshot of each collection that differs, then what was sent. */
  const answer = (check: StateCheck, to: DeviceAddress): void => {
    const accountSeed = identity.accountSeed();
    const isListed = ownList()?.list.devices.some(({ number }) => number === to.device) === true;
    if (accountSeed === undefined || check.checkId.length !== CHECK_ID_SIZE_BYTES || !isListed || !mayAnswer(to.device)) return;
    const question: StateQuestion = { ...to, checkId: check.checkId };
    const collections = differing(check).filter((collection) => {
      const rows = store.stateEntries.of(collection);
      const pages = signSnapshot(question, { collection, rows, nowMs: nowMs() }, accountSeed, primitives);
      if (pages === undefined) core.log({ event: "state-snapshot-too-large", count: rows.length });
      for (const value of pages ?? []) post({ case: "stateSnapshot", value }, to.device);
      return pages !== undefined;
    });
    post({ case: "stateCheckAnswer", value: { checkId: check.checkId, collections } }, to.device);
  };
  const settle = (open: OpenCheck): void => {
    if (open.sent?.every((collection) => open.done.includes(collection)) !== true) return save({ open });
    store.statePages.clear();
    core.observe.ended("repair-state", "asked", "OK", nowMs() - load().askedAtMs);
    save({ open: undefined, tries: 0, dueMs: nowMs() + STATE_CHECK_EVERY_MS });
  };

  return {
    connected() {
      // Of a device that never asked the pause begins now.
      save({});
      schedule();
    },
    disturbed: () => save({ dueMs: 0 }),
    asked(check, from) {
      if (identity.requireSelf().role === "phone") {
        if (!isPhone(from.device)) answer(check, from);
        return;
      }
      if (!isPhone(from.device) || differing(check).length === 0) return;
      const pauseLeftMs = MIN_STATE_CHECK_PAUSE_MS - Math.abs(nowMs() - load().askedAtMs);
      save({ dueMs: pauseLeftMs > 0 ? nowMs() + pauseLeftMs : 0 });
      schedule();
    },
    answered({ checkId, collections }, from) {
      const { open } = load();
      if (open === undefined || from.device !== open.phone || toHex(checkId) !== open.id) return;
      settle({ ...open, sent: collections.slice(0, MAX_STATE_COLLECTIONS) });
    },
    pageCame(signed, from) {
      const refuse = (reason: string): void => core.log({ event: "state-snapshot-refused", reason });
      const self = identity.requireSelf();
      const { open } = load();
      const accountKey = ownList()?.list.accountKey;
      if (open === undefined || accountKey === undefined || from.device !== open.phone) return refuse("not-asked");
      const question: StateQuestion = { account: self.account, device: self.device, checkId: fromHex(open.id)! };
      const opened = openSnapshotPage(signed, question, accountKey, primitives);
      if (!opened.ok) return refuse(opened.error);
      const { collection, index, pageCount } = opened.value;
      const takenAtMs = Number(opened.value.takenAtMs);
      if (open.done.includes(collection) || open.done.length >= MAX_STATE_COLLECTIONS) return;
      store.statePages.put(collection, takenAtMs, index, toBinary(SignedStateSnapshotPageSchema, signed));
      if (store.statePages.count(collection, takenAtMs) < pageCount) return;
      const pages = store.statePages.of(collection, takenAtMs).map((bytes) => {
        const page = openSnapshotPage(fromBinary(SignedStateSnapshotPageSchema, bytes), question, accountKey, primitives);
        return page.ok ? page.value : undefined;
      });
      store.statePages.clear(collection);
      const rows = joinPages(pages.filter((page) => page !== undefined));
      if (rows === undefined) return refuse("incomplete");
      parts.state.takeSnapshot(collection, rows, from);
      core.log({ event: "state-rebuilt", count: rows.length });
      settle({ ...open, done: [...open.done, collection] });
    },
    stop() {
      stopped = true;
      cancelTimer?.();
    },
  };
}
