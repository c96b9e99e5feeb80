/** A device that comes back learns the lists of its account that it missed, and is sent none that it has. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { TestServer } from "./gateway-fixture.ts";

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start();
});
afterEach(() => server.stop());

test("welcomed with the lists behind its own", async () => {
  const alice = server.account(1);
  for (let i = 0; i < 3; i++) expect(server.directory.apply([alice.change({ add: 1 })]).ok).toBe(true);
  const newerThan = async (listNumber: bigint): Promise<number | undefined> => {
    const client = await server.client();
    await client.authenticate(alice, 1, { listNumber });
    return (await client.next("welcome")).message.device?.newerLists.length;
  };
  expect(await newerThan(1n)).toBe(3);
  expect(await newerThan(3n)).toBe(1);
  expect(await newerThan(4n)).toBe(0);
  // One of another server, or of a later state of this one.
  expect(await newerThan(9n)).toBe(0);
});
