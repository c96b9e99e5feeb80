import { OperationalError, type ClientEvent, type HawserClient } from "@hawser/sdk";
import { expect, test } from "vitest";
import { switchingClient } from "./switching-client.ts";

const closed = () => Promise.reject(new OperationalError("CLOSED", { retry: "now" }));
const engine = (parts: Partial<HawserClient>): HawserClient =>
  ({ subscribe: () => () => true, state: () => Promise.resolve({ phase: "ready" }), ...parts }) as HawserClient;

test("calls made before there is an engine wait for it", async () => {
  const { client, use } = switchingClient();
  const answer = client.checkHandle("ada");
  use(engine({ checkHandle: () => Promise.resolve({ available: true }) }));
  expect(await answer).toEqual({ available: true });
});

test("a call that was under way when the engine moved is made again on the next one", async () => {
  const { client, use } = switchingClient();
  use(engine({ checkHandle: closed }));
  const answer = client.checkHandle("ada");
  await Promise.resolve();
  use(engine({ checkHandle: () => Promise.resolve({ available: false }) }));
  expect(await answer).toEqual({ available: false });
});

test("what would make something twice is not repeated", async () => {
  const { client, use } = switchingClient();
  use(engine({ createRecoveryCode: closed }));
  await expect(client.createRecoveryCode()).rejects.toMatchObject({ code: "CLOSED" });
});

test("other failures pass through unchanged", async () => {
  const { client, use } = switchingClient();
  use(engine({ checkHandle: () => Promise.reject(new OperationalError("RATE_LIMITED")) }));
  await expect(client.checkHandle("ada")).rejects.toMatchObject({ code: "RATE_LIMITED" });
});

test("listeners move along, and are told to ask again", async () => {
  const { client, use } = switchingClient();
  const seen: string[] = [];
  client.subscribe((event) => seen.push(event.type));
  let emit: (event: ClientEvent) => void = () => undefined;
  use(engine({}));
  use(
    engine({
      subscribe: (listener) => {
        emit = listener;
        return () => true;
      },
    }),
  );
  expect(seen).toEqual(["conversations", "devices", "contacts"]);
  await new Promise((resolve) => setImmediate(resolve));
  emit({ type: "contacts" });
  expect(seen.slice(3)).toEqual(["state", "contacts"]);
});
