/** The generator against a peer, as a process of its own on a core of its own. */
import { peerIdle, peerLatency, peerOffline, peerOnline } from "./xmpp-scenarios.ts";

const SCENARIOS = { online: peerOnline, latency: peerLatency, offline: peerOffline, idle: peerIdle };

process.on("message", ({ name, context, options }: { name: keyof typeof SCENARIOS; context: { url: string }; options: never }) => {
  SCENARIOS[name](context.url, options).then(
    (figures) => process.send?.({ figures }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
  );
});
process.on("disconnect", () => process.exit(0));
