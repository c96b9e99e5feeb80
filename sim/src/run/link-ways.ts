/** The ways on which a code gets from one screen to the other. People who try several at once have them race: all lead to one attempt. */
import type { HawserClient, LinkStatus } from "@hawser/client";

export const LINK_WAYS = ["code", "letters", "reverse"] as const;
/** `code`: the phone scans. `letters`: they are typed on the phone. `reverse`: the phone shows, the new device reads. */
export type LinkWay = (typeof LINK_WAYS)[number];

/** What was on the screen when it was last carried over: the same again would bring nothing new. */
export type Carried = { [Way in LinkWay]?: string };

export interface Screens {
  readonly phone: HawserClient;
  readonly companion: HawserClient;
  /** The companion's. */
  readonly shown: LinkStatus;
}

/** Carries over what is new, all ways at once. Says which. */
export function carry(ways: readonly LinkWay[], carried: Carried, screens: Screens): { way: LinkWay; done: Promise<unknown> }[] {
  return ways.flatMap((way) => {
    const done = ON[way](carried, screens);
    return done === undefined ? [] : [{ way, done }];
  });
}

const isNew = (way: LinkWay, carried: Carried, text: string | undefined): text is string => {
  if (text === undefined || carried[way] === text) return false;
  carried[way] = text;
  return true;
};

const ON: Readonly<Record<LinkWay, (carried: Carried, screens: Screens) => Promise<unknown> | undefined>> = {
  code: (carried, { phone, shown }) => (isNew("code", carried, shown.uri) ? phone.openLinkCode(shown.uri) : undefined),
  letters: (carried, { phone, shown }) => (isNew("letters", carried, shown.typedCode) ? phone.openTypedCode(shown.typedCode) : undefined),
  // With each new code of the companion: what was read before belongs to one that is gone.
  reverse: (carried, screens) =>
    screens.shown.uri === undefined || carried.reverse === screens.shown.uri ? undefined : readBack(carried, screens),
};

/** The phone makes its code in a moment; until then it is asked again. */
async function readBack(carried: Carried, { phone, companion, shown }: Screens): Promise<void> {
  const { uri } = await phone.showReverseCode();
  if (uri === undefined) return;
  carried.reverse = shown.uri!;
  await companion.openReverseCode(uri);
}
