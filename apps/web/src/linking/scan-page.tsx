/** The phone reads a code, or links without its camera. Device codes go to linking, contact codes to contacts. */
import { useText } from "@hawser/ui";
import { useState } from "react";
import { useClient } from "../app/client-context.tsx";
import { PageFrame } from "../app/page-frame.tsx";
import { goPage } from "../app/router.ts";
import { NewChat } from "../contacts/new-chat.tsx";
import { type PhoneWay, PhoneWays, ShowCode, TypeCode } from "./phone-ways.tsx";
import { ReadCode } from "./read-code.tsx";

export function ScanPage() {
  const { t } = useText();
  const client = useClient();
  const [way, setWay] = useState<PhoneWay>("scan");
  const [contactCode, setContactCode] = useState<string>();
  const open = async (code: string): Promise<void> => {
    if (/^https?:\/\/[^/]+\/add#/i.test(code)) return setContactCode(code);
    await client.openLinkCode(code);
    goPage("devices");
  };
  return (
    <PageFrame title={t("scan.title")} back="devices">
      {way === "type" && <TypeCode />}
      {way === "show" && <ShowCode />}
      {way === "scan" && <ReadCode hint={t("scan.hint")} open={open} />}
      <PhoneWays way={way} onChange={setWay} />
      {contactCode !== undefined && <NewChat code={contactCode} onClose={() => setContactCode(undefined)} />}
    </PageFrame>
  );
}
