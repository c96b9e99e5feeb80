/** The guest's side: a client whose calls run in the process that owns the profile. */
import { connect, type Socket } from "node:net";
import { connectWorkerClient, type HawserClient } from "@hawser/sdk";
import { controlAddress } from "./address.ts";
import { socketPort } from "./socket-port.ts";

/** `undefined` when the owner shares nothing. */
export async function reachControl(profileDir: string): Promise<HawserClient | undefined> {
  const socket = await new Promise<Socket | undefined>((resolve) => {
    const attempt = connect(controlAddress(profileDir));
    attempt.once("connect", () => resolve(attempt));
    attempt.once("error", () => resolve(undefined));
  });
  if (socket === undefined) return undefined;
  const gone = new AbortController();
  socket.on("error", () => socket.destroy());
  socket.once("close", () => gone.abort());
  const client = connectWorkerClient(socketPort(socket), { gone: gone.signal });
  return {
    ...client,
    async close() {
      await client.close();
      socket.end();
    },
  };
}
