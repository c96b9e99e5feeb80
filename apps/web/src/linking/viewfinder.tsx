/** A camera that looks for a code, on either side of a link. It stops with the page, and asks nobody twice about the same wrong code. */
import { Icon, useText } from "@hawser/ui";
import { useEffect, useRef, useState } from "react";
import { loadCodeReader } from "./code-reader.ts";

const LOOK_EVERY_MS = 120;
/** The same wrong code is not complained about again and again. */
const SAME_CODE_PAUSE_MS = 4_000;

type Camera = "off" | "starting" | "on" | "denied" | "none";

/** `use` says whether the code was one; it must stay the same function. */
export function Viewfinder({ facing, use }: { readonly facing: "environment" | "user"; readonly use: (code: string) => Promise<boolean> }) {
  const { t } = useText();
  const [camera, setCamera] = useState<Camera>("off");
  const video = useRef<HTMLVideoElement>(null);
  const seen = useRef({ text: "", atMs: 0 });

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
          video: { facingMode: facing, width: { ideal: 1_280 }, height: { ideal: 720 } },
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
  }, [use, facing]);

  return (
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
  );
}
