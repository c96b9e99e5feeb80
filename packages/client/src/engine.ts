/**
 * The parts of one client, wired. It holds no protocol logic: what a part may do to another stands in the few closures here.
 * Invariant: what waits for the network and changes the account's lists or keys runs in one queue; everything else is one tick.
 */
import type { AccountId } from "@hawser/base";
import { createPairEngine } from "@hawser/crypto";
import { RevocationReason } from "@hawser/wire";
import { createPasskeys, type Passkeys } from "./account/passkeys.ts";
import { openIdentity } from "./account/identity.ts";
import { startAfreshIfSalvaged } from "./account/old-copy.ts";
import { keepIdentity, restoreIdentity } from "./account/vault.ts";
import { GAP_MARGIN_MS } from "./bounds.ts";
import type { ClientState } from "./api.ts";
import { type AttachmentAsker, createAttachmentAsker } from "./attachments/asker.ts";
import { type AttachmentHolder, createAttachmentHolder } from "./attachments/holder.ts";
import { type BlobTransfer, createBlobTransfer } from "./blobs/transfer.ts";
import { fetchAttachment } from "./chats/attachments.ts";
import { type Connection, createConnection } from "./connection/connection.ts";
import { askOwnForLeft, askOwnSince, createServerEvents } from "./connection/server-events.ts";
import { type ContactBook, createContactBook } from "./contacts/contact-book.ts";
import { createListForks, type ListForks } from "./contacts/list-forks.ts";
import type { Core } from "./core.ts";
import { type ChangeLog, createChangeLog } from "./diagnosis/change-log.ts";
import { createDeviceCapsules, type DeviceCapsules } from "./devices/device-capsule.ts";
import { createDeviceAlerts, type DeviceAlerts } from "./devices/device-alerts.ts";
import { forgetLeftSessions } from "./devices/left-sessions.ts";
import { createLateKeys } from "./devices/late-keys.ts";
import { createDirectory, type DeviceDirectory } from "./devices/directory.ts";
import { everConnected } from "./devices/ever-connected.ts";
import { createOwnList, type OwnList } from "./devices/own-list.ts";
import { createHistory, type History } from "./history/history.ts";
import { createImports, type Imports } from "./importing/import-driver.ts";
import { type CompanionLink, createCompanionLink } from "./linking/companion-driver.ts";
import { createForgottenLinks, type ForgottenLinks } from "./linking/forgotten-links.ts";
import { createPhoneLinks, type PhoneLinks } from "./linking/phone-driver.ts";
import { createLinkNodes } from "./linking/link-nodes.ts";
import { createRendezvous, type Rendezvous } from "./linking/rendezvous.ts";
import { createContentHandler } from "./messaging/handle-content.ts";
import { createOutboxPump, type OutboxPump } from "./messaging/outbox.ts";
import { createReceipts, type Receipts } from "./messaging/receipts.ts";
import { createReceiver, type Receiver } from "./messaging/receive.ts";
import { createResends, type Resends } from "./messaging/resend.ts";
import { createStateChecks, type StateChecks } from "./messaging/state-checks.ts";
import { createStateSync, type StateSync } from "./messaging/state-sync.ts";
import type { LookAgain } from "./look-again.ts";
import { createNotifier } from "./notifier.ts";
import { createOutcomes, type Outcomes } from "./outcomes/outcomes.ts";
import type { ClientPorts } from "./ports.ts";
import { createSerialQueue, type SerialQueue } from "./serial-queue.ts";
import { clientState } from "./state.ts";
import { openStore } from "./store/store.ts";

export interface Engine {
  readonly core: Core;
  readonly queue: SerialQueue;
  readonly connection: Connection;
  readonly directory: DeviceDirectory;
  readonly transfer: BlobTransfer;
  readonly ownList: OwnList;
  readonly capsules: DeviceCapsules;
  readonly receipts: Receipts;
  readonly resends: Resends;
  readonly state: StateSync;
  readonly checks: StateChecks;
  readonly contacts: ContactBook;
  readonly forks: ListForks;
  readonly history: History;
  readonly asker: AttachmentAsker;
  readonly holder: AttachmentHolder;
  readonly imports: Imports;
  readonly companion: CompanionLink;
  readonly phone: PhoneLinks;
  readonly forgotten: ForgottenLinks;
  readonly lateKeys: LookAgain;
  readonly rendezvous: Rendezvous;
  readonly pump: OutboxPump;
  readonly receiver: Receiver;
  readonly changes: ChangeLog;
  readonly outcomes: Outcomes;
  readonly alerts: DeviceAlerts;
  readonly passkeys: Passkeys;
  clientState(): ClientState;
  stop(): void;
}

