/** Lines that nobody can explain any more. */
import { fromBinary } from "@bufbuild/protobuf";
import { DeviceListSchema } from "@hawser/wire";
import type { Device } from "../nodes/device.ts";
import type { Account, World } from "../nodes/world.ts";

const SETTLED = `SELECT hex(m.id) AS id, c.id AS conversation, m.sent_at_ms AS cameMs FROM messages m JOIN conversations c ON c.row = m.conversation
  WHERE m.kind = 2 AND NOT EXISTS (SELECT 1 FROM pending_resends p WHERE p.message_id = m.id)`;

/**
 * Ids of lines, and of their chats, that one device could not read, whose sender has left and which came before every other device of the
 * account was there: no message that was promised or accepted may be among them, which another rule looks after.
 */
export function unexplained({ server, oracle }: World, account: Account, devices: readonly Device[]): string[] {
  const newest = server.directory?.listsAfter(account.id!, 0).at(-1);
  if (newest === undefined) return [];
  const listed = fromBinary(DeviceListSchema, newest.payload).devices;
  return devices.flatMap((device) => {
    const own = oracle.numbers.get(device)?.device;
    const othersSinceMs = Math.min(...listed.filter(({ number }) => number !== own).map(({ addedAtMs }) => Number(addedAtMs)));
    return device.disk
      .rows<{ id: string; conversation: string; cameMs: number }>(SETTLED)
      .filter(({ cameMs }) => cameMs < othersSinceMs)
      .flatMap(({ id, conversation }) => [id, conversation]);
  });
}
