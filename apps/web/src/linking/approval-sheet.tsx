/** The phone's side of a link: who asks, from where, the code to compare; then the steps until the device is active. */
import type { LinkStage, LinkStatus } from "@hawser/sdk";
import { Alert, Button, Dialog, Icon, TextField, useText } from "@hawser/ui";
import { useEffect, useState } from "react";
import type { DeviceNumber } from "@hawser/base";
import { useAction } from "../app/action.ts";
import { useClient, useClientEvents } from "../app/client-context.tsx";
import { errorText } from "../app/error-text.ts";
import { useNow } from "../app/now.ts";
import { goPage } from "../app/router.ts";
import { readLink, rememberReadLink } from "../entry/remembered.ts";
import { ExistingDevice } from "./existing-device.tsx";
import { LeavingDevice } from "./leaving-device.tsx";
import { confirmOnPhone, hasPasskeys } from "./passkey.ts";
import { MATCH_DIGITS, PasskeyCheck } from "./passkey-check.tsx";
import { QueueNote } from "./queue-note.tsx";
import { StageList } from "./stage-list.tsx";

const isOver = (stage: LinkStage): boolean => stage === "active" || stage === "failed";

/** A phone that an account moved to has a link of its own behind it: who lets others in hears what they want to be. */
const isOwn = ({ peer }: LinkStatus): boolean => peer !== undefined && peer.kind === undefined;

export function ApprovalSheet() {
  const client = useClient();
  const [link, setLink] = useState<LinkStatus>();
  // How a link ended is said until somebody has read it: it may have ended while this page was gone.
  useEffect(() => {
    void client.linkStatus().then(
      (status) => status?.attempt !== undefined && status.attempt !== readLink() && !isOwn(status) && setLink(status),
      () => undefined,
    );
  }, [client]);
  useClientEvents((event) => {
    if (event.type !== "link") return;
    // Before there is an attempt, the page where the link began speaks. After its end was read, what is cleaned up behind it is nobody's news.
    const { attempt } = event.link;
    if (attempt !== undefined && attempt !== readLink() && !isOwn(event.link)) setLink(event.link);
  });
  const close = (): void => {
    if (link?.attempt !== undefined && isOver(link.stage)) rememberReadLink(link.attempt);
    setLink(undefined);
  };
  return link === undefined ? null : <Sheet key={link.attempt ?? "attempt"} link={link} onClose={close} />;
}

