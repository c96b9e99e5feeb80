/** What a revoked device shows: who did it, when, and what is left here (nothing). */
import { Button, fullTime, Icon, useText } from "@hawser/ui";
import { useClient, useClientState } from "../app/client-context.tsx";
import { rememberSettled, type Face } from "../entry/remembered.ts";

export function RevokedScreen({ face }: { readonly face: Face }) {
  const { t, locale } = useText();
  const client = useClient();
  const { revocation } = useClientState();
  const isMoved = face === "phone" && revocation?.reason === "replaced";
  const again = async (): Promise<void> => {
    rememberSettled(face, false);
    await client.wipe().catch(() => undefined);
    location.reload();
  };
  return (
    <main className="full-screen">
      <section className="full-card">
        <span className="badge-round">
          <Icon name="lock" size={36} />
        </span>
        <h1>{t(isMoved ? "revoked.movedTitle" : "revoked.title")}</h1>
        <p>{t(isMoved ? "revoked.movedText" : "revoked.text")}</p>
        {revocation !== undefined && (
          <dl className="facts">
            <div>
              <dt>{t("revoked.by")}</dt>
              <dd>{revocation.revokedByName === "" ? t("revoked.device", { number: revocation.revokedBy }) : revocation.revokedByName}</dd>
            </div>
            <div>
              <dt>{t("revoked.when")}</dt>
              <dd>{fullTime(revocation.revokedAtMs, locale)}</dd>
            </div>
            <div>
              <dt>{t("revoked.why")}</dt>
              <dd>{t(`revoked.reason.${revocation.reason}`)}</dd>
            </div>
          </dl>
        )}
        <p className="note note-good" style={{ textAlign: "start" }}>
          <Icon name="check" size={20} />
          {t("revoked.wiped")}
        </p>
        <Button wide onClick={() => void again()}>
          {face === "companion" ? t("revoked.again") : t("revoked.start")}
        </Button>
      </section>
    </main>
  );
}
