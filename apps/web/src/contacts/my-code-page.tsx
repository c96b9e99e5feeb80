/** The own code: others scan it to write to this account. */
import { Button, useText, useToast } from "@hawser/ui";
import { useClientState, useQuery } from "../app/client-context.tsx";
import { PageFrame } from "../app/page-frame.tsx";
import { QrCode } from "../linking/qr-code.tsx";

export function MyCodePage() {
  const { t } = useText();
  const toast = useToast();
  const { self } = useClientState();
  const code = useQuery(
    "my code",
    (client) => client.contactUri(),
    () => false,
  );
  return (
    <PageFrame title={t("myCode.title")} back="contacts">
      <div className="card contact-card">
        <div className="qr-plate">{code.value !== undefined && <QrCode text={code.value} label={t("myCode.label")} />}</div>
        <h2 dir="auto">{self?.displayName}</h2>
        <bdi className="pill">@{self?.handle}</bdi>
        <p style={{ color: "var(--ink-soft)" }}>{t("myCode.text")}</p>
        <Button
          look="soft"
          icon="copy"
          disabled={code.value === undefined}
          onClick={() =>
            void navigator.clipboard.writeText(code.value ?? "").then(
              () => toast({ text: t("myCode.copied") }),
              () => undefined,
            )
          }
        >
          {t("myCode.copy")}
        </Button>
      </div>
    </PageFrame>
  );
}
