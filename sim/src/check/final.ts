/** Rules that are looked at once, at the end: what revoked devices read, what the server's disks hold. */
import type { World } from "../nodes/world.ts";
import { archiveOn } from "./archives.ts";
import { holdsCanary } from "./wire-watch.ts";

export function checkRevokedReaders(world: World): void {
  const { oracle, violations } = world;
  for (const [device, texts] of oracle.seen) {
    const was = oracle.numbers.get(device);
    const revokedAtMs = was === undefined ? undefined : oracle.revocations.get(`${was.account}/${was.device}`);
    if (revokedAtMs === undefined) continue;
    for (const message of oracle.sent.values()) {
      if (message.askedAtMs > revokedAtMs && texts.has(message.text))
        violations.add("nothing after revocation", `${device.name} read "${message.text}", sent after its revocation`);
    }
  }
}

/** Whoever says that it is revoked is named by a list that the account signed. */
export function checkSignedOut(world: World): void {
  const { directory } = world.server;
  for (const { device, account, number } of world.oracle.signedOut) {
    const list = account === undefined ? undefined : directory?.revokingList(account, number as never);
    if (list === undefined) world.violations.add("revoked only by signature", `${device.name} signed itself out and no list revokes it`);
  }
}

export function checkServerDisks(world: World): void {
  for (const [role, disk] of Object.entries(world.server.disks)) {
    for (const { name } of disk.rows<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'")) {
      for (const row of disk.raw.prepare(`SELECT * FROM ${name}`).iterate()) {
        const found = Object.values(row).some((value) =>
          value instanceof Uint8Array ? holdsCanary(value) : typeof value === "string" && holdsCanary(Buffer.from(value)),
        );
        if (found) world.violations.add("no plaintext at the server", `table ${name} of ${role} holds plaintext`);
      }
    }
  }
  const keys = world.devices.flatMap((device) => archiveOn(device).keys.map(({ key }) => Buffer.from(key)));
  const heads = world.server.disks.blobs.rows<{ head: Uint8Array }>("SELECT head FROM archive_heads").map(({ head }) => head);
  for (const blob of [...world.server.shelf.stored, ...heads]) {
    if (holdsCanary(blob)) world.violations.add("no plaintext at the server", "a blob holds plaintext");
    const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.length);
    if (keys.some((key) => bytes.includes(key))) world.violations.add("no plaintext at the server", "a blob holds a key of an archive");
  }
}
