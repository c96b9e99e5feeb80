/** Where messages are written: Enter sends, Shift+Enter starts a line; files come by picker, paste or drop. */
import { newMessageId } from "@hawser/base";
import { webClock, webRandom } from "@hawser/io-web/web-clock";
import type { ConversationSummary, MessageView } from "@hawser/sdk";
import { IconButton, useText } from "@hawser/ui";
import { useEffect, useRef, useState, type ClipboardEvent, type KeyboardEvent } from "react";
import { useAction } from "../app/action.ts";
import { noteStorageFull } from "../app/storage-full.ts";
import { useClient } from "../app/client-context.tsx";
import { attachmentsOf } from "./file-preview.ts";
import { FileTray } from "./file-tray.tsx";
import { previewOf } from "./message-preview.ts";

const SAVE_DRAFT_AFTER_MS = 500;
const MAX_FILES = 32;
/** Touch keyboards have no Shift+Enter: there Enter starts a line, and the button sends. */
const isTouch = matchMedia("(pointer: coarse)").matches;

interface ComposerProperties {
  readonly chat: ConversationSummary;
  readonly quoted: MessageView | undefined;
  readonly onQuoteDone: () => void;
  readonly files: readonly File[];
  readonly onFiles: (files: readonly File[]) => void;
  readonly onSent: () => void;
}

export function Composer({ chat, quoted, onQuoteDone, files, onFiles, onSent }: ComposerProperties) {
  const { t } = useText();
  const client = useClient();
  const sending = useAction();
  const [draft, setDraft] = useState(chat.draft);
  const box = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const saved = useRef(chat.draft);
  const latest = useRef(draft);
  useEffect(() => {
    latest.current = draft;
  });
  /** One after another, in the order of the key presses; writing goes on meanwhile. */
  const line = useRef<Promise<unknown>>(Promise.resolve());

  useEffect(() => {
    if (draft === saved.current) return undefined;
    const timer = setTimeout(() => {
      saved.current = draft;
      void client.setDraft(chat.id, draft).catch(() => undefined);
    }, SAVE_DRAFT_AFTER_MS);
    return () => clearTimeout(timer);
  }, [client, chat.id, draft]);
  useEffect(
    () => () => {
      if (latest.current !== saved.current) void client.setDraft(chat.id, latest.current).catch(() => undefined);
    },
    [client, chat.id],
  );
  useEffect(() => {
    if (!isTouch || quoted !== undefined) box.current?.focus();
  }, [chat.id, quoted]);

  const canSend = draft.trim() !== "" || files.length > 0;
  const send = (): void => {
    if (!canSend) return;
    const text = draft.trim();
    const attached = files;
    const id = newMessageId(webClock.nowMs(), webRandom);
    setDraft("");
    saved.current = "";
    onFiles([]);
    onQuoteDone();
    box.current?.focus();
    const options = {
      conversation: chat.id,
      text,
      id,
      ...(quoted === undefined ? {} : { quoted: quoted.id }),
    };
    line.current = line.current
      .then(() => sending.run(async () => client.sendMessage({ ...options, attachments: await attachmentsOf(attached) })))
      .then((worked) => {
        if (worked) {
          noteStorageFull(false);
          return onSent();
        }
        // Nothing a person wrote is lost: it stands in the box again.
        setDraft((now) => (now === "" ? text : `${text}\n${now}`));
        onFiles(attached);
      });
  };
  const add = (list: Iterable<File> | null): void => {
    if (list !== null) onFiles([...files, ...list].slice(0, MAX_FILES));
  };
  const pressed = (event: KeyboardEvent): void => {
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing && !isTouch) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape" && quoted !== undefined) {
      event.stopPropagation();
      onQuoteDone();
    }
  };
  const pasted = (event: ClipboardEvent): void => {
    if (event.clipboardData.files.length === 0) return;
    event.preventDefault();
    add(event.clipboardData.files);
  };

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {quoted !== undefined && (
        <div className="composer-top">
          <div className="quote">
            <b dir="auto">{quoted.outgoing ? t("message.you") : quoted.senderName}</b>
            <span dir="auto">{previewOf(quoted, t)}</span>
          </div>
          <IconButton icon="close" label={t("composer.noQuote")} onClick={onQuoteDone} />
        </div>
      )}
      <FileTray files={files} onRemove={(file) => onFiles(files.filter((other) => other !== file))} />
      <div className="composer-row">
        <IconButton icon="attach" label={t("composer.attach")} onClick={() => picker.current?.click()} />
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          onChange={(event) => {
            add(event.target.files);
            event.target.value = "";
          }}
        />
        <div className="composer-box">
          <textarea
            ref={box}
            rows={1}
            // An empty box follows the language of the screen, a filled one what is written in it.
            dir={draft === "" ? undefined : "auto"}
            value={draft}
            enterKeyHint={isTouch ? "enter" : "send"}
            placeholder={t("composer.placeholder")}
            aria-label={t("composer.label", { name: chat.title })}
            onChange={(event) => setDraft(event.target.value)}
            onKeyDown={pressed}
            onPaste={pasted}
          />
        </div>
        <IconButton type="submit" icon="send" look="filled" label={t("composer.send")} disabled={!canSend} />
      </div>
    </form>
  );
}
