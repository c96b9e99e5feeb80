/**
 * A link or an upload that stands still because the app is behind others says so by a notification of this device: made here, without a
 * push, without a name or a word of anybody. It goes when the app is in front again.
 */
import { Button, useText } from "@hawser/ui";
import { useEffect, useRef, useState } from "react";
import { systemWord } from "../linking/platform.ts";
import { useClient, useClientEvents, useClientState } from "./client-context.tsx";
import { unfinishedWork } from "./unfinished-work.ts";

const TAG = "resume";
const WORDS = {
  upload: { title: "resume.uploadTitle", text: "resume.uploadText" },
  link: { title: "resume.linkTitle", text: "resume.linkText" },
} as const;

/**
 * The last moment at which a page can say something. Browsers that tell when they stop a page are believed; of others, those of phones stop
 * it soon after it is hidden, and those of computers do not.
 */
function onStop(listener: () => void): () => void {
  const tellsOfStop = "onfreeze" in document;
  const isPhone = ["android", "ios"].includes(systemWord(navigator.userAgent));
  const hidden = (): void => void (document.visibilityState === "hidden" && listener());
  if (tellsOfStop) document.addEventListener("freeze", listener);
  else if (isPhone) document.addEventListener("visibilitychange", hidden);
  return () => {
    document.removeEventListener("freeze", listener);
    document.removeEventListener("visibilitychange", hidden);
  };
}

const canNotify = (): boolean => "Notification" in globalThis && "serviceWorker" in navigator && Notification.permission === "granted";

export function ResumeReminder(): null {
  const { t } = useText();
  const client = useClient();
  const state = useClientState();
  const link = useRef<Parameters<typeof unfinishedWork>[1]>(undefined);
  useEffect(() => void client.linkStatus().then((status) => (link.current = status)), [client]);
  useClientEvents((event) => {
    if (event.type === "link") link.current = event.link;
  });
  const stopped = useRef((): void => undefined);
  const registration = useRef<ServiceWorkerRegistration>(undefined);
  useEffect(() => {
    stopped.current = () => {
      const work = canNotify() ? unfinishedWork(state, link.current) : undefined;
      if (work === undefined) return;
      // Nothing can be waited for any more.
      void registration.current?.showNotification(t(WORDS[work].title), { body: t(WORDS[work].text), tag: TAG, icon: "/icon-192.png" });
    };
  });
  useEffect(() => {
    void navigator.serviceWorker?.ready.then((ready) => (registration.current = ready));
    const back = (): void => {
      if (document.visibilityState !== "visible") return;
      void registration.current?.getNotifications({ tag: TAG }).then((shown) => shown.forEach((each) => each.close()));
    };
    const forget = onStop(() => stopped.current());
    for (const name of ["visibilitychange", "resume"]) document.addEventListener(name, back);
    return () => {
      forget();
      for (const name of ["visibilitychange", "resume"]) document.removeEventListener(name, back);
    };
  }, []);
  return null;
}

/** Asked for by a person's own touch, and only while there is something to be reminded of. */
export function OfferReminder() {
  const { t } = useText();
  const { history } = useClientState();
  const [permission, setPermission] = useState(() => ("Notification" in globalThis ? Notification.permission : "denied"));
  if (permission !== "default" || unfinishedWork({ history }, undefined) === undefined) return null;
  return (
    <Button look="plain" onClick={() => void Notification.requestPermission().then(setPermission)}>
      {t("resume.offer")}
    </Button>
  );
}
