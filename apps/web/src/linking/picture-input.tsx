/** A code out of an image file. */
import { Alert, Icon, useText } from "@hawser/ui";
import { useState } from "react";
import { loadCodeReader, readPicture } from "./code-reader.ts";

export function PictureInput({ use }: { readonly use: (code: string) => Promise<unknown> }) {
  const { t } = useText();
  const [picture, setPicture] = useState<"fine" | "no-code" | "no-reader">("fine");
  const read = async (file: File | undefined): Promise<void> => {
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
    <>
      {picture !== "fine" && <Alert>{t(picture === "no-reader" ? "scan.noReader" : "scan.nothing")}</Alert>}
      <label className="button button-soft button-wide">
        <Icon name="image" size={19} />
        {t("scan.image")}
        <input type="file" accept="image/*" className="visually-hidden" onChange={(event) => void read(event.target.files?.[0])} />
      </label>
    </>
  );
}
