/** The public face of the engine: each call checks what a person may do and hands on. No logic of its own. */
import { create } from "@bufbuild/protobuf";
import { conversationWith, OperationalError } from "@hawser/base";
import { ProfileSchema, RevocationReason, SettingsStateSchema } from "@hawser/wire";
import { createAccount } from "./account/create.ts";
import { checkName } from "./account/names.ts";
import { addRecoveryPasskey, recoveryState, removeRecovery, tellRemovedPasskeys } from "./account/passkey-recovery.ts";
import { createRecoveryCode, restoreAccount } from "./account/recovery.ts";
import type { HawserClient } from "./api.ts";
import { ONLINE_TIMEOUT_MS } from "./bounds.ts";
import { readAttachment } from "./chats/attachments.ts";
import {
  markRead,
  pageOfConversations,
  pageOfMessages,
  requireConversation,
  searchMessages,
  setChatState,
  setDraft,
} from "./chats/read.ts";
import { retryMessage, sendMessage } from "./chats/send.ts";
import { noteDormancy, tellDormancy } from "./devices/dormancy.ts";
import { diagnostics } from "./diagnosis/diagnostics.ts";
import { createEngine, type Engine } from "./engine.ts";
import { encodeState } from "./messaging/state-sync.ts";
import { storageError } from "./store/storage-trouble.ts";
import type { ClientPorts } from "./ports.ts";

/** Opens the store, resumes what was under way and connects. Calls after `close` reject with CLOSED. */
export function createClient(ports: ClientPorts): HawserClient {
  const engine = createEngine(ports);
  return guardClosed(
    { ...accountCalls(engine), ...linkCalls(engine), ...deviceCalls(engine), ...contactCalls(engine), ...chatCalls(engine) },
    engine,
  );
}

type Calls<Names extends keyof HawserClient> = Pick<HawserClient, Names>;

/** For devices without an account: a connection that can register, look up and restore. */
async function anonymous(engine: Engine): Promise<Engine["connection"]> {
  const { core, connection } = engine;
  if (core.identity.phase() === "ready") throw new OperationalError("WRONG_PHASE");
  connection.start("anonymous");
  await connection.whenOnline(ONLINE_TIMEOUT_MS);
  return connection;
}

/** For members: waits a little for a connection that is just being made. */
async function online(engine: Engine): Promise<Engine["connection"]> {
  engine.core.identity.requireSelf();
  await engine.connection.whenOnline(ONLINE_TIMEOUT_MS);
  return engine.connection;
}

function accountCalls(
  engine: Engine,
): Calls<
  | "state"
  | "diagnostics"
  | "networkHint"
  | "checkHandle"
  | "createAccount"
  | "requestCode"
  | "createRecoveryCode"
  | "restoreAccount"
  | "recoveryState"
  | "addRecoveryPasskey"
  | "removeRecovery"
  | "setDisplayName"
  | "setSettings"
  | "dismissNotice"
  | "passkeySettings"
  | "addPasskey"
  | "removePasskey"
  | "setPasskeyRequired"
