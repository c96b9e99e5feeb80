import { OperationalError } from "@hawser/base";
import { expect, test } from "vitest";
import type { HawserClient } from "../api.ts";
import { flushedClient } from "./flushed-client.ts";

const soon = () => new Promise((resolve) => setImmediate(resolve));

/** A client that has done everything at once, and storage whose write ends when told. */
function world() {
  const write = Promise.withResolvers<void>();
  let writes = 0;
  const flush = (): Promise<void> => {
    writes++;
    return write.promise;
  };
  const client = { wipe: () => Promise.resolve(), state: () => Promise.resolve({ phase: "empty" }), subscribe: () => () => true };
  return { client: flushedClient(client as unknown as HawserClient, flush), write, writes: () => writes };
}

test("a change is answered when storage has it, not before", async () => {
  const { client, write } = world();
  let answered = false;
  const answer = client.wipe().then(() => (answered = true));
  await soon();
  expect(answered).toBe(false);
  write.resolve();
  await answer;
  expect(answered).toBe(true);
});

test("reads wait for nothing", async () => {
  const { client, writes } = world();
  expect(await client.state()).toEqual({ phase: "empty" });
  expect(client.subscribe(() => undefined)).toBeTypeOf("function");
  expect(writes()).toBe(0);
});

test("a change that storage does not take is no success", async () => {
  const { client, write } = world();
  write.reject(new OperationalError("STORAGE_FULL"));
  await expect(client.wipe()).rejects.toMatchObject({ code: "STORAGE_FULL" });
});
