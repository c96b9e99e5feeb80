/** The digits of a device list, as two people compare them. */
import { useText } from "@hawser/ui";

export function ListCode({ code }: { readonly code: string }) {
  const { t } = useText();
  const groups = code.replace(/\D/g, "").match(/.{5}/g) ?? [];
  return (
    <div className="safety-digits list-code" role="img" aria-label={t("fork.codeLabel", { digits: groups.join(" ") })}>
      {groups.map((group, index) => (
        <span key={index} aria-hidden="true">
          {group}
        </span>
      ))}
    </div>
  );
}
