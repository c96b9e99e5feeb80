/** The engine itself cannot run: says why, keeps what is there, offers to try again. */
import { Button, Icon, useText } from "@hawser/ui";
import { errorText } from "./error-text.ts";

export function TroubleScreen({ code }: { readonly code: string }) {
  const text = useText();
  return (
    <main className="full-screen">
      <section className="full-card" role="alert">
        <span className="badge-round badge-round-danger">
          <Icon name="warning" size={36} />
        </span>
        <h1>{text.t(code === "STORAGE_LOST" ? "trouble.lostTitle" : "trouble.title")}</h1>
        <p>{errorText(text, code)}</p>
        <Button wide icon="retry" onClick={() => location.reload()}>
          {text.t("trouble.reload")}
        </Button>
      </section>
    </main>
  );
}
