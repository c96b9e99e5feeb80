/** An account moves to a new phone: the old one is asked exactly that, the companion stays linked, the old phone says that it was replaced. */
import { expect } from "vitest";
import { faultsOf } from "./harness/axe.ts";
import { CompanionApp } from "./harness/companion-app.ts";
import { startFriend } from "./harness/friend.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { codeOnScreen } from "./harness/read-code.ts";
import { REAL_TEXTS } from "./harness/real-texts.ts";
import { scenario } from "./harness/scenario.ts";
import { until } from "./harness/until.ts";
import { say, wording } from "./harness/words.ts";

scenario("two phones and a companion: the key goes over, nobody links again", async (world) => {
  const server = await world.startServer();
  const friend = await startFriend(world, server.url, { handle: "mert", name: "Mert" });
  const old = await PhoneApp.open(await (await world.phone()).page(), server.url);
  await old.signUp({ handle: "elif", name: "Elif Kaya" });
  await old.addContact("mert", "Mert");
  await old.chats.send(REAL_TEXTS[430]!);
  await friend.receives(REAL_TEXTS[430]!);
  await old.chats.leave();
  const companion = await CompanionApp.open(await (await world.companion()).page(), server.url);
  await old.pasteCode(await codeOnScreen(companion.page));
  await old.confirmLink();
  await companion.chats.waitForTitles(["Mert"]);

  const fresh = await PhoneApp.open(await (await world.companion({ name: "new", screen: "phone" })).page(), server.url);
  await fresh.showMoveCode();
  // The page may close while nobody has scanned yet: it comes back to the same step.
  await fresh.page.reload();
  await old.readMoveCode(await codeOnScreen(fresh.page));
  expect(await fresh.matchCode()).toBe(await old.matchCode());
  await old.page.getByRole("heading", { name: say("approve.moveTitle") }).waitFor();
  await old.page.getByText(say("approve.newPhone")).waitFor();
  await old.page.getByRole("button", { name: say("approve.moveConfirm"), exact: true }).click();
  await old.page.getByRole("heading", { name: say("approve.movedTitle") }).waitFor();
  await old.closeSheet();
  await old.page.getByText(wording("move.leaving")).waitFor();

  // Until it is finished both phones work.
  await fresh.page.getByText(say("move.whole")).waitFor();
  await fresh.chats.open("Mert");
  await fresh.chats.sees(REAL_TEXTS[430]!);
  await fresh.chats.send(REAL_TEXTS[431]!);
  await friend.receives(REAL_TEXTS[431]!);
  await old.goTo("chats");
  await old.chats.open("Mert");
  await old.chats.sees(REAL_TEXTS[431]!);

  expect([...(await faultsOf(fresh.page, "new phone")), ...(await faultsOf(old.page, "old phone"))]).toEqual([]);
  await fresh.finishMove();
  await old.page.getByRole("heading", { name: say("revoked.movedTitle") }).waitFor();
  await old.page.getByText(say("revoked.reason.replaced")).waitFor();
  await until("the move is over", async () => (await fresh.page.getByText(say("move.whole")).count()) === 0);

  await companion.chats.open("Mert");
  await companion.chats.send(REAL_TEXTS[432]!);
  await friend.receives(REAL_TEXTS[432]!);
  await fresh.chats.sees(REAL_TEXTS[432]!);
  expect(await fresh.deviceCount()).toBe(2);
  await fresh.goTo("chats");

  // The old phone begins anew: nothing of the account is left on it.
  await old.page.getByRole("button", { name: say("revoked.start"), exact: true }).click();
  await old.page.getByRole("button", { name: say("welcome.create"), exact: true }).waitFor();
});
