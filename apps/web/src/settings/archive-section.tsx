/** The encrypted archive: on or off, how far it is, and what is wrong with it. */
import { Icon, Switch, useText } from "@hawser/ui";
import { useAction } from "../app/action.ts";
import { useClient, useClientState, useQuery } from "../app/client-context.tsx";

/** Causes that more can be said of than that the server does not show what was written. */
const WITH_WORDS = ["full", "unsupported", "stale-key"] as const;
const hasWords = (trouble: string): trouble is (typeof WITH_WORDS)[number] => WITH_WORDS.some((each) => each === trouble);

export function ArchiveSection() {
  const { t, language } = useText();
  const client = useClient();
  const action = useAction();
  const isPhone = useClientState().role === "phone";
  const archive = useQuery(
    "archive",
    (engine) => engine.archive(),
    (event) => event.type === "state",
  ).value;
  if (archive === undefined || !(isPhone || archive.on)) return null;
  const { on, messages, waiting, writtenAtMs, trouble } = archive;
  const time = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
  return (
    <>
      <h2 className="card-title">{t("archive.title")}</h2>
      {isPhone && (
        <div className="card">
          <Switch
            label={t("archive.switch")}
            hint={t("archive.hint")}
            checked={on}
            onChange={(next) => void action.run(() => client.setArchive(next))}
          />
        </div>
      )}
      {on && (
        <p className={trouble === undefined ? "note" : "note note-warn"} role={trouble === undefined ? undefined : "alert"}>
          <Icon name={trouble === undefined ? "lock" : "warning"} size={20} />
          <span>
            {trouble !== undefined && <>{t(hasWords(trouble) ? `archive.${trouble}` : "archive.trouble")} </>}
            {writtenAtMs !== undefined && <>{t("archive.state", { count: messages, time: time.format(writtenAtMs) })} </>}
            {waiting > 0 && t("archive.waiting", { count: waiting })}
          </span>
        </p>
      )}
    </>
  );
}
