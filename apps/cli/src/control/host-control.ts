/** The owner's side: other commands of the same user use this process's client through a local socket. */
import { rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { type HawserClient, serveWorkerClient } from "@hawser/sdk";
import { controlAddress } from "./address.ts";
import { socketPort } from "./socket-port.ts";

/** Commands at a time. */
const MAX_GUESTS = 32;

export interface ControlHost {
  close(): Promise<void>;
}

/** Call only while holding the profile: a socket file left by a process that was killed is taken over. */
export async function hostControl(profileDir: string, client: HawserClient): Promise<ControlHost> {
  const address = controlAddress(profileDir);
  const guests = new Set<Socket>();
  const server = createServer((socket) => {
    guests.add(socket);
    const stopServing = serveWorkerClient(socketPort(socket), client);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      stopServing();
      guests.delete(socket);
    });
  });
  server.maxConnections = MAX_GUESTS;
  rmSync(address, { force: true });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(address, resolve));
  server.unref();
  return {
    async close() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      for (const guest of guests) guest.destroy();
      await closed;
    },
  };
}
