/**
 * Whether frames get through without WebSockets: opens a connection of another kind, waits for the server's greeting, and leaves. What
 * opened proves nothing, for proxies hold answers back; a frame does.
 */
import type { Clock, Transport } from "@hawser/base";
import type { Findings } from "./findings.ts";
import { readGreeting } from "./greeting.ts";
import { HOP_DEADLINE_MS, type Probe } from "./run.ts";

type Carried = Findings["events"] & Findings["poll"];
const CLOSE_NORMALLY = 1000;

/** `url` as the transports take it: the address of connections, without their ends. */
export function carrierProbes(transports: { readonly events: Transport; readonly poll: Transport }, url: string, clock: Clock): Probe[] {
  return [
    { names: ["events"], run: async () => ({ events: await greets(transports.events, url, clock) }) },
    { names: ["poll"], run: async () => ({ poll: await greets(transports.poll, url, clock) }) },
  ];
}

function greets(transport: Transport, url: string, clock: Clock): Promise<Carried> {
  return new Promise((resolve) => {
    let isOver = false;
    const end = (works: boolean): void => {
      if (isOver) return;
      isOver = true;
      cancel();
      resolve({ kind: works ? "works" : "blocked" });
      // In a later tick: a transport may fail before it has returned its connection.
      void Promise.resolve().then(() => connection.close(CLOSE_NORMALLY, ""));
    };
    const cancel = clock.after(HOP_DEADLINE_MS, () => end(false));
    const connection = transport.open(url, {
      opened: () => undefined,
      frame: (bytes) => end(readGreeting(bytes).socket.kind === "greeted"),
      closed: () => end(false),
    });
  });
}
