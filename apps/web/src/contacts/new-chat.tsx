/** Finds a person by handle or pasted code, gives them a name, and opens the conversation. */
import type { AccountId } from "@hawser/base";
import { Avatar, Dialog, TextField, useText } from "@hawser/ui";
import { useState } from "react";
import { useAction } from "../app/action.ts";
import { useClient, useQuery } from "../app/client-context.tsx";
import { goChat } from "../app/router.ts";
import { WaitingButton } from "../app/waiting-button.tsx";

interface Found {
  readonly account: AccountId;
  readonly handle: string;
}

const isCode = (text: string): boolean => /^https?:\/\//i.test(text.trim());

export function NewChat({ onClose, code }: { readonly onClose: () => void; readonly code?: string }) {
  const { t, language } = useText();
  const client = useClient();
  const action = useAction("inline");
  const [query, setQuery] = useState(code ?? "");
  const [found, setFound] = useState<Found>();
  const [name, setName] = useState("");
  const [isMissing, setMissing] = useState(false);
  const contacts = useQuery(
    "contacts",
    (from) => from.contacts(),
    (event) => event.type === "contacts",
  );

  const open = (account: AccountId): Promise<boolean> =>
    action.run(async () => {
      const chat = await client.openConversation(account);
      onClose();
      goChat(chat.id);
    });
  const find = (): void => {
    setMissing(false);
    void action.run(async () => {
      const result = isCode(query)
        ? await client.openContactCode(query.trim())
        : await client.findHandle(query.trim().replace(/^@/, "").toLowerCase());
      if (result === undefined) setMissing(true);
      else {
        setFound(result);
        setName(contacts.value?.find(({ account }) => account === result.account)?.name ?? result.handle);
      }
    });
  };
  const add = (): void => {
    if (found === undefined) return;
    void action
      .run(() => client.addContact({ account: found.account, name: name.trim() === "" ? found.handle : name.trim(), handle: found.handle }))
      .then((worked) => worked && void open(found.account));
  };
  const wanted = query.trim().replace(/^@/, "").toLocaleLowerCase(language);
  const known = (contacts.value ?? [])
    .filter(
      (contact) =>
        !contact.blocked &&
        (wanted === "" || contact.name.toLocaleLowerCase(language).includes(wanted) || contact.handle?.includes(wanted)),
    )
    .slice(0, 50);

  return (
    <Dialog
      title={found === undefined ? t("newChat.title") : t("newChat.addTitle")}
      closeLabel={t("action.close")}
      shape="sheet"
      onClose={onClose}
    >
      {found === undefined ? (
        <>
          <form
            className="stack"
            onSubmit={(event) => {
              event.preventDefault();
              find();
            }}
          >
            <TextField
              label={t("newChat.handle")}
              data-autofocus
              value={query}
              dir="ltr"
              autoCapitalize="none"
              autoComplete="off"
              spellCheck={false}
              placeholder="@"
              hint={t("newChat.hint")}
              error={isMissing ? t("newChat.missing") : action.error}
              onChange={(event) => {
                setQuery(event.target.value);
                setMissing(false);
                action.clear();
              }}
            />
            <WaitingButton notBeforeMs={action.notBeforeMs} type="submit" wide busy={action.busy} disabled={wanted === ""}>
              {t("newChat.find")}
            </WaitingButton>
          </form>
          {known.length > 0 && (
            <ul className="card" aria-label={t("contacts.title")}>
              {known.map((contact) => (
                <li key={contact.account}>
                  <button type="button" className="row" onClick={() => void open(contact.account)}>
                    <Avatar id={`a:${contact.account}`} name={contact.name} size={40} />
                    <span className="row-words">
                      <b dir="auto">{contact.name}</b>
                      {contact.handle !== undefined && (
                        <small>
                          <bdi>@{contact.handle}</bdi>
                        </small>
                      )}
                    </span>
                  </button>
                </li>
              ))}
            </ul>
          )}
        </>
      ) : (
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            add();
          }}
        >
          <div className="contact-card" style={{ padding: 0 }}>
            <Avatar id={`a:${found.account}`} name={name} size={72} />
            <bdi className="pill">@{found.handle}</bdi>
          </div>
          <TextField
            label={t("contact.name")}
            data-autofocus
            value={name}
            dir="auto"
            maxLength={64}
            hint={t("contact.nameHint")}
            error={action.error}
            onChange={(event) => setName(event.target.value)}
          />
          <WaitingButton notBeforeMs={action.notBeforeMs} type="submit" wide busy={action.busy}>
            {t("contact.message")}
          </WaitingButton>
        </form>
      )}
    </Dialog>
  );
}
