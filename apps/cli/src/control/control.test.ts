/** Commands that use a profile through the process that owns it. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClientEvent, HawserClient } from "@hawser/sdk";
import { afterEach, beforeEach, expect, test } from "vitest";
import { controlAddress } from "./address.ts";
import { hostControl } from "./host-control.ts";
import { reachControl } from "./reach-control.ts";
import { MAX_CONTROL_FRAME_BYTES, socketPort } from "./socket-port.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "hawser-control-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function owner(calls: Partial<HawserClient>) {
  const listeners = new Set<(event: ClientEvent) => void>();
  const subscribe: HawserClient["subscribe"] = (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return { client: { subscribe, ...calls } as HawserClient, listeners };
}

test("calls, files and events cross, and end with the owner", async () => {
  const { client, listeners } = owner({
    checkHandle: (handle) => Promise.resolve({ available: handle === "free" }),
    previewImport: async (file) => ({ title: new TextDecoder().decode(await file.read(1, 2)) }) as never,
    state: () => new Promise(() => {}),
  });
  const host = await hostControl(folder, client);
  const guest = (await reachControl(folder))!;
  const heard: string[] = [];
  guest.subscribe((event) => heard.push(event.type));
  expect(await guest.checkHandle("free")).toEqual({ available: true });
  const bytes = new TextEncoder().encode("abcd");
  const file = {
    name: "f",
    sizeBytes: 4,
    mediaType: "",
    read: (offset: number, size: number) => Promise.resolve(bytes.slice(offset, offset + size)),
  };
  expect(await guest.previewImport(file)).toEqual({ title: "bc" });
  for (const listener of listeners) listener({ type: "contacts" });
  await guest.checkHandle("x");
  expect(heard).toEqual(["contacts"]);
  const waiting = guest.state();
  await host.close();
  await expect(waiting).rejects.toMatchObject({ code: "CLOSED" });
  expect(await reachControl(folder)).toBeUndefined();
});

test("a socket left by a killed owner is taken over; a long path gets a private place", async () => {
  const dead: Server = createServer().listen(controlAddress(folder));
  const deep = join(folder, "x".repeat(120));
  await new Promise((resolve) => dead.once("listening", resolve));
  dead.unref();
  const host = await hostControl(folder, owner({ checkHandle: () => Promise.resolve({ available: true }) }).client);
  expect(await (await reachControl(folder))!.checkHandle("a")).toEqual({ available: true });
  await host.close();
  dead.close();
  const address = controlAddress(deep);
  expect(Buffer.byteLength(address)).toBeLessThan(104);
  expect(statSync(join(address, "..")).mode & 0o077).toBe(0);
});

test("a frame that is too large, or no frame at all, ends the connection and nothing else", async () => {
  const got: unknown[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const port = socketPort(socket);
    port.addEventListener("message", ({ data }) => got.push(data));
    port.start!();
    sockets.push(socket);
  });
  const path = join(folder, "s");
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const header = Buffer.alloc(4);
  header.writeUInt32BE(MAX_CONTROL_FRAME_BYTES + 1);
  for (const poison of [header, Buffer.from([0, 0, 0, 3, 1, 2, 3])]) {
    const socket = connect(path);
    await new Promise<void>((resolve) => {
      socket.on("close", () => resolve());
      socket.on("error", () => {});
      socket.write(poison);
    });
  }
  const good = connect(path);
  socketPort(good).postMessage({ fine: [1, undefined] });
  while (got.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(got).toEqual([{ fine: [1, undefined] }]);
  good.destroy();
  server.close();
});
