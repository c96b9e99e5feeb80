import { MessageChannel } from "node:worker_threads";
import { OperationalError } from "@hawser/base";
import type { ClientEvent, FileSource, HawserClient } from "@hawser/client";
import { afterEach, expect, test } from "vitest";
import { connectWorkerClient, fileSourceOf, fileSourceOfBytes, serveWorkerClient, type PortLike } from "./index.ts";

const open: MessageChannel[] = [];
afterEach(() => {
  for (const channel of open.splice(0)) channel.port1.close();
});

function pair(client: Partial<HawserClient>) {
  const channel = new MessageChannel();
  open.push(channel);
  const gone = new AbortController();
  const stop = serveWorkerClient(channel.port1 as unknown as PortLike, { subscribe: () => () => {}, ...client } as HawserClient);
  const page = connectWorkerClient(channel.port2 as unknown as PortLike, { gone: gone.signal });
  return { page, stop, gone };
}

test("arguments, results and error codes with their retry cross the port", async () => {
  const { page } = pair({
    checkHandle: (handle) => Promise.resolve({ available: handle === "free" }),
    requestCode: () => Promise.reject(new OperationalError("RATE_LIMITED", { retry: { afterMs: 500 } })),
  });
  expect(await page.checkHandle("free")).toEqual({ available: true });
  expect(await page.checkHandle("taken")).toEqual({ available: false });
  await expect(page.requestCode("x")).rejects.toMatchObject({ code: "RATE_LIMITED", retry: { afterMs: 500 } });
});

test("events reach every listener until it unsubscribes", async () => {
  let emit = (_event: ClientEvent): void => {};
  const { page } = pair({
    subscribe: (listener) => {
      emit = listener;
      return () => {};
    },
    checkHandle: () => Promise.resolve({ available: true }),
  });
  const seen: string[] = [];
  const unsubscribe = page.subscribe((event) => seen.push(event.type));
  await page.checkHandle("a");
  emit({ type: "contacts" });
  await page.checkHandle("b");
  unsubscribe();
  emit({ type: "devices" });
  await page.checkHandle("c");
  expect(seen).toEqual(["contacts"]);
});

test("a file is read in pieces from the other side, and a Blob crosses as it is", async () => {
  const { page } = pair({
    previewImport: async (file: FileSource) => {
      const middle = new TextDecoder().decode(await file.read(2, 3));
      return { importId: middle, title: file.name } as never;
    },
  });
  const bytes = new TextEncoder().encode("abcdefg");
  const remote: FileSource = {
    name: "r",
    sizeBytes: 7,
    mediaType: "text/plain",
    read: (offset, size) => Promise.resolve(bytes.slice(offset, offset + size)),
  };
  expect(await page.previewImport(remote)).toEqual({ importId: "cde", title: "r" });
  expect(await page.previewImport(fileSourceOf(new Blob([bytes]), "b.txt"))).toEqual({ importId: "cde", title: "b.txt" });
});

test("a preview crosses with its file, whichever side reads the bytes", async () => {
  const seen: FileSource["preview"][] = [];
  const { page } = pair({
    sendMessage: async ({ attachments }) => {
      for (const file of attachments ?? []) seen.push(file.preview);
      return undefined as never;
    },
  });
  const preview = { width: 40, height: 30, thumbnail: new Uint8Array([1, 2, 3]) };
  const attachments = [
    fileSourceOf(new Blob(["x"]), "a", preview),
    fileSourceOfBytes("b", "", new Uint8Array(1), preview),
    fileSourceOf(new Blob(["x"]), "c"),
  ];
  await page.sendMessage({ conversation: "a:x" as never, text: "", attachments });
  expect(seen).toEqual([preview, preview, undefined]);
});

test("a failing read rejects the call that needed it", async () => {
  const { page } = pair({ previewImport: async (file: FileSource) => (await file.read(0, 1)) as never });
  const broken: FileSource = {
    name: "r",
    sizeBytes: 7,
    mediaType: "",
    read: () => Promise.reject(new OperationalError("IMPORT_UNREADABLE")),
  };
  await expect(page.previewImport(broken)).rejects.toMatchObject({ code: "IMPORT_UNREADABLE" });
});

test("when the worker is gone every open call rejects, and new ones do too", async () => {
  const { page, gone } = pair({ state: () => new Promise(() => {}) });
  const waiting = page.state();
  gone.abort();
  await expect(waiting).rejects.toMatchObject({ code: "CLOSED", retry: "now" });
  await expect(page.state()).rejects.toMatchObject({ code: "CLOSED" });
});

test("only methods of the client can be called", async () => {
  const { page } = pair({});
  const channel = open.at(-1)!;
  const answer = new Promise((resolve) =>
    channel.port2.on("message", (message: { type: string }) => message.type === "error" && resolve(message)),
  );
  channel.port2.postMessage({ type: "call", id: 99, method: "constructor", args: [] });
  expect(await answer).toMatchObject({ id: 99, error: { code: "UNKNOWN_OPERATION" } });
  await page.close();
});