> {
  const { core, connection, queue } = engine;
  return {
    state: async () => engine.clientState(),
    diagnostics: async () => diagnostics(engine),
    async networkHint(hint) {
      engine.changes.hinted(hint);
      connection.hint(hint === "changed" ? "network-changed" : hint);
    },
    async checkHandle(handle) {
      const link = core.identity.phase() === "ready" ? await online(engine) : await anonymous(engine);
      return { available: (await link.request("checkHandle", { handle })).available };
    },
    createAccount: (options) =>
      queue.run(async () => {
        const self = await createAccount(core, await anonymous(engine), options);
        connection.start("device");
        return self;
      }),
    async requestCode(address) {
      await (await anonymous(engine)).request("requestCode", { address });
    },
    createRecoveryCode: () => queue.run(async () => createRecoveryCode(core, await online(engine))),
    restoreAccount: (options) =>
      queue.run(async () => {
        const self = await core.observe.during("recover", "restoring", async () => restoreAccount(core, await anonymous(engine), options));
        engine.history.refill();
        connection.start("device");
        return self;
      }),
    async recoveryState() {
      // A screen asks by itself: what waits in the queue must not wait for a connection with it.
      const link = await online(engine);
      return queue.run(() => recoveryState(core, link, engine.passkeys.settings()));
    },
    addRecoveryPasskey: (passkey) =>
      queue.run(async () => addRecoveryPasskey(core, await online(engine), engine.passkeys.settings(), passkey)),
    removeRecovery: (passkey) => queue.run(async () => removeRecovery(core, await online(engine), passkey)),
    async setDisplayName(name) {
      const self = core.identity.requireSelf();
      checkName(name);
      core.store.atomically(() => {
        core.identity.setSelf({ ...self, displayName: name });
        core.store.contacts.forgetSentProfiles();
        engine.state.share("profile", "", encodeState(ProfileSchema, create(ProfileSchema, { displayName: name, handle: self.handle })));
      });
      core.notify.changed("state");
    },
    async setSettings(change) {
      core.identity.requireSelf();
      const settings = { ...core.identity.settings(), ...change };
      const value = create(SettingsStateSchema, {
        readReceipts: settings.readReceipts,
        language: settings.language ?? "",
        theme: settings.theme,
        noOutcomeReports: !settings.reportOutcomes,
        dormantAfterMonths: settings.dormantAfterMonths,
      });
      const isNewPeriod = settings.dormantAfterMonths !== core.identity.settings().dormantAfterMonths;
      core.store.atomically(() => {
        core.identity.setSettings(settings);
        engine.state.share("settings", "", encodeState(SettingsStateSchema, value));
        if (isNewPeriod) noteDormancy(core);
      });
      if (isNewPeriod && connection.online) await tellDormancy(core, connection).catch(() => undefined);
      if (!settings.reportOutcomes) engine.outcomes.forget();
      core.notify.changed("state");
    },
    passkeySettings: async () => engine.passkeys.settings(),
    addPasskey: async (passkey) => engine.passkeys.add(passkey),
    async removePasskey(credentialId) {
      engine.passkeys.remove(credentialId);
      // What cannot be told now is told on the next connection.
      if (connection.online) void queue.run(() => tellRemovedPasskeys(core, connection)).catch(() => undefined);
    },
    setPasskeyRequired: async (required) => engine.passkeys.setRequired(required),
    async dismissNotice() {
      core.identity.setNotice(undefined);
      core.notify.changed("state");
    },
  };
}

function linkCalls(
  engine: Engine,
): Calls<
  | "startLink"
  | "openReverseCode"
  | "answerLinkPasskey"
  | "cancelLink"
  | "linkStatus"
  | "openLinkCode"
  | "openTypedCode"
  | "showReverseCode"
  | "approveLink"
  | "rejectLink"
> {
  const { core, companion, phone } = engine;
  return {
    async startLink(options) {
      if (core.identity.phase() === "ready") throw new OperationalError("WRONG_PHASE");
      checkName(options.deviceName);
      // Whoever begins anew has read why the device was signed out.
      core.store.kv.delete("revocation");
      return companion.start(options);
    },
    answerLinkPasskey: async (answer) => companion.answerPasskey(answer),
    async cancelLink() {
      if (core.identity.self()?.role === "phone") phone.cancel();
      else companion.cancel();
    },
    linkStatus: async () => (core.identity.self()?.role === "phone" ? (phone.status() ?? companion.status()) : companion.status()),
    openReverseCode: async (text) => companion.openReverse(text),
    openLinkCode: async (text) => phone.open(text),
    openTypedCode: async (text) => phone.openTyped(text),
    showReverseCode: async () => phone.showReverse(),
    approveLink: async (attempt, options) => phone.approve(attempt, options),
    rejectLink: async (attempt, reason) => phone.reject(attempt, reason),
  };
}

function deviceCalls(engine: Engine): Calls<"devices" | "renameDevice" | "revokeDevice" | "answerDeviceAlert" | "finishMove" | "wipe"> {
  const { core, ownList, queue } = engine;
  return {
    devices: () => ownList.devices(),
    renameDevice: (device, name) => queue.run(() => ownList.rename(device, name)),
    revokeDevice: (device) => queue.run(() => ownList.revoke(device, RevocationReason.BY_USER)),
    answerDeviceAlert: async (id, answer) => engine.alerts.answer(id, answer),
    finishMove: (options) =>
      queue.run(async () => {
        core.identity.requirePhone();
        if (core.identity.settling() && options?.withoutHistory !== true) throw new OperationalError("WRONG_PHASE");
        await core.observe.during("finish-move", "finishing", () => ownList.retireOtherPhones());
      }),
    async wipe() {
      if (core.identity.self()?.role === "companion") await sayGoodbye(engine);
      engine.connection.stop();
      engine.companion.cancel();
      engine.receiver.reset();
      // First: what is left of it would bring the device back.
      await core.ports.vault?.clear();
      core.store.wipe();
      core.identity.forget();
      engine.outcomes.forget();
      for (const topic of ["state", "conversations", "contacts", "devices"] as const) core.notify.changed(topic);
    },
  };
}

/** How long a wipe waits for the server to take the request to be revoked. */
const GOODBYE_TIMEOUT_MS = 3_000;

