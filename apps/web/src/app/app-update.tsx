/** Registers the service worker; when a new version waits, asks before it takes over. */
import { useText, useToast } from "@hawser/ui";
import { useEffect } from "react";

const LOOK_EVERY_MS = 3_600_000;

export function AppUpdate() {
  const { t } = useText();
  const toast = useToast();
  useEffect(() => {
    if (!("serviceWorker" in navigator) || import.meta.env.DEV) return undefined;
    let timer: ReturnType<typeof setInterval> | undefined;
    let agreed = false;
    navigator.serviceWorker.addEventListener("controllerchange", () => {
      if (agreed) location.reload();
    });
    const offer = (waiting: ServiceWorker): void =>
      toast({
        text: t("update.ready"),
        action: {
          label: t("update.now"),
          run: () => {
            agreed = true;
            waiting.postMessage("activate");
          },
        },
      });
    void navigator.serviceWorker.register("/sw.js").then(
      (registration) => {
        if (registration.waiting && navigator.serviceWorker.controller) offer(registration.waiting);
        registration.addEventListener("updatefound", () => {
          const fresh = registration.installing;
          fresh?.addEventListener("statechange", () => {
            if (fresh.state === "installed" && navigator.serviceWorker.controller) offer(fresh);
          });
        });
        timer = setInterval(() => void registration.update().catch(() => undefined), LOOK_EVERY_MS);
      },
      () => undefined,
    );
    return () => clearInterval(timer);
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- once per page: a change of language does not register again
  }, []);
  return null;
}
