/** What the server says unasked, and what this device says first. Each answer is one tick; what takes longer is queued. */
import { create } from "@bufbuild/protobuf";
import { accountIdToBytes } from "@hawser/base";
import { signAuthChallenge } from "@hawser/crypto";
import {
  type ClientHello,
  ClientHelloSchema,
  DeviceAuthenticationSchema,
  type DeviceWelcome,
  type Push,
  type ServerHello,
  type SignedDeviceList,
  SignedDeviceListSchema,
} from "@hawser/wire";
import { publishedNumber, setPublishedNumber } from "../account/create.ts";
import { findOldCopy, gapStartsMs, startAfresh, VOID_BELOW } from "../account/old-copy.ts";
import { eraseAfterRevocation, readRevocation } from "../account/revocation.ts";
import { keepIdentity } from "../account/vault.ts";
import { tellRemovedPasskeys } from "../account/passkey-recovery.ts";
import { tellDormancy } from "../devices/dormancy.ts";
import { sweepLeftSessions } from "../devices/left-sessions.ts";
import { createPreKeyKeeper, type PreKeyKeeper } from "../devices/pre-keys.ts";
import type { Engine } from "../engine.ts";
import { parseAccountBytes } from "../messaging/content.ts";
import { anonymousHello } from "./anonymous-hello.ts";
import type { ConnectionEvents } from "./connection.ts";

/** `engineOf` because the connection is made before the parts that its events are for. */
export function createServerEvents(engineOf: () => Engine): ConnectionEvents {
  // The newest own list when the hello was made: what is signed after it is not on the server yet.
  let offeredNumber = 0;
  let keeper: PreKeyKeeper | undefined;
  const preKeys = (engine: Engine): PreKeyKeeper =>
    (keeper ??= createPreKeyKeeper(engine.core, engine.connection, engine.queue, engine.lateKeys.now));
  return {
    hello(mode, server) {
      const engine = engineOf();
      try {
        if (mode === "anonymous") return anonymousHello(engine.core.ports.platform);
        engine.pump.disconnected();
        offeredNumber = engine.core.store.lists.latest(engine.core.identity.requireSelf().account)?.number ?? 0;
        return authenticate(engine, server);
      } catch (error) {
        engine.core.log({ event: "sign-failed", error: error instanceof Error ? error.name : "unknown" });
        return undefined;
      }
    },
    checkRevocation: (list) => readRevocation(engineOf().core, list) !== undefined,
    revoked: (list) => leave(engineOf(), list),
    welcome(message, mode) {
      const engine = engineOf();
      engine.outcomes.connected();
      if (mode === "device" && message.device !== undefined) welcomed(engine, preKeys(engine), message.device, offeredNumber);
      else engine.companion.connected();
    },
    push: (push) => pushed(engineOf(), preKeys(engineOf()), push),
    batch(acks, deliveries) {
      const { pump, receiver } = engineOf();
      if (acks.length > 0) pump.acknowledge(acks);
      if (deliveries.length > 0) receiver.deliver(deliveries);
    },
    clockLeapt: () => engineOf().pump.clockLeapt(),
    lost() {
      engineOf().pump.disconnected();
    },
    status: () => engineOf().core.notify.changed("state"),
    stepped: (before, after) => engineOf().core.observe.session(before, after),
  };
}

function authenticate(engine: Engine, server: ServerHello): ClientHello {
  const { core } = engine;
  const self = core.identity.requireSelf();
  const { epoch, cursor } = core.identity.mailbox();
  const challenge = { nonce: server.nonce, origin: core.ports.origin, address: { account: self.account, device: self.device } };
  const hello = anonymousHello(engine.core.ports.platform);
  return create(ClientHelloSchema, {
    ...hello,
    device: create(DeviceAuthenticationSchema, {
      accountId: accountIdToBytes(self.account),
      device: self.device,
      signature: signAuthChallenge(core.ports.primitives, core.identity.keys().signSeed, challenge),
      listNumber: BigInt(core.store.lists.latest(self.account)?.number ?? 0),
      stapledLists: core.store.lists.chain(self.account, publishedNumber(core)).map((entry) => create(SignedDeviceListSchema, entry)),
      mailboxEpoch: epoch,
      cursor: BigInt(cursor),
    }),
  });
}

