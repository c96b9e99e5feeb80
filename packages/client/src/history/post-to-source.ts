/** What a device that wants history says to one that has it: through the outbox, like everything. */
import { type DeviceNumber, fromHex, type MessageId, newMessageId } from "@hawser/base";
import type { HistoryMessageToSource } from "@hawser/wire";
import type { Core } from "../core.ts";
import { encodeContent } from "../messaging/content.ts";
import { requestFields, type StoredJob } from "./stored-job.ts";

/** Joins a transaction. Says which message it is. */
export const postToSource = (core: Core, device: DeviceNumber, message: HistoryMessageToSource["message"]): MessageId =>
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
    return messageId;
  });

/** The whole question each time: its source may have lost the job, or never have heard of it. Joins a transaction. */
export function askSource(core: Core, jobId: string, nextIndex: number): void {
  const { historyJobs, outbox } = core.store;
  const row = historyJobs.find(jobId);
  if (row === undefined) return;
  const { source, part, anyway = false, question } = row.state as StoredJob;
  if (question !== undefined && outbox.hasMessage(question)) return;
  core.store.atomically(() => {
    const value = { jobId: fromHex(jobId)!, nextIndex, anyway, ...requestFields(part) } as never;
    const asked = postToSource(core, source as DeviceNumber, { case: "request", value });
    historyJobs.put({ ...row, state: { ...(row.state as StoredJob), question: asked } });
  });
}
