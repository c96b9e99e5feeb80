/** The phone reads a code: by camera, from an image, or pasted. Device codes go to linking, contact codes to contacts. */
import { Icon, TextField, useText } from "@hawser/ui";
import { useCallback, useEffect, useRef, useState } from "react";
import { useAction } from "../app/action.ts";
import { useClient } from "../app/client-context.tsx";
import { PageFrame } from "../app/page-frame.tsx";
import { goPage } from "../app/router.ts";
import { WaitingButton } from "../app/waiting-button.tsx";
import { NewChat } from "../contacts/new-chat.tsx";
import { loadCodeReader, readPicture } from "./code-reader.ts";

const LOOK_EVERY_MS = 120;
/** The same wrong code is not complained about again and again. */
const SAME_CODE_PAUSE_MS = 4_000;

type Camera = "off" | "starting" | "on" | "denied" | "none";

export function ScanPage() {
  const { t } = useText();
  const client = useClient();
  const action = useAction("inline");
  const [camera, setCamera] = useState<Camera>("off");
  const [pasted, setPasted] = useState("");
  const [contactCode, setContactCode] = useState<string>();
  const [picture, setPicture] = useState<"fine" | "no-code" | "no-reader">("fine");
  const video = useRef<HTMLVideoElement>(null);
  const seen = useRef({ text: "", atMs: 0 });

  const use = useCallback(
    async (code: string): Promise<boolean> => {
      if (/^https?:\/\/[^/]+\/add#/i.test(code)) {
        setContactCode(code);
        return true;
      }
      const worked = await action.run(() => client.openLinkCode(code));
      if (worked) goPage("devices");
      return worked;
    },
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- a new function each time would start the camera anew
    [client],
  );

  useEffect(() => {
    let isOver = false;
    let stream: MediaStream | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      const node = video.current;
      if (isOver || node === null) return;
      const code =
        node.readyState >= 2
          ? await loadCodeReader()
              .then((reader) => reader.read(node))
              .catch(() => undefined)
          : undefined;
      const isFresh = code !== undefined && (code !== seen.current.text || performance.now() - seen.current.atMs > SAME_CODE_PAUSE_MS);
      if (isFresh && !isOver) {
        seen.current = { text: code, atMs: performance.now() };
        navigator.vibrate?.(40);
        if (await use(code)) return;
      }
      timer = setTimeout(() => void look(), LOOK_EVERY_MS);
    };
    const begin = async (): Promise<void> => {
      if (navigator.mediaDevices === undefined) return setCamera("none");
      setCamera("starting");
      try {
        stream = await navigator.mediaDevices.getUserMedia({
          video: { facingMode: "environment", width: { ideal: 1_280 }, height: { ideal: 720 } },
        });
        if (isOver || video.current === null) return stream.getTracks().forEach((track) => track.stop());
        video.current.srcObject = stream;
        await video.current.play();
        setCamera("on");
        void look();
      } catch (error) {
        if (!isOver) setCamera((error as Error).name === "NotAllowedError" ? "denied" : "none");
      }
    };
    void begin();
    return () => {
      isOver = true;
      clearTimeout(timer);
      stream?.getTracks().forEach((track) => track.stop());
    };
  }, [use]);

  const readImage = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    setPicture("fine");
    const reader = await loadCodeReader().catch(() => undefined);
    if (reader === undefined) return setPicture("no-reader");
    // What is no picture at all holds no code either.
    const code = await readPicture(reader, file).catch(() => undefined);
    if (code === undefined) setPicture("no-code");
    else await use(code);
  };

  return (
    <PageFrame title={t("scan.title")} back="devices">
      <div className="viewfinder">
        <video ref={video} muted playsInline aria-label={t("scan.video")} hidden={camera !== "on"} />
        {camera === "on" ? (
          <div className="aim" aria-hidden="true" />
        ) : (
          <div className="viewfinder-note" role="status">
            <Icon name="camera" size={40} />
            <p>{camera === "denied" ? t("scan.denied") : camera === "none" ? t("scan.none") : t("scan.starting")}</p>
          </div>
        )}
      </div>
      <p style={{ color: "var(--ink-soft)", textAlign: "center" }}>{t("scan.hint")}</p>
      {(action.error !== undefined || picture !== "fine") && (
        <p className="note note-bad" role="alert">
          <Icon name="warning" size={20} />
          {action.error ?? t(picture === "no-reader" ? "scan.noReader" : "scan.nothing")}
        </p>
      )}
      <label className="button button-soft button-wide">
        <Icon name="image" size={19} />
        {t("scan.image")}
        <input type="file" accept="image/*" className="visually-hidden" onChange={(event) => void readImage(event.target.files?.[0])} />
      </label>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void use(pasted.trim());
        }}
      >
        <TextField
          label={t("scan.paste")}
          value={pasted}
          dir="ltr"
          autoComplete="off"
          spellCheck={false}
          placeholder={`${location.origin}/link#…`}
          hint={t("scan.pasteHint")}
          onChange={(event) => setPasted(event.target.value)}
        />
        <WaitingButton notBeforeMs={action.notBeforeMs} type="submit" look="plain" busy={action.busy} disabled={pasted.trim() === ""}>
          {t("scan.open")}
        </WaitingButton>
      </form>
      {contactCode !== undefined && <NewChat code={contactCode} onClose={() => setContactCode(undefined)} />}
    </PageFrame>
  );
}