function welcomed(engine: Engine, keeper: PreKeyKeeper, welcome: DeviceWelcome, offeredNumber: number): void {
  const { core, directory, receiver, queue } = engine;
  const self = core.identity.requireSelf();
  receiver.reset();
  const gapAfterMs = compareStore(engine, welcome);
  // The server took what was stapled, or it would not have welcomed this device.
  setPublishedNumber(core, Math.max(publishedNumber(core), offeredNumber));
  directory.accept(self.account, welcome.newerLists);
  if (leftTheList(engine, welcome.newerLists)) return;
  engine.history.ownDevicesChanged();
  engine.alerts.resume();
  engine.companion.activated();
  engine.companion.connected();
  engine.phone.connected();
  engine.forgotten.connected();
  if (self.role === "phone")
    inBackground(
      engine,
      queue.run(() => engine.ownList.publish()),
    );
  // Void ones that still stand there are no help to anyone.
  const isVoid = core.store.kv.getBytes(VOID_BELOW) !== undefined;
  keeper.replenish(isVoid ? { oneTime: 0, kem: 0 } : { oneTime: welcome.oneTimePreKeysLeft, kem: welcome.oneTimeKemPreKeysLeft });
  keepIdentity(core);
  inBackground(engine, engine.capsules.keep());
  inBackground(engine, engine.contacts.flushBlocks());
  inBackground(engine, tellDormancy(core, engine.connection));
  inBackground(
    engine,
    queue.run(() => tellRemovedPasskeys(core, engine.connection)),
  );
  inBackground(
    engine,
    directory.recheckConflicts().then(() => engine.forks.resume()),
  );
  engine.resends.askAgain();
  askOwnForLeft(engine);
  sweepLeftSessions(core);
  receiver.retryHeld();
  engine.imports.connected();
  engine.history.resume();
  engine.lateKeys.now();
  engine.asker.resume();
  engine.holder.resume();
  if (gapAfterMs !== undefined) engine.history.gap(gapAfterMs);
  engine.checks.connected();
  engine.pump.admitted();
}

/**
 * Before anything leaves: is this the store that was here last? Takes the server's view of the mailbox over, in one transaction with what
 * follows from it, so that nothing is asked twice. Returns from when on history has to be asked for, if it has.
 */
function compareStore(engine: Engine, welcome: DeviceWelcome): number | undefined {
  const { core } = engine;
  const evidence = findOldCopy(core, welcome);
  const afterMs = gapStartsMs(core);
  const start = Math.max(0, Number(welcome.nextSequence) - 1);
  const isNew = core.identity.mailbox().epoch !== welcome.mailboxEpoch;
  const wasConnected = core.identity.mailbox().epoch !== 0;
  const takeOver = (): void => {
    if (evidence !== undefined) startAfresh(core, welcome);
    // Another epoch: what was committed of the old one says nothing about it. The server repeats what comes after its start.
    if (isNew || welcome.needsResync || evidence !== undefined) core.identity.setMailbox(welcome.mailboxEpoch, start);
    if (welcome.needsResync || evidence !== undefined) noteGap(engine, afterMs);
    if (evidence !== undefined) core.identity.setNotice(wasConnected ? "old-copy" : "store-lost");
  };
  if (evidence === undefined) core.store.atomically(takeOver);
  else core.observe.doing("repair-store", wasConnected ? "older-copy" : "lost", () => core.store.atomically(takeOver));
  if (evidence !== undefined) {
    core.log({ event: "old-copy", evidence });
    // A store that was never connected has begun its jobs itself, just now.
    if (wasConnected) engine.history.restart();
    core.notify.changed("state");
  }
  return core.identity.gapAfterMs();
}

