/** Brings in a chat exported from WhatsApp: choose, look at what was found, say who you are, watch it go in. */
import type { ImportPreview } from "@hawser/sdk";
import { fileSourceOf } from "@hawser/sdk";
import { Alert, Button, Icon, mediumDate, Progress, TextField, useText } from "@hawser/ui";
import { useState } from "react";
import { useAction } from "../app/action.ts";
import { useClient, useClientEvents } from "../app/client-context.tsx";
import { PageFrame } from "../app/page-frame.tsx";
import { goChat } from "../app/router.ts";

interface Done {
  readonly conversation: string;
  readonly imported: number;
  readonly alreadyThere: number;
}

export function ImportPage() {
  const { t } = useText();
  const client = useClient();
  const action = useAction("inline");
  const [preview, setPreview] = useState<ImportPreview>();
  const [done, setDone] = useState<Done>();
  const [isOver, setOver] = useState(false);
  const choose = (file: File | undefined): void => {
    if (file === undefined) return;
    setDone(undefined);
    void action.run(async () => setPreview(await client.previewImport(fileSourceOf(file, file.name))));
  };
  return (
    <PageFrame title={t("import.title")} back="settings">
      {done !== undefined ? (
        <div className="card contact-card">
          <span className="badge-round badge-round-good">
            <Icon name="check" size={36} />
          </span>
          <h2>{t("import.doneTitle")}</h2>
          <p style={{ color: "var(--ink-soft)" }}>
            {t("import.done", { count: done.imported })} {done.alreadyThere > 0 && t("import.already", { count: done.alreadyThere })}
          </p>
          <div className="actions">
            <Button
              look="soft"
              onClick={() => {
                setDone(undefined);
                setPreview(undefined);
              }}
            >
              {t("import.another")}
            </Button>
            <Button onClick={() => goChat(done.conversation)}>{t("import.open")}</Button>
          </div>
        </div>
      ) : preview === undefined ? (
        <>
          <p style={{ color: "var(--ink-soft)" }}>{t("import.text")}</p>
          <ol className="steps card card-steps">
            <li>{t("import.step1")}</li>
            <li>{t("import.step2")}</li>
            <li>{t("import.step3")}</li>
          </ol>
          <label
            className={isOver ? "drop-zone drop-zone-over" : "drop-zone"}
            onDragOver={(event) => {
              event.preventDefault();
              setOver(true);
            }}
            onDragLeave={() => setOver(false)}
            onDrop={(event) => {
              event.preventDefault();
              setOver(false);
              choose(event.dataTransfer.files[0]);
            }}
          >
            <Icon name="file" size={36} />
            <strong>{action.busy ? t("import.reading") : t("import.choose")}</strong>
            <span>{t("import.kinds")}</span>
            <input
              type="file"
              accept=".zip,.txt,application/zip,text/plain"
              className="visually-hidden"
              onChange={(event) => {
                choose(event.target.files?.[0]);
                event.target.value = "";
              }}
            />
          </label>
          <Alert>{action.error}</Alert>
        </>
      ) : (
        <ImportForm
          key={preview.importId}
          preview={preview}
          onDone={setDone}
          onCancel={() => {
            void client.cancelImport(preview.importId).catch(() => undefined);
            setPreview(undefined);
          }}
        />
      )}
    </PageFrame>
  );
}

function ImportForm({
  preview,
  onDone,
  onCancel,
}: {
  readonly preview: ImportPreview;
  readonly onDone: (done: Done) => void;
  readonly onCancel: () => void;
}) {
  const { t, locale } = useText();
  const client = useClient();
  const action = useAction("inline");
  const [title, setTitle] = useState(preview.title);
  const [self, setSelf] = useState(preview.selfGuess ?? "");
  const [dateOrder, setDateOrder] = useState(preview.dateOrder);
  const [progress, setProgress] = useState({ done: 0, total: preview.messageCount });
  useClientEvents((event) => {
    if (event.type === "import" && event.importId === preview.importId) setProgress({ done: event.done, total: event.total });
  });
  const run = (): void => {
    void action.run(async () =>
      onDone(
        await client.runImport({
          importId: preview.importId,
          title: title.trim() === "" ? preview.title : title.trim(),
          self: self === "" ? undefined : self,
          ...(preview.dateOrderCertain ? {} : { dateOrder }),
        }),
      ),
    );
  };
  if (action.busy) {
    return (
      <div className="card contact-card" role="status">
        <span className="badge-round">
          <Icon name="history" size={34} />
        </span>
        <h2 dir="auto">{title}</h2>
        <div style={{ inlineSize: "100%", color: "var(--sea)" }}>
          <Progress value={progress.total === 0 ? undefined : progress.done / progress.total} label={t("import.running")} />
        </div>
        <p className="numeric" style={{ color: "var(--ink-soft)" }}>
          {t("import.progress", { done: progress.done, total: progress.total })}
        </p>
        <Button look="plain" onClick={onCancel}>
          {t("action.cancel")}
        </Button>
      </div>
    );
  }
  return (
    <form
      className="stack-wide"
      onSubmit={(event) => {
        event.preventDefault();
        run();
      }}
    >
      <dl className="facts">
        <div>
          <dt>{t("import.messages")}</dt>
          <dd className="numeric">{t("number", { value: preview.messageCount })}</dd>
        </div>
        <div>
          <dt>{t("import.media")}</dt>
          <dd className="numeric">{t("number", { value: preview.mediaCount })}</dd>
        </div>
        <div>
          <dt>{t("import.first")}</dt>
          <dd>{mediumDate(preview.firstAtMs, locale)}</dd>
        </div>
        <div>
          <dt>{t("import.last")}</dt>
          <dd>{mediumDate(preview.lastAtMs, locale)}</dd>
        </div>
      </dl>
      <TextField label={t("import.chatTitle")} value={title} dir="auto" maxLength={80} onChange={(event) => setTitle(event.target.value)} />
      <div className="card">
        <div className="setting-row">
          <label className="setting-words" htmlFor="import-self">
            {t("import.self")}
            <small>{t("import.selfHint")}</small>
          </label>
          <select id="import-self" className="select" value={self} onChange={(event) => setSelf(event.target.value)}>
            <option value="">{t("import.selfNobody")}</option>
            {preview.participants.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </div>
        {!preview.dateOrderCertain && (
          <div className="setting-row">
            <label className="setting-words" htmlFor="import-order">
              {t("import.dates")}
              <small>{t("import.datesHint")}</small>
            </label>
            <select
              id="import-order"
              className="select"
              value={dateOrder}
              onChange={(event) => setDateOrder(event.target.value as ImportPreview["dateOrder"])}
            >
              {(["day-first", "month-first", "year-first"] as const).map((order) => (
                <option key={order} value={order}>
                  {t(`import.order.${order}`)}
                </option>
              ))}
            </select>
          </div>
        )}
      </div>
      <Alert>{action.error}</Alert>
      <div className="actions">
        <Button look="plain" onClick={onCancel}>
          {t("action.cancel")}
        </Button>
        <Button type="submit" className="grow">
          {t("import.run")}
        </Button>
      </div>
    </form>
  );
}
