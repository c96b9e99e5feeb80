/** A phone that dies between signing a new device and telling anybody: the same link goes on after its restart, and the device comes once. */
import type { FrameConnection, Transport } from "@hawser/base";
import { webSocketTransport } from "@hawser/io-node";
import { afterEach, beforeEach, expect, test } from "vitest";
import { linkStage, until, World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = new World();
  await world.start();
});
afterEach(() => world.stop());

/** Frames beyond those let through are swallowed, as on a way that has died without a word. */
function dyingTransport(): { readonly transport: Transport; letThrough(frames: number): void } {
  const inner = webSocketTransport();
  let left = Number.POSITIVE_INFINITY;
  const open: Transport["open"] = (url, events) => {
    const connection = inner.open(url, events);
    const cut: FrameConnection = {
      send(frame) {
        if (left-- > 0) connection.send(frame);
      },
      get bufferedBytes() {
        return connection.bufferedBytes;
      },
      close: (code, reason) => connection.close(code, reason),
    };
    return cut;
  };
  return {
    transport: { kind: inner.kind, open },
    letThrough(frames) {
      left = frames;
    },
  };
}

test.each([0, 1, 2])("confirmed, and only %i frames left the phone", async (frames) => {
  const way = dyingTransport();
  const anna = await world.account("anna", { transport: way.transport });
  const laptop = world.open("laptop");
  await laptop.startLink({ deviceName: "laptop", platform: "test" });
  await anna.openLinkCode((await linkStage(laptop, "waiting-for-scan")).uri!);
  const { attempt } = await linkStage(anna, "comparing");
  await linkStage(laptop, "comparing");
  way.letThrough(frames);
  await anna.approveLink(attempt!);
  expect((await linkStage(anna, "approving")).attempt).toBe(attempt);
  await world.close("anna");
  const again = world.open("anna");
  await until(laptop, async () => (await laptop.state()).phase === "ready");
  await until(again, async () => (await again.devices()).length === 2);
  expect((await linkStage(again, "active")).attempt).toBe(attempt);
});
