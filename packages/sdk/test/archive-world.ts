/** What the tests of the archive stand on: a world with eyes on the server's store, and companions that do not wait an hour. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { accountIdToBytes, concat, utf8 } from "@hawser/base";
import { nodePrimitives } from "@hawser/io-node";
import { expect } from "vitest";
import type { HawserClient } from "../src/node/index.ts";
import { dying } from "./long-history.ts";
import { quick, until, World } from "./world.ts";

const IMPATIENT = { clock: quick(15) };
/** A phone that writes its archive within seconds and hands nothing to anyone. */
export const ARCHIVIST = { clock: quick(60) };

export class ArchiveWorld extends World {
  /** Takes part in what only a malicious server could do. */
  onServer(sql: string, ...values: (string | number | Uint8Array)[]): Record<string, unknown> | undefined {
    return this.#in(["server", "blobs.db"], sql, values);
  }

  head(): Uint8Array {
    return Uint8Array.from(this.onServer("SELECT head FROM archive_heads")!["head"] as Uint8Array);
  }

  /** The key of that number in a device's shared state, as it stands in the serialized `ArchiveState`. */
  keyAt(name: string, number: number): Uint8Array | undefined {
    const row = this.#in([name, "client.db"], "SELECT value FROM state_entries WHERE collection = 'archive'", []);
    const value = Buffer.from(row!["value"] as Uint8Array);
    const at = value.indexOf(Uint8Array.from([0x08, number, 0x12, 32]));
    return at < 0 ? undefined : Uint8Array.from(value.subarray(at + 4, at + 36));
  }

  /** By hand, as docs/PROTOCOL.md has it. */
  async opens(key: Uint8Array | undefined, of: HawserClient): Promise<boolean> {
    const head = this.head();
    const { account } = (await of.state()).self!;
    const bound = concat(utf8("hawser archive head v1\0"), accountIdToBytes(account), head.slice(0, 4));
    return key !== undefined && nodePrimitives.aes256GcmOpen(key, head.slice(4, 16), head.slice(16), bound) !== undefined;
  }

  /** The ceremony at its own pace; then the phone is off, and the new device has less patience. */
  async linkedThenAlone(phone: HawserClient, phoneName = "anna"): Promise<HawserClient> {
    await this.link(phone, "alone");
    await this.close(phoneName);
    await this.close("alone");
    return this.open("alone", IMPATIENT);
  }

  async reopened(name: string, ports: Parameters<World["open"]>[1] = ARCHIVIST): Promise<HawserClient> {
    await this.close(name);
    const client = this.open(name, ports);
    await online(client);
    return client;
  }

  /** It hands over nothing: every upload of history stops. */
  handingOverNothing = (name: string): Promise<HawserClient> => this.reopened(name, { http: dying(0).http });

  /** What waits there was noted by a clock that was wrong by years, and is written at once. */
  async overdue(name: string): Promise<HawserClient> {
    await this.close(name);
    this.#in([name, "client.db"], "UPDATE archive_rows SET noted_at_ms = 4e12 WHERE tail = 0 RETURNING order_key", []);
    return this.open(name);
  }

  #in(path: readonly string[], sql: string, values: readonly (string | number | Uint8Array)[]): Record<string, unknown> | undefined {
    const database = new DatabaseSync(join(this.folder, ...path));
    try {
      return database.prepare(sql).get(...values);
    } finally {
      database.close();
    }
  }
}

export const complete = (client: HawserClient): Promise<void> =>
  until(client, async () => (await client.state()).history.kind === "complete");
export const online = (client: HawserClient): Promise<void> =>
  until(client, async () => (await client.state()).connection.kind === "online");
export const archived = (client: HawserClient, messages: number): Promise<void> =>
  until(client, async () => {
    const { waiting, messages: there, trouble } = await client.archive();
    expect(trouble).toBeUndefined();
    return waiting === 0 && there >= messages;
  });
