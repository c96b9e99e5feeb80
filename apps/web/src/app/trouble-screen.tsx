/** The engine itself cannot run: says why, keeps what is there, offers to try again. */
import { Button, Icon, useText } from "@hawser/ui";
import { diagnosisAddress } from "../entry/face.ts";
import type { Face } from "../entry/remembered.ts";
import { errorText } from "./error-text.ts";

export function TroubleScreen({ code, face }: { readonly code: string; readonly face: Face }) {
  const text = useText();
  const isLost = code === "STORAGE_LOST";
  return (
    <main className="full-screen">
      <section className="full-card" role="alert">
        <span className="badge-round badge-round-danger">
          <Icon name="warning" size={36} />
        </span>
        <h1>{text.t(isLost ? "trouble.lostTitle" : "trouble.title")}</h1>
        <p>{errorText(text, code)}</p>
        {isLost && <p>{text.t(face === "phone" ? "trouble.lostPhone" : "trouble.lostCompanion")}</p>}
        <Button wide icon="retry" onClick={() => location.reload()}>
          {text.t("trouble.reload")}
        </Button>
        <Button wide look="plain" icon="search" onClick={() => location.assign(diagnosisAddress(face))}>
          {text.t("diagnosis.open")}
        </Button>
      </section>
    </main>
  );
}
