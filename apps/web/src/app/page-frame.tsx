/** A page with a head, a way back where there is one, and a column of content. */
import { IconButton, useText } from "@hawser/ui";
import type { ReactNode } from "react";
import { goPage, type Page } from "./router.ts";

export function PageFrame({
  title,
  back,
  actions,
  children,
}: {
  readonly title: string;
  readonly back?: Page;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}) {
  const { t } = useText();
  return (
    <section className="page">
      <header className={back === undefined ? "page-head" : "page-head page-head-back"}>
        {back !== undefined && <IconButton icon="back" flip label={t("action.back")} onClick={() => goPage(back)} />}
        <h1>{title}</h1>
        {actions}
      </header>
      <div className="page-scroll scroll">
        <div className="column">{children}</div>
      </div>
    </section>
  );
}
