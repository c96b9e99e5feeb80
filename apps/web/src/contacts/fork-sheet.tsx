/**
 * Two device lists of a contact exist, both signed by it. Shows each with its devices and its digits; the contact reads theirs from
 * their own page of devices. Nothing is chosen without a person, who is asked once more.
 */
import type { Contact, ListBranch } from "@hawser/sdk";
import { Alert, Button, Dialog, Icon, mediumDate, SkeletonRows, useText, useToast } from "@hawser/ui";
import { useState } from "react";
import { useClient, useQuery } from "../app/client-context.tsx";
import { Confirm } from "../app/confirm.tsx";
import { errorText, codeOf } from "../app/error-text.ts";
import { ListCode } from "./list-code.tsx";

interface ForkProperties {
  readonly contact: Contact;
  readonly onClose: () => void;
}

export function ForkSheet({ contact, onClose }: ForkProperties) {
  const text = useText();
  const { t } = text;
  const client = useClient();
  const toast = useToast();
  const [chosen, setChosen] = useState<ListBranch>();
  const fork = useQuery(
    `fork ${contact.account}`,
    async (from) => ({ found: await from.listFork(contact.account) }),
    (event) => event.type === "contacts",
  );
  const { name } = contact;
  if (chosen !== undefined) {
    return (
      <Confirm
        title={t("fork.confirmTitle")}
        confirm={t("fork.confirm")}
        danger
        run={async () => {
          await client.trustBranch(contact.account, chosen.id);
          toast({ text: t("fork.done", { name }) });
          onClose();
        }}
        onClose={() => setChosen(undefined)}
      >
        <p>{t("fork.confirmText", { name })}</p>
        <ListCode code={chosen.code} />
        <p className="note note-warn">
          <Icon name="warning" size={20} />
          {t("fork.confirmWarning", { name })}
        </p>
      </Confirm>
    );
  }
  const branches = fork.value?.found?.branches;
  return (
    <Dialog title={t("fork.title", { name })} closeLabel={t("action.close")} shape="sheet" onClose={onClose}>
      <p>{t("fork.text", { name })}</p>
      <p className="note">
        <Icon name="info" size={20} />
        {t("fork.how", { name })}
      </p>
      {fork.error !== undefined && <Alert>{errorText(text, codeOf(fork.error))}</Alert>}
      {fork.value === undefined && fork.error === undefined && <SkeletonRows count={2} label={t("loading")} />}
      {fork.value !== undefined && (branches?.length ?? 0) < 2 && <p className="note note-warn">{t("fork.notYet")}</p>}
      {branches?.map((branch) => (
        <Branch key={branch.id} branch={branch} onTrust={() => setChosen(branch)} />
      ))}
    </Dialog>
  );
}

function Branch({ branch, onTrust }: { readonly branch: ListBranch; readonly onTrust: () => void }) {
  const { t, locale } = useText();
  const title = t(branch.pinned ? "fork.known" : "fork.other");
  return (
    <section className="card fork-branch" aria-label={title}>
      <div className="fork-head">
        <h3>{title}</h3>
        <small>{t("fork.signed", { number: branch.number, date: mediumDate(branch.signedAtMs, locale) })}</small>
        {branch.rejected && <span className="pill">{t("fork.rejected")}</span>}
      </div>
      <ul>
        {branch.devices.map((device) => (
          <li key={device.device} className="fork-device">
            <Icon name={device.role === "phone" ? "phone" : "laptop"} size={20} />
            <span className="row-words">
              {t(device.role === "phone" ? "fork.phone" : "fork.companion", { number: device.device })}
              <small>{t("devices.added", { date: mediumDate(device.addedAtMs, locale) })}</small>
            </span>
            {device.onlyHere && <span className="pill pill-warn">{t("fork.onlyHere")}</span>}
          </li>
        ))}
      </ul>
      <div className="fork-foot">
        <ListCode code={branch.code} />
        <Button look="soft" icon="shield" wide onClick={onTrust}>
          {t("fork.trust")}
        </Button>
      </div>
    </section>
  );
}
