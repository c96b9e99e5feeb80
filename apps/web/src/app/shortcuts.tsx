/** Keys that work anywhere, and the card that lists them. */
import { Dialog, useText } from "@hawser/ui";
import { useEffect, useState } from "react";
import { goPage } from "./router.ts";

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
const COMMAND = isMac ? "⌘" : "Ctrl";

export function Shortcuts({ onSearch }: { readonly onSearch: () => void }) {
  const { t } = useText();
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const typing = (event.target as HTMLElement).closest("input, textarea, select, [contenteditable]") !== null;
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        onSearch();
      } else if (event.key === "?" && !typing) setShown(true);
      else if (event.altKey && event.key === "1") goPage("chats");
      else if (event.altKey && event.key === "2") goPage("contacts");
      else if (event.altKey && event.key === "3") goPage("devices");
      else if (event.altKey && event.key === "4") goPage("settings");
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [onSearch]);
  if (!isShown) return null;
  const rows: readonly (readonly [string, readonly string[]])[] = [
    [t("keys.search"), [COMMAND, "K"]],
    [t("keys.searchChat"), [COMMAND, "F"]],
    [t("keys.send"), ["Enter"]],
    [t("keys.newLine"), ["Shift", "Enter"]],
    [t("keys.move"), ["↑", "↓"]],
    [t("keys.close"), ["Esc"]],
    [t("keys.places"), ["Alt", "1–4"]],
    [t("keys.help"), ["?"]],
  ];
  return (
    <Dialog title={t("keys.title")} closeLabel={t("action.close")} onClose={() => setShown(false)}>
      <dl className="shortcuts">
        {rows.map(([label, keys]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd dir="ltr">
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
