/** What gives the account back when this phone is lost: a code on paper, a passkey, or both. Each stands with its state. */
import type { RecoveryState } from "@hawser/sdk";
import { Icon, useText } from "@hawser/ui";
import { useClientState, useQuery } from "../app/client-context.tsx";
import { codeOf, textOfError } from "../app/error-text.ts";
import { PageFrame } from "../app/page-frame.tsx";
import { RecoveryCode } from "./recovery-code.tsx";
import { RecoveryPasskeys } from "./recovery-passkeys.tsx";

/** As the server has it: `asking`, or `unknown` where it cannot or does not say. */
export type KnownRecovery = RecoveryState | "asking" | "unknown";

export function RecoveryPage() {
  const text = useText();
  const { t } = text;
  const isOnline = useClientState().connection.kind === "online";
  const { value, error, reload } = useQuery(
    `recovery ${isOnline}`,
    (engine) => engine.recoveryState(),
    () => false,
  );
  const known = error !== undefined ? "unknown" : (value ?? "asking");
  const isOldServer = error !== undefined && codeOf(error) === "UNKNOWN_OPERATION";
  return (
    <PageFrame title={t("recovery.title")} back="settings">
      <p className="soft">{t("recovery.intro")}</p>
      {error !== undefined && !isOldServer && (
        <p className="note note-warn" role="status">
          <Icon name="warning" size={20} />
          {textOfError(text, error)}
        </p>
      )}
      <RecoveryCode known={known} changed={reload} />
      <RecoveryPasskeys known={known} isOldServer={isOldServer} changed={reload} />
    </PageFrame>
  );
}
