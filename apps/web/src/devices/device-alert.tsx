/** "A device was added": on every own device, until one of them answers. Says which, when and by whom; the way out is beside it. */
import type { DeviceAlert } from "@hawser/sdk";
import { Banner, Button, mediumDate, useText, type MessageKey } from "@hawser/ui";
import { useAction } from "../app/action.ts";
import { useClient, useClientState } from "../app/client-context.tsx";

/** Oldest first; the others come when it is answered, so that the page does not jump. */
export function DeviceAlerts() {
  const { deviceAlerts } = useClientState();
  const [first] = deviceAlerts;
  return first === undefined ? null : <AlertBanner key={first.id} alert={first} more={deviceAlerts.length - 1} />;
}

function AlertBanner({ alert, more }: { readonly alert: DeviceAlert; readonly more: number }) {
  const { t, locale } = useText();
  const { role } = useClientState();
  const client = useClient();
  const action = useAction();
  const { id, kind, name, atMs, byName, removing } = alert;
  const answer = (given: "known" | "remove" | "undo"): void => void action.run(() => client.answerDeviceAlert(id, given));
  const button = (given: "known" | "remove" | "undo", key: MessageKey) => (
    <Button look="plain" disabled={action.busy} onClick={() => answer(given)}>
      {t(key)}
    </Button>
  );
  const words = { name, by: byName ?? "", date: mediumDate(atMs, locale) };
  return (
    <Banner
      tone="warn"
      icon="devices"
      action={
        <span className="banner-actions">
          {removing && button("undo", "action.undo")}
          {!removing && kind === "added" && alert.role === "companion" && button("remove", "alert.remove")}
          {!removing && button("known", kind === "added" ? "alert.mine" : "alert.seen")}
        </span>
      }
    >
      <strong>{t(kind === "added" ? "alert.added" : "alert.removed", words)}</strong>{" "}
      {byName === undefined ? `${words.date}.` : t("alert.whenBy", words)}{" "}
      {removing && t(role === "phone" ? "alert.removingHere" : "alert.removingThere")}
      {!removing && kind === "added" && alert.role === "phone" && t(byName === undefined ? "alert.newPhone" : "alert.movedPhone")}
      {more > 0 && ` ${t("alert.more", { count: more })}`}
    </Banner>
  );
}
