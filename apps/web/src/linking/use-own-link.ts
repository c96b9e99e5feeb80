/** The link that this device asks for, as its own screen follows it: begun once an engine, its codes renew themselves. */
import type { LinkStage, LinkStatus, Role } from "@hawser/sdk";
import { useText } from "@hawser/ui";
import { useEffect, useRef, useState } from "react";
import { useClient, useClientEvents } from "../app/client-context.tsx";
import type { LinkSeed } from "../entry/link-seed.ts";
import { isLinkStuck, rememberLinkStuck } from "../entry/remembered.ts";
import { hasPasskeys } from "./passkey.ts";
import { browserName, describePlatform } from "./platform.ts";
import { failedTooOften, STUCK } from "./stuck.ts";

export interface OwnLink {
  readonly link: LinkStatus | undefined;
  readonly stage: LinkStage;
  /** Where it failed under this page's eyes. */
  readonly failedAt: LinkStage | undefined;
  /** Another code, or letters beside it. */
  readonly begin: (offer?: LinkSeed, typedCode?: boolean) => void;
}

export function useOwnLink(as: Role, seed?: LinkSeed): OwnLink {
  const { t } = useText();
  const client = useClient();
  const [link, setLink] = useState<LinkStatus | undefined>(() => (isLinkStuck(as) ? STUCK : undefined));
  const [failedAt, setFailedAt] = useState<LinkStage>();
  const stage = link?.stage ?? "preparing";
  const before = useRef<LinkStage>(undefined);
  const heard = useRef(0);
  const take = (status: LinkStatus): void => {
    const isFailed = status.stage === "failed";
    if (isFailed && before.current !== "failed") setFailedAt(before.current);
    before.current = status.stage;
    rememberLinkStuck(as, isFailed && failedTooOften(status));
    setLink(status);
  };
  const begin = (offer?: LinkSeed, typedCode = false): void => {
    const words = describePlatform(navigator.userAgent);
    const deviceName = as === "phone" ? t("devices.phoneName", { browser: browserName(navigator.userAgent) }) : words.deviceName;
    const options = {
      ...words,
      deviceName,
      as,
      typedCode,
      passkeys: hasPasskeys(),
      ...(offer === undefined ? {} : { initialOffer: offer }),
    };
    const heardBefore = heard.current;
    // What was told meanwhile is newer than the answer.
    client.startLink(options).then(
      (first) => heard.current === heardBefore && take(first),
      () => undefined,
    );
  };
  useClientEvents((event) => {
    if (event.type !== "link") return;
    heard.current++;
    take(event.link);
  });
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- once per engine: codes renew themselves
  useEffect(() => begin(seed), [client]);
  return { link, stage, failedAt, begin };
}
