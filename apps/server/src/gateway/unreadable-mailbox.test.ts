/** One mailbox that cannot be read is one device's trouble: it took the whole process with it once. */
import { OperationalError } from "@hawser/base";
import { CLOSE_CODES, ERROR_CODES } from "@hawser/wire";
import { expect, test } from "vitest";
import { TestServer } from "./gateway-fixture.ts";

test("a mailbox that cannot be read ends its own device's connection, which gets everything later; the others go on", async () => {
  const server = await TestServer.start();
  const [alice, bob, carol] = [server.account(1), server.account(1), server.account(1)];
  const [from, to, other] = [await server.device(alice, 1), await server.device(bob, 1), await server.device(carol, 1)];
  const read = server.mailboxes.read.bind(server.mailboxes);
  server.mailboxes.read = (mailbox, ...rest) => {
    if (mailbox.account === bob.id) throw new OperationalError("STORE_UNAVAILABLE");
    return read(mailbox, ...rest);
  };
  const request = from.sendMessage([bob.target([1]), carol.target([1])], "to both");
  expect(await to.goodbye()).toMatchObject({ error: ERROR_CODES.STORE_UNAVAILABLE.code, closeCode: CLOSE_CODES.retry });
  expect((await other.collect({ deliveries: 1 })).texts).toEqual(["to both"]);
  expect((await from.collect({ acks: 1 })).acks).toEqual([request]);
  server.mailboxes.read = read;
  expect((await (await server.device(bob, 1)).collect({ deliveries: 1 })).texts).toEqual(["to both"]);
  await server.stop();
});
