/**
 * The life of a phone in WebKit: the system ends the app at every step of a link and in the middle of an upload, without a word. Each
 * time it goes on where it was, with the same code; nobody is linked twice, and no device stays behind that nobody has.
 */
import { expect } from "vitest";
import { SERVER_GONE } from "./harness/chromium.ts";
import { CompanionApp } from "./harness/companion-app.ts";
import type { WebkitProfile } from "./harness/engines/webkit.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { codeOnScreen } from "./harness/read-code.ts";
import { chatExport } from "./harness/real-texts.ts";
import { scenario, type World } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";
import { WireTap } from "./harness/wire-tap.ts";
import { say } from "./harness/words.ts";

const PHONE = /^(?!.*Chrome).*AppleWebKit/;
const COMPANION = /Chrome/;
const ALL_TEXTS = 300;
/** Longer than a phone waits for the newest list before it gives a link up. */
const SIGN_TIMEOUT_MS = 30_000;
/** No wait of a phone during a link ends before. */
const SHORTEST_DEADLINE_MS = 10_000;
/** More than a chunk of history holds. */
const MANY = 2_600;

interface Story {
  readonly tap: WireTap;
  readonly profile: WebkitProfile;
  readonly url: string;
  companion: CompanionApp;
  phone: PhoneApp;
  stepBeganMs: number;
}

async function begin(world: World, count: number): Promise<Story & { readonly lines: readonly string[] }> {
  const tap = await WireTap.open();
  world.atEnd(() => tap.close());
  const server = await world.startServer({ origin: tap.origin });
  tap.forwardTo(server.port);
  const profile = await world.webkit({ name: "phone", screen: "phone" });
  const companionProfile = await world.companion();
  companionProfile.expectFault(SERVER_GONE);
  const phone: PhoneApp = await PhoneApp.open(await profile.page(), server.url);
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });
  const deniz = chatExport({ self: "Elif Kaya", other: "Deniz", count });
  await phone.importChat(deniz, "Elif Kaya");
  const companion: CompanionApp = await CompanionApp.open(await companionProfile.page(), server.url);
  return { tap, profile, url: server.url, phone, companion, stepBeganMs: 0, lines: deniz.lines.map((line) => line.text) };
}

/** kill -9 for the browser with all its processes; then the same browser with what it had kept. */
async function dies(story: Story): Promise<void> {
  await story.profile.kill();
  story.tap.flow();
  await story.profile.restart();
  story.phone = await PhoneApp.open(await story.profile.page(), story.url);
}

/** Times the rendezvous of the code was named by somebody. */
function mentions(tap: WireTap, code: string): number {
  const id = Buffer.from(code.split("#1.")[1]!, "base64url").subarray(0, 16);
  const sent = tap.sent;
  let count = 0;
  for (let at = sent.indexOf(id); at >= 0; at = sent.indexOf(id, at + 1)) count++;
  return count;
}

/**
 * Back again, the phone has gone on by itself; or asks, with the number on the other screen; or was away for longer than a link may
 * wait, on a slow machine: then it says so, has left no device behind, and a new code works.
 */
async function comesToAnEnd(story: Story): Promise<void> {
  const { phone, companion } = story;
  const says = (key: "approve.title" | "approve.doneTitle" | "approve.failedTitle"): Promise<boolean> =>
    phone.page.getByRole("heading", { name: say(key) }).isVisible();
  const outcome = await until("the phone says how the link goes on", async () => {
    if (await says("approve.doneTitle")) return "linked";
    if (await says("approve.title")) return "asks";
    return (await says("approve.failedTitle")) && "failed";
  });
  if (outcome === "linked") return phone.closeSheet();
  if (outcome === "asks") {
    await sameNumber(story);
    return phone.confirmLink();
  }
  expect(performance.now() - story.stepBeganMs, "given up before its time").toBeGreaterThan(SHORTEST_DEADLINE_MS);
  await phone.closeSheet();
  expect(await phone.deviceCount()).toBe(1);
  await phone.pasteCode(await companion.freshCode());
  await sameNumber(story);
  return phone.confirmLink();
}

const sameNumber = async ({ phone, companion }: Story): Promise<void> => {
  expect(await phone.matchCode()).toBe(await companion.matchCode());
};

