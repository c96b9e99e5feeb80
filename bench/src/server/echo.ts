/** The limit of the transport: what `ws` can send back when it does nothing else, with the same generator. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { RawClient } from "./raw-client.ts";

export async function echo(
  port: number,
  options: { connections: number; window: number; sizeBytes: number; seconds: number },
): Promise<Record<string, number>> {
  const body = randomBytes(options.sizeBytes);
  let [count, running] = [0, true];
  const clients = await Promise.all(
    Array.from({ length: options.connections }, async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const client: RawClient = new RawClient(port, {
        opened: resolve,
        frame: () => {
          count++;
          if (running) client.send(body);
        },
      });
      await promise;
      return client;
    }),
  );
  for (const client of clients) for (let i = 0; i < options.window; i++) client.send(body);
  await sleep(500);
  const [fromCount, from] = [count, performance.now()];
  await sleep(options.seconds * 1_000);
  const perSecond = (count - fromCount) / ((performance.now() - from) / 1_000);
  running = false;
  await sleep(100);
  for (const client of clients) client.destroy();
  return { perSecond };
}
