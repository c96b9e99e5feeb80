/** The files about to be sent, with a preview where there is one. */
import { fileSize, Icon, IconButton, useText } from "@hawser/ui";
import { useEffect, useState } from "react";

export function FileTray({ files, onRemove }: { readonly files: readonly File[]; readonly onRemove: (file: File) => void }) {
  const { t } = useText();
  if (files.length === 0) return null;
  return (
    <ul className="tray scroll" aria-label={t("composer.files", { count: files.length })}>
      {files.map((file, index) => (
        <TrayItem key={`${file.name}-${file.size}-${index}`} file={file} onRemove={() => onRemove(file)} />
      ))}
    </ul>
  );
}

function TrayItem({ file, onRemove }: { readonly file: File; readonly onRemove: () => void }) {
  const { t, locale } = useText();
  const [preview, setPreview] = useState<string>();
  const isPicture = /^image\/(?:png|jpeg|webp|gif|avif)$/.test(file.type);
  useEffect(() => {
    if (!isPicture) return undefined;
    const url = URL.createObjectURL(file);
    // oxlint-disable-next-line react/set-state-in-effect -- the address exists outside React and is given back below
    setPreview(url);
    return () => URL.revokeObjectURL(url);
  }, [file, isPicture]);
  return (
    <li className={isPicture ? "tray-item tray-item-picture" : "tray-item"}>
      {isPicture ? (
        preview !== undefined && <img src={preview} alt={file.name} />
      ) : (
        <>
          <Icon name="file" />
          <span>
            {file.name}
            <br />
            {fileSize(file.size, locale)}
          </span>
        </>
      )}
      <IconButton icon="close" label={t("composer.removeFile", { name: file.name })} onClick={onRemove} />
    </li>
  );
}