export function createEngine(ports: ClientPorts): Engine {
  const store = openStore(ports.database, ports.primitives);
  const identity = openIdentity(store.kv);
  const notify = createNotifier({
    state: () => engine.clientState(),
    message: (id) => store.messages.find(id),
    outbox: () => pump.wake(),
  });
  const timeMs = (): number => connection.timeMs();
  const outcomes = createOutcomes({ ports, store, identity }, () => connection);
  const core: Core = {
    ports,
    store,
    identity,
    notify,
    pair: createPairEngine(ports.primitives),
    timeMs,
    pairContext: () => ({ nowMs: timeMs(), random: ports.random }),
    log: (event) => ports.log?.(event),
    observe: outcomes.observer,
  };
  const queue = createSerialQueue();
  const connection: Connection = createConnection(
    ports,
    createServerEvents(() => engine),
    { load: () => store.kv.getJson("transports"), save: (memory) => store.kv.setJson("transports", memory) },
  );
  const directory = createDirectory(core, connection, {
    advanced(account) {
      forgetLeftSessions(core, account);
      // In a later tick: the machine's steps are no part of the transaction.
      void Promise.resolve().then(() => (stopped ? undefined : askOwnForLeft(engine)));
    },
    ownAdvanced(before, lists) {
      alerts.listsAdvanced(before, lists);
      forgotten.listsAdvanced(before, lists);
    },
    isAgainstChoice: (account, entries) => forks.isAgainstChoice(account, entries),
    parted: (account) => forks.parted(account),
  });
  const transfer = createBlobTransfer(ports, connection);
  const capsules = createDeviceCapsules(core, connection, directory);
  const ownList = createOwnList(core, connection, directory, capsules.restorable, () => history.archive.removing());
  const receipts = createReceipts(core);
  const resends = createResends(core, {
    online: () => connection.online,
    refresh: (account) => void directory.refresh(account).catch(() => undefined),
    // In a later tick: the machine's steps are no part of the delivery's transaction.
    give: (device, afterMs) => void Promise.resolve().then(() => (stopped ? undefined : history.give(device, afterMs))),
  });
  const state = createStateSync(core, {
    accepted: (account) => acceptedElsewhere(account),
    mayAnswerAlert: (id, writer) => alerts.mayAnswer(id, writer),
    takePasskeys: (signed) => passkeys.take(signed),
    alertAnswered: (id) => alerts.answered(id),
    listChosen: (account, value) => forks.chosenElsewhere(account, value),
    mayShareArchive: (from) => history.archive.mayShare(from),
    // In a later tick: the machine's steps are no part of the delivery's transaction.
    archiveChanged: () => void Promise.resolve().then(() => identity.phase() === "ready" && history.archive.changed()),
    blockChanged: () => contacts.blockedElsewhere(),
    // A companion that wiped itself; only a phone can take it off the list.
    leaving(device) {
      if (identity.self()?.role === "phone") void queue.run(() => ownList.revoke(device, RevocationReason.BY_USER)).catch(() => undefined);
    },
  });
  const checks = createStateChecks(core, { state, online: () => connection.online });
  const passkeys = createPasskeys(core, (signed) => state.share("passkeys", "", signed));
  const alerts = createDeviceAlerts(core, {
    nameOf: (device) => ownList.nameOf(device),
    share: (id, value) => state.share("alert", id, value),
    revoke: (device, reason) => queue.run(() => ownList.revoke(device, reason)),
  });
  const contacts = createContactBook(core, { link: connection, directory, state, receipts });
  const acceptedElsewhere = (account: AccountId): void => {
    contacts.acceptedElsewhere(account);
    // What could not be read of a stranger was not asked for.
    if (store.resends.countPending() > 0)
      void Promise.resolve().then(() => (stopped || identity.phase() !== "ready" ? undefined : resends.askAgain()));
  };
  const forks = createListForks(core, { link: connection, directory, state, unverify: (account) => contacts.unverify(account) });
  const history = createHistory(
    core,
    connection,
    directory,
    transfer,
    (device) => store.atomically(() => state.sendAllTo(device)),
    { accepted: (account) => acceptedElsewhere(account), stranger: contacts.learnHandle },
    { archive: (value) => state.share("archive", "archive", value), askRead: () => state.askRead() },
    () => resends.gapFilled(),
  );
  const imports = createImports(core, {
    online: () => connection.online,
    imported: (conversation) => history.imported(conversation),
  });
  const nodes = createLinkNodes(ports, () => connection.server()?.linkNodes ?? []);
  const rendezvous = createRendezvous(core, connection, nodes, (message) => {
    companion.slot(message);
    phone.slot(message);
  });
  const companion = createCompanionLink(core, rendezvous, {
    link: connection,
    member: () => connection.start("device"),
    underWay: (yes) => (yes ? connection.start("anonymous") : connection.stop()),
  });
  const phone = createPhoneLinks(core, {
    link: connection,
    rendezvous,
    directory,
    ownList,
    capsules,
    queue,
    passkeys: () => passkeys.forLinks(),
    archive: () => history.archive.toHandOver(),
    linked(attempt, device) {
      history.linked(attempt, device);
      store.atomically(() => state.sendAllTo(device));
    },
  });
  const forgotten = createForgottenLinks(core, {
    latest: () => directory.latest(identity.requireSelf().account),
    isUnderWay: phone.isUnderWay,
    everConnected: (device) => everConnected(connection, device),
    undo: (device) => queue.run(() => ownList.revoke(device, RevocationReason.LINK_UNDONE)),
  });
  const lateKeys = createLateKeys(
    core,
    () => connection.online,
    (afterMs) => askOwnSince(engine, afterMs),
  );
  const asker = createAttachmentAsker(core, (id, index) => fetchAttachment(core, transfer, id, index));
  const holder = createAttachmentHolder(core, transfer);
  const content = createContentHandler(core, {
    asker,
    holder,
    receipts,
    resends,
    capsules,
    state,
    checks,
    history,
    stranger: (account) => contacts.learnHandle(account),
    ownDevice(device) {
      history.deviceSeen(device);
      // In a later tick: the machine's steps are no part of the delivery's transaction.
      void Promise.resolve().then(() => phone.deviceSeen(device));
    },
  });
  const pump = createOutboxPump(core, connection, directory, transfer, connection.purse);
  const receiver = createReceiver(core, {
    link: connection,
    directory,
    content,
    receipts,
    resends,
    lineFilled: (order) => history.lineFilled(order),
    stateFilled: () => history.stateFilled(),
    lost: (serverTimeMs) => askOwnSince(engine, Math.max(0, serverTimeMs - GAP_MARGIN_MS)),
  });
  const changes = createChangeLog(store.kv, ports.clock);
  const { version, description: platform } = ports.platform;
  changes.started({ version, platform, storage: ports.storage.kind, durable: ports.storage.durable });
  notify.subscribe((event) => {
    if (event.type === "state") changes.seen(event.state);
  });

  let stopped = false;
  const resumeMember = (): void => {
    if (stopped || identity.phase() !== "ready") return;
    keepIdentity(core);
    companion.resume();
    phone.resume();
    connection.start("device");
  };

  const engine: Engine = {
    core, queue, connection, directory, transfer, ownList, capsules, receipts, resends, state, checks, contacts, forks, history, asker, holder, imports, companion, phone, forgotten, lateKeys, rendezvous, pump, receiver, outcomes, alerts, passkeys, changes,
    clientState: () => clientState(core, connection, history, alerts),
    stop() {
      stopped = true;
      for (const part of [outcomes, alerts, contacts, checks, pump, resends, receiver, history, asker, holder, companion, phone, forgotten, lateKeys, rendezvous]) part.stop();
      connection.stop();
      notify.close();
      ports.database.close();
    },
  }; // prettier-ignore

  const restored = restoreIdentity(core);
  if (restored) history.refill();
  startAfreshIfSalvaged(core, () => {
    state.reapply();
    contacts.shareLost();
    checks.disturbed();
  });
  if (identity.self() !== undefined) store.atomically(() => state.readNewer());
  if (identity.phase() === "ready") (ports.begin ?? ((resume) => resume()))(resumeMember);
  else {
    keepIdentity(core);
    companion.resume();
  }
  return engine;
}