function Sheet({ link, onClose }: { readonly link: LinkStatus; readonly onClose: () => void }) {
  const text = useText();
  const { t } = text;
  const client = useClient();
  const action = useAction("inline");
  const now = useNow(1_000);
  const [name, setName] = useState<string>();
  const [asksDigits, setAsksDigits] = useState(false);
  const [digits, setDigits] = useState("");
  const [isNotShown, setNotShown] = useState(false);
  const [existing, setExisting] = useState<DeviceNumber>();
  const [leaving, setLeaving] = useState<DeviceNumber>();
  const { stage, attempt, peer } = link;
  const asks = stage === "comparing" && attempt !== undefined && peer !== undefined;
  const isPhone = peer?.kind === "phone";
  const check = link.passkeyCheck;
  const types = check !== undefined && (check.state === "missing" || asksDigits);
  // A device that gets its place back needs no other one.
  const replaces = link.needsRemoval === true && existing === undefined;
  const isShown = types ? (digits.match(/\p{Nd}/gu) ?? []).length === MATCH_DIGITS : check?.state !== "awaited";
  const isReady = isShown && (!replaces || leaving !== undefined);
  const approve = async (): Promise<void> => {
    if (attempt === undefined) return;
    // The phone's own passkey first. Where it cannot be shown, the digits stand in for it, unless the account insists.
    if (check !== undefined && hasPasskeys() && !asksDigits) {
      const isHere = await confirmOnPhone(client).then(
        () => true,
        () => false,
      );
      setNotShown(!isHere);
      if (!isHere && !check.required) setAsksDigits(true);
      if (!isHere) return;
    }
    await client.approveLink(attempt, {
      ...(name === undefined || name.trim() === "" ? {} : { deviceName: name.trim() }),
      ...(existing === undefined ? {} : { restore: existing }),
      ...(replaces && leaving !== undefined ? { remove: leaving } : {}),
      ...(isPhone ? { newPhone: true } : {}),
      ...(types ? { typedCode: digits } : {}),
    });
  };
  const leave = (): void => {
    if (asks) void action.run(() => client.rejectLink(attempt));
    else if (!isOver(stage)) void client.cancelLink().catch(() => undefined);
    onClose();
  };
  const seconds = link.deadlineMs === undefined ? undefined : Math.max(0, Math.ceil((link.deadlineMs - now) / 1_000));
  const retrySeconds = Math.ceil(((link.error?.retryAtMs ?? 0) - now) / 1_000);
  const title =
    stage === "active"
      ? t(isPhone ? "approve.movedTitle" : "approve.doneTitle")
      : stage === "failed"
        ? t("approve.failedTitle")
        : asks
          ? t(isPhone ? "approve.moveTitle" : "approve.title")
          : t("approve.waitTitle");

  return (
    <Dialog
      title={title}
      closeLabel={t("action.close")}
      shape="sheet"
      insistent={asks || stage === "approving"}
      onClose={leave}
      actions={
        asks ? (
          <>
            <Button look="danger-soft" disabled={action.busy} onClick={leave}>
              {t("approve.decline")}
            </Button>
            <Button busy={action.busy} disabled={!isReady} onClick={() => void action.run(approve)}>
              {t(isPhone ? "approve.moveConfirm" : replaces ? "approve.replace" : "approve.confirm")}
            </Button>
          </>
        ) : isOver(stage) ? (
          <Button
            onClick={() => {
              onClose();
              if (stage === "active") goPage("devices");
            }}
          >
            {t("action.done")}
          </Button>
        ) : (
          stage !== "approving" &&
          stage !== "activating" && (
            <Button look="plain" onClick={leave}>
              {t("action.cancel")}
            </Button>
          )
        )
      }
    >
      {asks ? (
        <>
          <p>{t(isPhone ? "approve.moveText" : "approve.text")}</p>
          {check !== undefined && (
            <PasskeyCheck check={check} types={types} digits={digits} onTypes={() => setAsksDigits(true)} onDigits={setDigits} />
          )}
          {isNotShown && !types && <Alert tone="warn">{t("passkey.notShown")}</Alert>}
          {link.matchCode !== undefined && !types && (
            <div className="match">
              <small>{t("match.compare")}</small>
              <span className="match-digits">{link.matchCode}</span>
              <small>{t("match.phone")}</small>
            </div>
          )}
          <dl className="facts">
            <div>
              <dt>{t("approve.device")}</dt>
              <dd>{peer.platform}</dd>
            </div>
            <div>
              <dt>{t("approve.origin")}</dt>
              <dd>
                <bdi>{peer.origin.replace(/^https?:\/\//, "")}</bdi>
              </dd>
            </div>
          </dl>
          {!isPhone && <ExistingDevice name={peer.name} chosen={existing} onChoose={setExisting} />}
          {replaces && <LeavingDevice chosen={leaving} onChoose={setLeaving} />}
          <TextField
            label={t("devices.name")}
            value={name ?? peer.name}
            maxLength={48}
            dir="auto"
            onChange={(event) => setName(event.target.value)}
            hint={t("approve.nameHint")}
          />
          <p className="note note-warn">
            <Icon name="warning" size={20} />
            {t(isPhone ? "approve.newPhone" : "approve.warning")}
          </p>
          {seconds !== undefined && seconds <= 60 && <p className="numeric">{t("approve.left", { seconds })}</p>}
        </>
      ) : (
        <>
          <StageList stage={stage} />
          <QueueNote queue={link.queue} />
          {stage === "active" && (
            <p className="note note-good">
              <Icon name="check" size={20} />
              {t(isPhone ? "approve.movedText" : "approve.doneText")}
            </p>
          )}
        </>
      )}
      {link.error !== undefined && (
        <Alert>
          {errorText(text, link.error.name)} {link.error.toldByOther === true && t("link.toldByOther")}
          {retrySeconds > 0 && <span className="numeric">{t("action.waitSeconds", { seconds: retrySeconds })}</span>}
        </Alert>
      )}
      <Alert>{action.error}</Alert>
    </Dialog>
  );
}
