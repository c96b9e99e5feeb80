/** What happened to this profile and was healed, or cannot be: the words of `ClientState.notice`. */
import type { ClientState } from "@hawser/sdk";

export const NOTICE_TEXTS: Readonly<Record<NonNullable<ClientState["notice"]>, string>> = {
  "old-copy": "this profile had been put back from an older copy; its keys were made anew",
  "store-lost": "this profile had lost its data; its keys were kept",
  "store-damaged": "some of this profile could not be read; what could was kept",
  "restored-alone":
    "the account was restored without another device, which would know its passkeys; if it had any, they protect no link until they are added again, on a phone in a browser",
};
