/** The people known here; more by handle, by code, or by showing the own code. */
import type { Contact } from "@hawser/sdk";
import { Avatar, Button, EmptyState, Icon, IconButton, SkeletonRows, useText } from "@hawser/ui";
import { useState } from "react";
import { useClientState, useQuery } from "../app/client-context.tsx";
import { PageFrame } from "../app/page-frame.tsx";
import { goPage } from "../app/router.ts";
import { ContactCard } from "./contact-card.tsx";
import { NewChat } from "./new-chat.tsx";

export function ContactsPage() {
  const { t, language } = useText();
  const { role } = useClientState();
  const contacts = useQuery(
    "contacts",
    (client) => client.contacts(),
    (event) => event.type === "contacts",
  );
  const [shown, setShown] = useState<Contact>();
  const [isAdding, setAdding] = useState(false);
  const sorted = contacts.value?.toSorted((a, b) => a.name.localeCompare(b.name, language));
  return (
    <PageFrame
      title={t("contacts.title")}
      {...(role === "companion" ? { back: "chats" as const } : {})}
      actions={<IconButton icon="plus" label={t("contacts.add")} onClick={() => setAdding(true)} />}
    >
      <div className="card">
        <button type="button" className="row" onClick={() => goPage("my-code")}>
          <span className="row-icon row-icon-rope">
            <Icon name="qr" />
          </span>
          <span className="row-words">
            <b>{t("myCode.title")}</b>
            <small>{t("myCode.hint")}</small>
          </span>
          <Icon name="chevron" size={18} flip />
        </button>
        {role === "phone" && (
          <button type="button" className="row" onClick={() => goPage("scan")}>
            <span className="row-icon">
              <Icon name="scan" />
            </span>
            <span className="row-words">
              <b>{t("scan.contact")}</b>
              <small>{t("scan.contactHint")}</small>
            </span>
            <Icon name="chevron" size={18} flip />
          </button>
        )}
      </div>
      {sorted === undefined ? (
        <SkeletonRows count={5} label={t("loading")} />
      ) : sorted.length === 0 ? (
        <EmptyState
          icon="people"
          title={t("contacts.none")}
          actions={
            <Button icon="plus" onClick={() => setAdding(true)}>
              {t("contacts.add")}
            </Button>
          }
        >
          {t("contacts.noneText")}
        </EmptyState>
      ) : (
        <ul className="card">
          {sorted.map((contact) => (
            <li key={contact.account}>
              <button type="button" className="row" onClick={() => setShown(contact)}>
                <Avatar id={`a:${contact.account}`} name={contact.name} size={44} />
                <span className="row-words">
                  <b dir="auto">{contact.name}</b>
                  <small>
                    {contact.blocked ? (
                      t("contact.blocked")
                    ) : contact.handle === undefined ? (
                      t("contact.noHandle")
                    ) : (
                      <bdi>@{contact.handle}</bdi>
                    )}
                  </small>
                </span>
                {contact.verified && <Icon name="shield" size={18} />}
              </button>
            </li>
          ))}
        </ul>
      )}
      {shown !== undefined && (
        <ContactCard
          contact={contacts.value?.find(({ account }) => account === shown.account) ?? shown}
          offersChat
          onClose={() => setShown(undefined)}
        />
      )}
      {isAdding && <NewChat onClose={() => setAdding(false)} />}
    </PageFrame>
  );
}