/** A device left before it could send again what was not read here: another own device may have read it. */
export function askOwnForLeft(engine: Engine): void {
  if (engine.core.identity.self() === undefined || engine.core.store.resends.countPending() === 0) return;
  engine.core.store.atomically(() => {
    const afterMs = engine.resends.giveUpLeft();
    if (afterMs !== undefined) askOwnSince(engine, afterMs);
  });
}

/** Something that nobody else can give is missing since then. Inside a transaction. */
export function askOwnSince(engine: Engine, afterMs: number): void {
  const { core, directory, history } = engine;
  const self = core.identity.requireSelf();
  if (directory.latest(self.account)?.list.devices.every(({ number }) => number === self.device) !== false) return;
  noteGap(engine, afterMs);
  // In a later tick, and once for all that is lost together.
  void Promise.resolve().then(() => {
    const sinceMs = core.identity.self() === undefined ? undefined : core.identity.gapAfterMs();
    if (sinceMs !== undefined) history.gap(sinceMs);
  });
}

/** Deliveries are missing: the messages among them come as history, the rest is asked of the own devices. Inside a transaction. */
function noteGap({ core, state, checks }: Engine, afterMs: number): void {
  core.identity.noteGap(Math.floor(core.timeMs()), afterMs);
  state.askRead();
  checks.disturbed();
}

function pushed(engine: Engine, keeper: PreKeyKeeper, push: Push): void {
  const { core } = engine;
  const { event } = push;
  switch (event.case) {
    case "deviceListChanged": {
      const account = parseAccountBytes(event.value.accountId);
      // Lists of accounts that nobody here deals with are not collected.
      if (account === undefined || engine.directory.latest(account) === undefined) return;
      engine.directory.accept(account, event.value.lists);
      if (account !== core.identity.self()?.account || leftTheList(engine, event.value.lists)) return;
      inBackground(engine, engine.capsules.keep());
      return engine.history.ownDevicesChanged();
    }
    case "rendezvousMessage":
      return engine.rendezvous.slotCame(event.value);
    case "admissionPlace":
      engine.companion.place(event.value);
      return engine.phone.place(event.value);
    case "preKeysLow": {
      const left = { oneTime: event.value.oneTimePreKeysLeft, kem: event.value.oneTimeKemPreKeysLeft };
      return keeper.replenish(left);
    }
    case "resyncNeeded":
      engine.receiver.reset();
      core.store.atomically(() => {
        noteGap(engine, gapStartsMs(core));
        core.identity.setMailbox(event.value.mailboxEpoch, Math.max(0, Number(event.value.nextSequence) - 1));
      });
      return engine.history.gap(core.identity.gapAfterMs() ?? 0);
    case "sendRejected":
      return engine.pump.rejected(event.value);
    case "slowDown":
    case undefined:
  }
}

/** A list of the own account that no longer names this device ends its membership, however it came. */
function leftTheList(engine: Engine, lists: readonly SignedDeviceList[]): boolean {
  const revoking = lists.findLast((list) => readRevocation(engine.core, list) !== undefined);
  if (revoking !== undefined) leave(engine, revoking);
  return revoking !== undefined;
}

function leave(engine: Engine, list: SignedDeviceList): void {
  const revocation = readRevocation(engine.core, list);
  if (revocation === undefined) return;
  engine.companion.revoked();
  engine.connection.stop();
  engine.receiver.reset();
  void engine.core.ports.vault?.clear();
  eraseAfterRevocation(engine.core, revocation);
  engine.outcomes.forget();
  engine.core.log({ event: "revoked", reason: revocation.reason });
  for (const topic of ["state", "conversations", "contacts", "devices"] as const) engine.core.notify.changed(topic);
}

/** Failures here are repeated on the next connection. */
function inBackground(engine: Engine, work: Promise<unknown>): void {
  work.catch((error: unknown) => engine.core.log({ event: "background-failed", error: error instanceof Error ? error.name : "unknown" }));
}
