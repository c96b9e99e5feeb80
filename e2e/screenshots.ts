/**
 * Takes the README's pictures from the running app: a real server, a real link through the camera, real message texts. Needs
 * Chromium, the built app and ffmpeg (which reduces the pictures to 256 colours). Writes docs/images/*.png.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { CompanionApp } from "./harness/companion-app.ts";
import { type Friend, startFriend } from "./harness/friend.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { REAL_TEXTS } from "./harness/real-texts.ts";
import { until } from "./harness/until.ts";
import { World } from "./harness/world.ts";

const IMAGES = fileURLToPath(new URL("../docs/images", import.meta.url));
const LARGEST_BYTES = 150_000;
const DAY_MS = 86_400_000;

const text = (index: number): string => REAL_TEXTS[index]!;
/** Who wrote which of the texts; "me" is the owner of the phone. */
const OPEN_CHAT = [
  ["me", 468], ["you", 1110], ["me", 92], ["you", 166], ["me", 1222], ["you", 584], ["me", 358],
  ["you", 489], ["me", 200], ["you", 626], ["me", 385], ["you", 895],
] as const; // prettier-ignore
const OTHER_CHATS = [
  { name: "Aylin", texts: [182, 217, 256, 1008], daysAgo: 0.1 },
  { name: "Book club", texts: [87, 312, 309, 857], daysAgo: 0.4 },
  { name: "Dad", texts: [1235, 581, 567, 388], daysAgo: 1 },
  { name: "Deniz", texts: [216, 375, 950, 1105], daysAgo: 2 },
  { name: "Landlord", texts: [109, 656, 778, 512], daysAgo: 4 },
  { name: "Nora", texts: [323, 782, 1222, 1006], daysAgo: 6 },
  { name: "Priya", texts: [272, 950, 899, 82], daysAgo: 9 },
] as const;

/** Written for this picture; the collection of real texts is English. */
const ARABIC_CHAT = [
  ["ليلى", "صباح الخير! هل وصلتِ إلى المكتب؟"],
  ["Elif Kaya", "صباح النور، وصلت قبل قليل"],
  ["ليلى", "هل نلتقي اليوم بعد العمل؟ المقهى الجديد قرب الميناء مفتوح حتى العاشرة"],
  ["Elif Kaya", "فكرة جميلة، الساعة السابعة تناسبني"],
  ["ليلى", "ممتاز، سأحجز طاولة لأربعة أشخاص"],
  ["Elif Kaya", "لا تنسي أن تحضري الكتاب الذي وعدتِني به"],
  ["ليلى", "هو في حقيبتي منذ أسبوع 😄"],
  ["Elif Kaya", "إذن إلى اللقاء في المساء"],
] as const;

async function picture(page: Page, name: string): Promise<void> {
  const path = join(IMAGES, `${name}.png`);
  const full = join(IMAGES, `.${name}.full.png`);
  writeFileSync(full, await page.screenshot({ type: "png", animations: "disabled", caret: "hide" }));
  const filter = "split[a][b];[a]palettegen=stats_mode=full[p];[b][p]paletteuse=dither=none";
  const { status, stderr, error } = spawnSync("ffmpeg", [
    "-y",
    "-loglevel",
    "error",
    "-i",
    full,
    "-vf",
    filter,
    "-compression_level",
    "100",
    "-pred",
    "mixed",
    path,
  ]);
  spawnSync("rm", [full]);
  if (status !== 0) throw new Error(`ffmpeg could not reduce ${name}: ${error?.message ?? String(stderr)}`);
  const { size } = statSync(path);
  if (size > LARGEST_BYTES) throw new Error(`${name}.png has ${size} bytes, more than ${LARGEST_BYTES}`);
  console.log(`docs/images/${name}.png: ${(size / 1_000).toFixed(0)} kB`);
}

const two = (value: number): string => String(value).padStart(2, "0");

function stamp(ms: number): string {
  const date = new Date(ms);
  return `${two(date.getDate())}/${two(date.getMonth() + 1)}/${date.getFullYear()}, ${two(date.getHours())}:${two(date.getMinutes())}`;
}

async function fillPhone(phone: PhoneApp): Promise<void> {
  for (const { name, texts, daysAgo } of OTHER_CHATS.toReversed()) {
    const last = Date.now() - daysAgo * DAY_MS;
    const lines = texts.map(
      (index, at) => `${stamp(last - (texts.length - at) * 240_000)} - ${at % 2 === 0 ? name : "Elif Kaya"}: ${text(index)}`,
    );
    await phone.importChat({ fileName: `WhatsApp Chat with ${name}.txt`, content: Buffer.from(lines.join("\n")), lines: [] }, "Elif Kaya");
  }
}

async function talk(phone: PhoneApp, friend: Friend): Promise<void> {
  for (const [who, index] of OPEN_CHAT) {
    if (who === "me") await phone.chats.send(text(index));
    else {
      await friend.sends(text(index));
      await phone.chats.sees(text(index));
    }
  }
  await friend.readsAll();
  await phone.chats.showsStatus(text(385), "read");
}

async function main(): Promise<void> {
  const world = new World();
  mkdirSync(IMAGES, { recursive: true });
  try {
    const server = await world.startServer();
    const friend = await startFriend(world, server.url, { handle: "mert", name: "Mert" });
    const phone = await PhoneApp.open(await (await world.phone({ deviceScaleFactor: 2, locale: "en-GB" })).page(), server.url);
    await phone.signUp({ handle: "elif", name: "Elif Kaya" });
    await fillPhone(phone);
    await phone.addContact("mert", "Mert");
    await talk(phone, friend);
    await phone.chats.leave();

    const profile = await world.companion();
    const companion = await CompanionApp.open(await profile.page(), server.url);
    await companion.codeIsShown();
    await until("the page is online", async () => (await companion.page.locator(".qr-state").innerText()) !== "");
    await picture(companion.page, "link-page");
    await phone.startScan();
    await world.camera.pointAt(companion.page, () => phone.matchCode());
    await picture(phone.page, "link-approval");
    await phone.confirmLink();

    await companion.chats.waitForTitles(["Mert", "Aylin"]);
    await companion.chats.open("Mert");
    await companion.chats.sees(text(895));
    await companion.page.emulateMedia({ colorScheme: "light" });
    await picture(companion.page, "chats-light");
    await companion.page.emulateMedia({ colorScheme: "dark" });
    await picture(companion.page, "chats-dark");
    await phone.goTo("chats");
    await picture(phone.page, "phone-chats");

    const lines = ARABIC_CHAT.map(
      ([sender, line], index) => `${stamp(Date.now() - (ARABIC_CHAT.length - index) * 60_000)} - ${sender}: ${line}`,
    );
    await phone.importChat({ fileName: "WhatsApp Chat with ليلى.txt", content: Buffer.from(lines.join("\n")), lines: [] }, "Elif Kaya");
    await companion.page.emulateMedia({ colorScheme: "light" });
    await companion.useLanguage("ar");
    await companion.goTo("chats", "ar");
    await companion.page.locator(".chat-row").filter({ hasText: "ليلى" }).click();
    await companion.page.locator(".bubble-text").first().waitFor();
    await picture(companion.page, "chats-arabic");
  } finally {
    await world.close();
  }
}

await main();
