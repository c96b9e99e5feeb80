/** The companion reads the code that the phone shows. Then the link goes on as ever. */
import { Dialog, useText } from "@hawser/ui";
import { useClient } from "../app/client-context.tsx";
import { ReadCode } from "./read-code.tsx";

export function ReverseReader({ onClose }: { readonly onClose: () => void }) {
  const { t } = useText();
  const client = useClient();
  return (
    <Dialog title={t("reverse.readTitle")} closeLabel={t("action.close")} shape="sheet" onClose={onClose}>
      <p>{t("reverse.readText")}</p>
      <ReadCode path="link-me" open={(code) => client.openReverseCode(code).then(onClose)} />
    </Dialog>
  );
}
