/** An X server that no one sees, for the engine that wants one. It chooses a free display itself. */
import { ProcessGroup } from "./process-group.ts";

export const XVFB = process.env["HAWSER_XVFB"] ?? "/usr/bin/Xvfb";
const START_TIMEOUT_MS = 20_000;

export interface Display {
  readonly name: string;
  close(): Promise<void>;
}

export async function openDisplay(): Promise<Display> {
  const server = new ProcessGroup(XVFB, ["-displayfd", "1", "-screen", "0", "1600x1200x24", "-nolisten", "tcp"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [number] = await server.says("stdout", /\d+(?=\n)/, START_TIMEOUT_MS);
  return { name: `:${number}`, close: () => server.kill() };
}
