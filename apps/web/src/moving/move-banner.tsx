/**
 * While an account moves it has two phones. The new one says what is still to come and finishes; the old one says that it is being
 * left, and how long it is needed. A device's number rises with each that joins, so the newest phone is the highest.
 */
import { Alert, Banner, Button, Icon, Switch, useText } from "@hawser/ui";
import { useState } from "react";
import { useClient, useClientState, useQuery } from "../app/client-context.tsx";
import { Confirm } from "../app/confirm.tsx";

export function MoveBanner() {
  const { t } = useText();
  const { history } = useClientState();
  const [asks, setAsks] = useState(false);
  const query = useQuery(
    "phones",
    async (client) => (await client.devices()).filter(({ role }) => role === "phone").sort((a, b) => a.device - b.device),
    (event) => event.type === "devices",
  );
  const phones = query.value;
  const newest = phones?.at(-1);
  const old = phones?.at(-2);
  if (newest === undefined || old === undefined) return null;
  if (!newest.isThis) {
    return (
      <Banner tone="calm" icon="phone">
        <strong>{t("move.leaving", { name: newest.name })}</strong> {t("move.leavingText")}
      </Banner>
    );
  }
  // What leaves for linked devices afterwards is no reason to wait.
  const isWhole = history.kind === "complete" || (history.kind === "running" && history.direction === "sending");
  return (
    <>
      <Banner
        tone="calm"
        icon="phone"
        action={
          <Button look="plain" onClick={() => setAsks(true)}>
            {t("move.finish")}
          </Button>
        }
      >
        <strong>{t(isWhole ? "move.whole" : "move.coming")}</strong> {t("move.oldWorks", { name: old.name })}
      </Banner>
      {asks && <FinishMove oldName={old.name} isWhole={isWhole} onFinished={query.reload} onClose={() => setAsks(false)} />}
    </>
  );
}

interface FinishProperties {
  readonly oldName: string;
  readonly isWhole: boolean;
  readonly onFinished: () => void;
  readonly onClose: () => void;
}

function FinishMove({ oldName, isWhole, onFinished, onClose }: FinishProperties) {
  const { t } = useText();
  const client = useClient();
  const [withoutHistory, setWithoutHistory] = useState(false);
  return (
    <Confirm
      title={t("move.finishTitle")}
      confirm={t("move.finishConfirm")}
      danger
      locked={!isWhole && !withoutHistory}
      run={() => client.finishMove({ withoutHistory }).then(onFinished)}
      onClose={onClose}
    >
      <p>{t("move.finishText", { name: oldName })}</p>
      <p className="note">
        <Icon name="link" size={20} />
        {t("move.stays")}
      </p>
      {!isWhole && (
        <>
          <Alert tone="warn">{t("move.notWhole")}</Alert>
          <Switch label={t("move.withoutHistory")} checked={withoutHistory} onChange={setWithoutHistory} />
        </>
      )}
    </Confirm>
  );
}
