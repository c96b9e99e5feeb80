/** The diagnosis inside the running app. */
import { useText } from "@hawser/ui";
import { useMemo } from "react";
import { useClient, useClientState } from "../app/client-context.tsx";
import { PageFrame } from "../app/page-frame.tsx";
import { DiagnosisView } from "./diagnosis-view.tsx";

export function DiagnosisPage() {
  const { t } = useText();
  const client = useClient();
  const { role } = useClientState();
  const subject = useMemo(() => ({ face: role ?? ("companion" as const), client, trouble: () => undefined }), [client, role]);
  return (
    <PageFrame title={t("diagnosis.title")} back="settings">
      <DiagnosisView subject={subject} />
    </PageFrame>
  );
}
