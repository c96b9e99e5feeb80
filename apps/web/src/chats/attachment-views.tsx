/** Pictures and files inside a bubble. Their place is kept from the first moment, so nothing moves when bytes arrive. */
import type { MessageId } from "@hawser/base";
import type { AttachmentView } from "@hawser/sdk";
import { Dialog, fileSize, Icon, useText } from "@hawser/ui";
import { useEffect, useState } from "react";
import { useAction } from "../app/action.ts";
import { useClient } from "../app/client-context.tsx";
import { isOmitted } from "./message-preview.ts";

const LARGEST_SIDE_PX = 320;
/** Pictures up to this size come by themselves; larger ones when asked for. */
const FETCH_UP_TO_BYTES = 4_000_000;
const SAFE_PICTURES = new Set(["image/jpeg", "image/png", "image/webp", "image/gif", "image/avif"]);

/** A temporary address for bytes; given back when the view goes. */
function useObjectUrl(bytes: Uint8Array | undefined, mediaType: string): string | undefined {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (bytes === undefined) return undefined;
    const made = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: mediaType }));
    // oxlint-disable-next-line react/set-state-in-effect -- the address exists outside React and is given back below
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes, mediaType]);
  return url;
}

export function AttachmentPart({ message, attachment }: { readonly message: MessageId; readonly attachment: AttachmentView }) {
  if (isOmitted(attachment)) return <OmittedFile attachment={attachment} />;
  return SAFE_PICTURES.has(attachment.mediaType) ? (
    <Picture message={message} attachment={attachment} />
  ) : (
    <FileCard message={message} attachment={attachment} />
  );
}

function Picture({ message, attachment }: { readonly message: MessageId; readonly attachment: AttachmentView }) {
  const { t } = useText();
  const client = useClient();
  const [bytes, setBytes] = useState<Uint8Array>();
  const [isOpen, setOpen] = useState(false);
  const loading = useAction();
  const thumbnail = useObjectUrl(attachment.thumbnail, "image/jpeg");
  const whole = useObjectUrl(bytes, attachment.mediaType);
  const load = (): Promise<boolean> => loading.run(async () => setBytes(await client.attachment(message, attachment.index)));
  useEffect(() => {
    if (attachment.local || attachment.sizeBytes <= FETCH_UP_TO_BYTES)
      client.attachment(message, attachment.index).then(setBytes, () => undefined);
  }, [client, attachment.local, attachment.sizeBytes, message, attachment.index]);

  const ratio = attachment.width > 0 && attachment.height > 0 ? attachment.width / attachment.height : 4 / 3;
  const width = ratio >= 1 ? LARGEST_SIDE_PX : LARGEST_SIDE_PX * ratio;
  const name = attachment.fileName === "" ? t("message.photo") : attachment.fileName;
  return (
    <>
      <button
        type="button"
        className="picture"
        aria-label={t("picture.open", { name })}
        style={{ inlineSize: `min(${Math.max(120, Math.round(width))}px, 66vw)`, aspectRatio: String(Math.min(3, Math.max(0.4, ratio))) }}
        onClick={() => (bytes === undefined ? void load().then((worked) => worked && setOpen(true)) : setOpen(true))}
      >
        {(whole ?? thumbnail) !== undefined && <img src={whole ?? thumbnail} alt="" />}
        {whole === undefined && (
          <span className="picture-call">
            <Icon name="download" />
            {loading.busy ? t("loading") : <FileSizeText sizeBytes={attachment.sizeBytes} />}
          </span>
        )}
      </button>
      {isOpen && whole !== undefined && (
        <Dialog
          title={name}
          closeLabel={t("action.close")}
          shape="wide"
          onClose={() => setOpen(false)}
          actions={
            <a className="button button-soft" href={whole} download={name}>
              {t("action.save")}
            </a>
          }
        >
          <img src={whole} alt={name} style={{ inlineSize: "100%", maxBlockSize: "64vh", objectFit: "contain", borderRadius: 12 }} />
        </Dialog>
      )}
    </>
  );
}

function FileCard({ message, attachment }: { readonly message: MessageId; readonly attachment: AttachmentView }) {
  const { t } = useText();
  const client = useClient();
  const loading = useAction();
  const name = attachment.fileName === "" ? t("message.file") : attachment.fileName;
  const save = (): Promise<boolean> =>
    loading.run(async () => {
      const bytes = await client.attachment(message, attachment.index);
      // Never with its own type: a page of somebody else must not run on our origin.
      const url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: "application/octet-stream" }));
      const link = document.createElement("a");
      link.href = url;
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    });
  return (
    <button type="button" className="file-card" title={t("file.save", { name })} onClick={() => void save()}>
      <span className="row-icon" style={{ flex: "none" }}>
        <Icon name={loading.busy ? "clock" : "file"} />
      </span>
      <span>
        <b dir="auto">{name}</b>
        <small>
          <FileSizeText sizeBytes={attachment.sizeBytes} />
        </small>
      </span>
    </button>
  );
}

/** The name is all there is: nothing to open, nothing to fetch. */
function OmittedFile({ attachment }: { readonly attachment: AttachmentView }) {
  const { t } = useText();
  const isPicture = attachment.mediaType.startsWith("image/");
  return (
    <div className="file-card file-card-omitted">
      <span className="row-icon" style={{ flex: "none" }}>
        <Icon name={isPicture ? "image" : "file"} />
      </span>
      <span>
        <b dir="auto">{attachment.fileName === "" ? t(isPicture ? "message.photo" : "message.file") : attachment.fileName}</b>
        <small>{t("message.fileOmitted")}</small>
      </span>
    </div>
  );
}

function FileSizeText({ sizeBytes }: { readonly sizeBytes: number }) {
  const { locale } = useText();
  return <>{fileSize(sizeBytes, locale)}</>;
}
