/** A server under a host name: passkeys belong to names, and the harness's servers stand at an address. Bytes go through as they are. */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { ServerProcess } from "./server-process.ts";
import type { World } from "./world.ts";

export async function startServerAtName(world: World): Promise<ServerProcess> {
  let port = 0;
  const open = new Set<Socket>();
  const proxy = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => open.delete(socket));
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  world.atEnd(() => {
    for (const socket of open) socket.destroy();
    proxy.close();
  });
  const server = await world.startServer({ origin: `http://localhost:${(proxy.address() as AddressInfo).port}` });
  port = server.port;
  return server;
}
