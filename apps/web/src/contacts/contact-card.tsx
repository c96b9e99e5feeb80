/** A person: name, safety number, block. */
import type { Contact } from "@hawser/sdk";
import { Alert, Avatar, Button, Dialog, Icon, TextField, useText } from "@hawser/ui";
import { lazy, Suspense, useState } from "react";
import { useAction } from "../app/action.ts";
import { useClient, useQuery } from "../app/client-context.tsx";
import { goChat } from "../app/router.ts";

const ForkSheet = lazy(async () => ({ default: (await import("./fork-sheet.tsx")).ForkSheet }));

export function ContactCard({
  contact,
  onClose,
  offersChat = false,
  compares = false,
}: {
  readonly contact: Contact;
  readonly onClose: () => void;
  readonly offersChat?: boolean;
  /** Opens at the two device lists of this contact. */
  readonly compares?: boolean;
}) {
  const { t } = useText();
  const client = useClient();
  const action = useAction("inline");
  const [name, setName] = useState(contact.name);
  const [isComparing, setComparing] = useState(compares);
  const [isVerified, setVerified] = useState(contact.verified);
  const safety = useQuery(
    `safety ${contact.account}`,
    (from) => from.safetyNumber(contact.account),
    (event) => event.type === "contacts",
  );
  if (isComparing) {
    return (
      <Suspense fallback={null}>
        <ForkSheet contact={contact} onClose={onClose} />
      </Suspense>
    );
  }
  const groups = safety.value?.digits.replace(/\D/g, "").match(/.{5}/g) ?? [];
  return (
    <Dialog
      title={contact.name}
      closeLabel={t("action.close")}
      shape="sheet"
      onClose={onClose}
      actions={
        <>
          <Button
            look={contact.blocked ? "soft" : "danger-soft"}
            busy={action.busy}
            onClick={() =>
              void action.run(() => client.setBlocked(contact.account, !contact.blocked)).then((worked) => worked && onClose())
            }
          >
            {contact.blocked ? t("contact.unblock") : t("contact.block")}
          </Button>
          {offersChat && (
            <Button
              busy={action.busy}
              onClick={() =>
                void action.run(async () => {
                  const chat = await client.openConversation(contact.account);
                  onClose();
                  goChat(chat.id);
                })
              }
            >
              {t("contact.message")}
            </Button>
          )}
        </>
      }
    >
      <div className="contact-card" style={{ padding: 0 }}>
        <Avatar id={`a:${contact.account}`} name={contact.name} size={84} />
        {contact.handle !== undefined && <bdi className="pill">@{contact.handle}</bdi>}
      </div>
      {contact.listConflict && (
        <>
          <p className="note note-warn">
            <Icon name="warning" size={19} />
            {t("contact.listConflictText")}
          </p>
          <Button icon="devices" onClick={() => setComparing(true)}>
            {t("fork.compare")}
          </Button>
        </>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void action.run(() => client.renameContact(contact.account, name.trim()));
        }}
      >
        <TextField
          label={t("contact.name")}
          value={name}
          maxLength={64}
          dir="auto"
          hint={t("contact.nameHint")}
          onChange={(event) => setName(event.target.value)}
          onBlur={() =>
            name.trim() !== "" && name.trim() !== contact.name && void action.run(() => client.renameContact(contact.account, name.trim()))
          }
        />
      </form>
      <h3 className="card-title" style={{ margin: 0, padding: 0 }}>
        {t("safety.title")}
      </h3>
      <p>{t("safety.text", { name: contact.name })}</p>
      <div className="safety-digits" role="img" aria-label={t("safety.label", { digits: groups.join(" ") })}>
        {groups.length > 0
          ? groups.map((group, index) => (
              <span key={index} aria-hidden="true">
                {group}
              </span>
            ))
          : Array.from({ length: 12 }, (_, index) => <span key={index} className="skeleton" style={{ blockSize: 22 }} />)}
      </div>
      <Button
        look={isVerified ? "plain" : "soft"}
        icon="shield"
        onClick={() =>
          void action.run(() => client.setVerified(contact.account, !isVerified)).then((worked) => worked && setVerified(!isVerified))
        }
      >
        {isVerified ? t("safety.unverify") : t("safety.verify")}
      </Button>
      <Alert>{action.error}</Alert>
    </Dialog>
  );
}
