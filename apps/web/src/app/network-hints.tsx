/** Tells the engine what the browser says about the network: a hint to look at once instead of at the next try. */
import { useEffect } from "react";
import { useClient } from "./client-context.tsx";

type ConnectionInformation = EventTarget;

export function NetworkHints() {
  const client = useClient();
  useEffect(() => {
    const say = (hint: "online" | "offline" | "changed") => (): void => void client.networkHint(hint).catch(() => undefined);
    const [online, offline, changed] = [say("online"), say("offline"), say("changed")];
    // Not in every browser: which kind of network it is, and that it became another.
    const { connection } = navigator as { connection?: ConnectionInformation };
    addEventListener("online", online);
    addEventListener("offline", offline);
    connection?.addEventListener("change", changed);
    return () => {
      removeEventListener("online", online);
      removeEventListener("offline", offline);
      connection?.removeEventListener("change", changed);
    };
  }, [client]);
  return null;
}
