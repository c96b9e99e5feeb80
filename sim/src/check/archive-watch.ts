/**
 * Watches every head of an archive on its way to the server: a device that knows of a removal seals nothing that the removed device could open,
 * were the server on its side. What a device knew is read from its disk in the moment in which the server publishes that it is revoked.
 */
import { accountIdToBytes, type Bytes, concat, utf8 } from "@hawser/base";
import { nodePrimitives } from "@hawser/io-node";
import type { Directory } from "@hawser/relay";
import { decodeClientFrame, FRAME_TYPES } from "@hawser/wire";
import type { Device } from "../nodes/device.ts";
import { type Account, phoneOf } from "../nodes/account.ts";
import type { World } from "../nodes/world.ts";
import { archiveOn } from "./archives.ts";

interface Removed {
  readonly account: Account;
  readonly device: number;
  /** The list that does not name it any more. */
  readonly listNumber: number;
  readonly keys: readonly Bytes[];
}

const LABEL = utf8("hawser archive head v1\0");

export class ArchiveWatch {
  /** Heads that devices of today sent, those of companions, those of devices that knew of a removal; heads that new devices asked for. */
  readonly heads = { all: 0, companions: 0, afterRemoval: 0, newDevices: 0 };
  readonly #world: World;
  readonly #removed: Removed[] = [];

  constructor(world: World) {
    this.#world = world;
    world.network.taps.push((direction, connection, bytes) => {
      if (direction !== "up" || bytes[0] !== FRAME_TYPES.request) return;
      const frame = decodeClientFrame(bytes);
      const device = world.devices.find(({ name }) => name === connection.device);
      if (!frame.ok || frame.value.type !== "request" || device?.runsToday !== true) return;
      const { operation } = frame.value.message;
      if (operation.case === "putArchiveHead") this.#put(device, operation.value.head);
      if (operation.case === "getArchiveHead" && device.disk.rows("SELECT 1 FROM kv WHERE key = 'settling'").length > 0)
        this.heads.newDevices++;
    });
  }

  watchDirectory(directory: Directory): void {
    directory.onChange((entry, _lists, revoked) => {
      const account = this.#world.accounts.find(({ id }) => id === entry.account);
      if (account === undefined) return;
      const listNumber = directory.listsAfter(entry.account, 0).length;
      for (const number of revoked) {
        const device = account.devices.find((its) => this.#world.oracle.numbers.get(its)?.device === number);
        const keys = device === undefined ? [] : archiveOn(device).keys.map(({ key }) => key);
        this.#removed.push({ account, device: number, listNumber, keys });
      }
    });
  }

  #put(writer: Device, head: Bytes): void {
    const account = this.#world.accountOf(writer);
    this.heads.all++;
    if (writer !== phoneOf(account)) this.heads.companions++;
    const known =
      writer.disk.rows<{ n: number | null }>("SELECT max(number) AS n FROM device_lists WHERE account = ?", account.id!)[0]?.n ?? 0;
    const removals = this.#removed.filter(
      (removed) => removed.account === account && removed.listNumber <= known && removed.keys.length > 0,
    );
    if (removals.length > 0) this.heads.afterRemoval++;
    for (const { device, keys } of removals) {
      if (keys.some((key) => opens(head, key, account)))
        this.#world.violations.add("nothing after revocation", `${writer.name} sealed its archive under a key that device ${device} had`);
    }
  }
}

function opens(head: Bytes, key: Bytes, { id }: Account): boolean {
  const bound = concat(LABEL, accountIdToBytes(id!), head.slice(0, 4));
  return nodePrimitives.aes256GcmOpen(key, head.slice(4, 16), head.slice(16), bound) !== undefined;
}