async function sayGoodbye({ core, connection, state }: Engine): Promise<void> {
  if (!connection.online) return;
  core.store.atomically(() => state.shareLeaving());
  const deadlineMs = core.ports.clock.monotonicMs() + GOODBYE_TIMEOUT_MS;
  while (core.store.outbox.count() > 0 && connection.online && core.ports.clock.monotonicMs() < deadlineMs) {
    await new Promise<void>((resolve) => void core.ports.clock.after(20, resolve));
  }
}

function contactCalls(
  engine: Engine,
): Calls<
  | "findHandle"
  | "addContact"
  | "contactUri"
  | "openContactCode"
  | "contacts"
  | "renameContact"
  | "setBlocked"
  | "safetyNumber"
  | "setVerified"
  | "listFork"
  | "trustBranch"
  | "deviceListCode"
> {
  const { core, contacts, forks } = engine;
  return {
    async findHandle(handle) {
      await online(engine);
      return contacts.findHandle(handle);
    },
    async addContact(options) {
      const contact = contacts.add(options);
      engine.resends.askAgain();
      return contact;
    },
    contactUri: async () => contacts.uri(),
    openContactCode: async (text) => contacts.openUri(text),
    contacts: async () => core.store.contacts.list(),
    renameContact: async (account, name) => contacts.rename(account, name),
    setBlocked: (account, blocked) => contacts.setBlocked(account, blocked),
    safetyNumber: (account) => contacts.safetyNumber(account),
    setVerified: async (account, verified) => contacts.setVerified(account, verified),
    listFork: (account) => forks.fork(account),
    async trustBranch(account, branch) {
      await forks.trust(account, branch);
      engine.receiver.retryHeld();
    },
    deviceListCode: async () => forks.ownCode(),
  };
}

function chatCalls(
  engine: Engine,
): Calls<
  | "conversations"
  | "conversation"
  | "openConversation"
  | "messages"
  | "message"
  | "sendMessage"
  | "retryMessage"
  | "acceptRequest"
  | "markRead"
  | "setChatState"
  | "setDraft"
  | "attachment"
  | "search"
  | "requestHistory"
  | "archive"
  | "setArchive"
  | "previewImport"
  | "runImport"
  | "cancelImport"
> {
  const { core, receipts, state, history, imports } = engine;
  return {
    conversations: async (options) => pageOfConversations(core, options ?? {}),
    conversation: async (id) => core.store.conversations.summary(id),
    async openConversation(account) {
      if (account === core.identity.requireSelf().account) throw new OperationalError("SELF");
      const id = conversationWith(account);
      core.store.atomically(() => core.store.conversations.ensure(id));
      core.notify.changed("conversations");
      return core.store.conversations.summary(id)!;
    },
    messages: async (options) => pageOfMessages(core, options),
    message: async (id) => core.store.messages.find(id),
    sendMessage: (options) => sendMessage(core, options),
    retryMessage: async (id) => retryMessage(core, id),
    async acceptRequest(conversation) {
      const row = requireConversation(core, conversation);
      const account = core.store.conversations.summary(row.id)?.contact?.account;
      if (account === undefined) return;
      engine.contacts.accept(account);
      // What could not be read of a stranger was not asked for.
      engine.resends.askAgain();
    },
    markRead: async (conversation, upTo) => markRead(core, receipts, state, conversation, upTo),
    setChatState: async (conversation, change) => setChatState(core, state, conversation, change),
    setDraft: async (conversation, text) => setDraft(core, conversation, text),
    attachment: (message, index) => readAttachment(core, engine.transfer, engine.asker, message, index),
    search: async (options) => searchMessages(core, options),
    archive: async () => history.archive.status(),
    setArchive: (on) => history.archive.set(on),
    requestHistory: async (options) => history.request(options?.conversation),
    previewImport: (file) => imports.preview(file),
    runImport: (options) => imports.run(options),
    cancelImport: async (importId) => imports.cancel(importId),
  };
}

/** After `close` nothing touches the store any more. */
function guardClosed(calls: Omit<HawserClient, "subscribe" | "close">, engine: Engine): HawserClient {
  let closed = false;
  const guard =
    (call: (...args: never[]) => Promise<unknown>) =>
    async (...args: never[]): Promise<unknown> => {
      if (closed) throw new OperationalError("CLOSED");
      try {
        return await call(...args);
      } catch (error) {
        if (closed) throw new OperationalError("CLOSED", { cause: error });
        throw storageError(error);
      }
    };
  const guarded = Object.fromEntries(
    Object.entries(calls).map(([name, call]) => [name, guard(call as (...args: never[]) => Promise<unknown>)]),
  ) as unknown as Omit<HawserClient, "subscribe" | "close">;
  return {
    ...guarded,
    subscribe: (listener) => engine.core.notify.subscribe(listener),
    async close() {
      if (closed) return;
      closed = true;
      engine.stop();
    },
  };
}