/** From a code on the companion's screen to the moment at which the phone dies, and what the person still has to do. */
const STEPS: Readonly<Record<string, (story: Story) => Promise<void>>> = {
  "the code is read, and the server does not know yet": async (story) => {
    story.tap.stall(PHONE);
    await story.phone.pasteCode(await codeOnScreen(story.companion.page));
    await story.phone.isLinking();
    await dies(story);
    await comesToAnEnd(story);
  },
  "the offer is on the server": async (story) => {
    const code = await codeOnScreen(story.companion.page);
    const before = mentions(story.tap, code);
    story.tap.stall(COMPANION);
    await story.phone.pasteCode(code);
    await until("the phone has put its offer and waits", () => mentions(story.tap, code) >= before + 2);
    await dies(story);
    await comesToAnEnd(story);
  },
  "the person is asked": async (story) => {
    await story.phone.pasteCode(await codeOnScreen(story.companion.page));
    await sameNumber(story);
    await dies(story);
    await comesToAnEnd(story);
  },
  "confirmed, nothing sent": async (story) => {
    await story.phone.pasteCode(await codeOnScreen(story.companion.page));
    await sameNumber(story);
    story.tap.stall(PHONE);
    await story.phone.confirm();
    await until("the phone asks for the newest list", () => story.tap.stalled > 0);
    await dies(story);
    await comesToAnEnd(story);
  },
  // "The list is signed, nobody has it" cannot be told from outside by counting frames: packages/sdk/test/approval-cut.test.ts plays it.
  "the list is published, the companion not there yet": async (story) => {
    await story.phone.pasteCode(await codeOnScreen(story.companion.page));
    await sameNumber(story);
    story.tap.stall(COMPANION);
    await story.phone.confirm();
    await story.phone.isActivating();
    await dies(story);
    await comesToAnEnd(story);
  },
  "the device is active": async (story) => {
    await story.phone.pasteCode(await codeOnScreen(story.companion.page));
    await sameNumber(story);
    await story.phone.confirm();
    // Chats on the other screen: what the phone sent of them left after it had kept that the link is complete.
    await story.companion.chats.waitForTitles(["Deniz"]);
    await dies(story);
  },
};

scenario(
  "killed at every step of a link: the same code goes on, no device comes twice",
  async (world) => {
    const story = await begin(world, ALL_TEXTS);
    for (const [name, step] of Object.entries(STEPS)) {
      story.stepBeganMs = performance.now();
      await step(story).catch((error: unknown) => {
        throw new Error(`killed when ${name}: ${String(error)}`, { cause: error });
      });
      await story.companion.chats.waitForTitles(["Deniz"]);
      await story.companion.chats.open("Deniz");
      expect(await story.companion.chats.lastTexts(2), name).toEqual(story.lines.slice(-2));
      expect(await story.phone.deviceCount(), name).toBe(2);
      await story.companion.goTo("devices");
      expect(await story.companion.deviceCount(), name).toBe(2);
      await story.phone.revokeCompanion();
      await story.companion.revokedNotice();
      await story.companion.linkAgain();
    }
  },
  ["webkit", "chromium"],
);

scenario(
  "killed after a link that came to nothing: the phone says so until it is read, and no device is left behind",
  async (world) => {
    const story = await begin(world, 10);
    await story.phone.pasteCode(await codeOnScreen(story.companion.page));
    await sameNumber(story);
    story.tap.stall(PHONE);
    await story.phone.confirm();
    await story.phone.hasFailedToLink(SIGN_TIMEOUT_MS);
    await dies(story);
    await story.phone.hasFailedToLink();
    await story.phone.closeSheet();
    expect(await story.phone.deviceCount()).toBe(1);
    await story.phone.page.reload();
    expect(await story.phone.deviceCount()).toBe(1);
    expect(await story.phone.page.getByRole("dialog").count()).toBe(0);
  },
  ["webkit", "chromium"],
);

scenario(
  "killed in the middle of an upload of history: it goes on, and all of it arrives",
  async (world) => {
    const story = await begin(world, MANY);
    const { tap, phone, companion, lines } = story;
    tap.hold(/^(PUT|PATCH) \/v1\/blobs\//, 1);
    await phone.pasteCode(await codeOnScreen(companion.page));
    await sameNumber(story);
    await phone.confirmLink();
    await until("the upload stalls in the middle", () => tap.isHolding);
    await story.profile.kill();
    tap.release();
    await story.profile.restart();
    story.phone = await PhoneApp.open(await story.profile.page(), story.url);
    await companion.chats.waitForTitles(["Deniz"]);
    await companion.chats.open("Deniz");
    expect(await companion.chats.lastTexts(3)).toEqual(lines.slice(-3));
    await until("the history is complete", async () => (await companion.historyShare()) === undefined, 60_000);
    await companion.chats.search(lines[0]!);
    await companion.chats.opensHit(lines[0]!);
    await companion.chats.sees(lines[1]!);
    expect(await story.phone.deviceCount()).toBe(2);
  },
  ["webkit", "chromium"],
);
