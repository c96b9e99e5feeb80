/** What a device that wants history says to one that has it: through the outbox, like everything. */
import { type DeviceNumber, newMessageId } from "@hawser/base";
import type { HistoryMessageToSource } from "@hawser/wire";
import type { Core } from "../core.ts";
import { encodeContent } from "../messaging/content.ts";

/** Joins a transaction. */
export const postToSource = (core: Core, device: DeviceNumber, message: HistoryMessageToSource["message"]): void =>
  core.store.atomically(() => {
    const self = core.identity.requireSelf();
    const nowMs = core.timeMs();
    const messageId = newMessageId(nowMs, core.ports.random);
    const content = encodeContent(
      { sender: self, conversation: undefined, messageId, sentAtMs: nowMs },
      { case: "historyToSource", value: { message } },
    );
    core.store.outbox.add({ messageId, audience: "device", account: self.account, device, content });
    core.notify.changed("outbox");
  });
