/**
 * From network to network: a device goes offline, comes back from another address, and goes on as the same device. Nothing is linked
 * again, nothing is lost, and nothing comes twice.
 */
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";
import { once } from "node:events";
import type { HawserClient } from "../src/node/index.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hasText, texts, until, World } from "./world.ts";

/** The way of one device to the server: its connections come from `address`, as those of a device in that network do. */
class Way {
  /** `undefined`: no network. */
  address: string | undefined = "127.0.0.1";
  readonly seen = new Set<string>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor(serverPort: number) {
    this.#server = createServer((near) => {
      if (this.address === undefined) {
        near.destroy();
        return;
      }
      const far = connect({ port: serverPort, host: "127.0.0.1", localAddress: this.address });
      far.once("connect", () => this.seen.add(far.localAddress!));
      for (const [one, other] of [[near, far], [far, near]] as const) {
        this.#sockets.add(one);
        one.on("error", () => other.destroy()).on("close", () => (this.#sockets.delete(one), other.destroy()));
        one.pipe(other);
      }
    }); // prettier-ignore
  }

  async open(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  moveTo(address: string | undefined): void {
    this.address = address;
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.moveTo(undefined);
    this.#server.close();
  }
}

let world: World;
const ways: Way[] = [];
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(async () => {
  await world.stop();
  for (const way of ways.splice(0)) way.close();
});

async function wayToServer(): Promise<{ readonly way: Way; readonly serverUrl: string }> {
  const way = new Way(world.server.port);
  ways.push(way);
  return { way, serverUrl: await way.open() };
}

const is = (client: HawserClient, kind: "online" | "offline"): Promise<void> =>
  until(client, async () => (await client.state()).connection.kind === kind);

test("a phone and its computer that change networks stay who they are, and everything arrives once", async ({ skip }) => {
  skip(process.platform === "darwin", "macOS has one loopback address until somebody adds others");
  const [phones, computers] = [await wayToServer(), await wayToServer()];
  const anna = await world.account("anna", { serverUrl: phones.serverUrl });
  const bela = await world.account("bela");
  const { ab, ba } = await world.befriend(anna, bela);
  const laptop = await world.link(anna, "laptop", { serverUrl: computers.serverUrl });
  await anna.sendMessage({ conversation: ab, text: "hello" });
  for (const [client, chat] of [[bela, ba], [laptop, ab]] as const) await hasText(client, chat, "hello"); // prettier-ignore
  const own = [anna, laptop];
  const before = { list: await anna.deviceListCode(), devices: await Promise.all(own.map(async (each) => (await each.state()).self)) };
  const said = ["hello"];
  for (const address of ["127.0.0.2", "127.0.0.3", "127.0.0.1"]) {
    for (const { way } of [phones, computers]) way.moveTo(undefined);
    for (const client of own) await client.networkHint("offline");
    for (const client of own) await is(client, "offline");
    for (const [client, chat] of [[anna, ab], [laptop, ab], [bela, ba]] as const) {
      const text = `${(await client.state()).self!.deviceName}, away from ${address}`;
      await client.sendMessage({ conversation: chat, text });
      said.push(text);
    } // prettier-ignore
    for (const { way } of [phones, computers]) way.moveTo(address);
    for (const client of own) await client.networkHint("changed");
    for (const client of own) await is(client, "online");
    for (const [client, chat] of [[anna, ab], [laptop, ab], [bela, ba]] as const)
      for (const text of said.slice(-3)) await hasText(client, chat, text); // prettier-ignore
  }
  // They did come from there.
  for (const { way } of [phones, computers]) expect([...way.seen].toSorted()).toEqual(["127.0.0.1", "127.0.0.2", "127.0.0.3"]); // prettier-ignore
  for (const [client, chat] of [[anna, ab], [laptop, ab], [bela, ba]] as const)
    expect((await texts(client, chat)).toSorted()).toEqual(said.toSorted()); // prettier-ignore
  expect({ list: await anna.deviceListCode(), devices: await Promise.all(own.map(async (each) => (await each.state()).self)) }).toEqual(
    before,
  );
  for (const client of own) expect(await client.state()).toMatchObject({ phase: "ready", gapSinceMs: undefined });
  expect((await anna.devices()).map(({ device }) => device)).toEqual([1, 2]);
}, 60_000);
