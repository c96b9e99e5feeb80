/**
 * An account comes back in a real browser: by a passkey alone where its authenticator can compute a secret (PRF), by the code everywhere.
 * Where a passkey cannot, or its person does not want to, the screen says so and the code stands beside it.
 */
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { VirtualAuthenticator } from "./harness/authenticator.ts";
import { faultsOf } from "./harness/axe.ts";
import { startServerAtName } from "./harness/local-name.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { scenario, type World } from "./harness/scenario.ts";
import { say, wording } from "./harness/words.ts";

interface Scene {
  readonly phone: PhoneApp<Page>;
  readonly page: Page;
  readonly authenticator: VirtualAuthenticator;
}

async function onRecoveryPage(world: World, { prf }: { readonly prf: boolean }): Promise<Scene> {
  const server = await startServerAtName(world);
  const phone = await PhoneApp.open(await (await world.phone()).page(), server.url);
  const { page } = phone;
  const authenticator = await VirtualAuthenticator.plugInto(page, [], { prf });
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });
  await phone.goTo("recovery");
  await page.getByText(say("recovery.none"), { exact: true }).waitFor();
  return { phone, page, authenticator };
}

const button = (page: Page, key: Parameters<typeof say>[0]) => page.getByRole("button", { name: say(key), exact: true });
const create = (page: Page) => page.getByRole("button", { name: say("passkey.create") });
const passkeys = (page: Page) => page.getByRole("group", { name: say("passkey.title") });
const restores = (page: Page) => passkeys(page).getByText(wording("recovery.since"));
const restoresNothing = (page: Page) => passkeys(page).getByText(say("recovery.none"), { exact: true });
const problem = (page: Page, key: Parameters<typeof say>[0]): Promise<void> =>
  page
    .getByRole("alert")
    .filter({ hasText: say(key) })
    .waitFor();

/** The phone is lost: nothing of it is left but the account on the server, and the passkey. */
async function loseEverything({ phone, page }: Scene): Promise<void> {
  await phone.goTo("settings");
  await button(page, "wipe.actionPhone").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("switch", { name: say("wipe.lastKnown") }).check();
  await dialog.getByRole("button", { name: say("wipe.confirm"), exact: true }).click();
  await button(page, "welcome.restore").click();
  await page.getByRole("heading", { name: say("restore.title") }).waitFor();
}

async function isBackAs({ phone, page }: Scene, handle: string): Promise<void> {
  await phone.chats.list.waitFor();
  await phone.goTo("settings");
  await page.getByText(`@${handle}`).first().waitFor();
}

scenario("the phone is lost, and the passkey alone brings the account back, by keyboard", async (world) => {
  const scene = await onRecoveryPage(world, { prf: true });
  const { phone, page, authenticator } = scene;
  expect(await faultsOf(page, "recovery, nothing set up")).toEqual([]);
  await create(page).focus();
  await page.keyboard.press("Enter");
  await restores(page).waitFor();
  await page.getByText(say("recovery.passkeySet")).waitFor();
  expect(await faultsOf(page, "recovery, a passkey set up")).toEqual([]);
  expect(await authenticator.credentials()).toHaveLength(1);
  // The state is the server's: it stands after a reload.
  await page.reload();
  await restores(page).waitFor();

  await loseEverything(scene);
  expect(await faultsOf(page, "restore form")).toEqual([]);
  await button(page, "restore.passkey").focus();
  await page.keyboard.press("Enter");
  await isBackAs(scene, "elif");

  await phone.goTo("recovery");
  await restores(page).waitFor();
  await page.getByText(say("recovery.otherPasskey"), { exact: true }).waitFor();
  await button(page, "passkey.remove").click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: say("passkey.remove"), exact: true })
    .click();
  await page.getByText(say("recovery.otherPasskey"), { exact: true }).waitFor({ state: "detached" });
  await loseEverything(scene);
  await button(page, "restore.passkey").click();
  await problem(page, "error.PASSKEY_UNKNOWN");
});

scenario("an authenticator that cannot: both screens say why, and the code brings the account back", async (world) => {
  const scene = await onRecoveryPage(world, { prf: false });
  const { page } = scene;
  await create(page).click();
  await problem(page, "recovery.noPrf");
  await restoresNothing(page).waitFor();
  expect(await faultsOf(page, "recovery, a passkey that cannot")).toEqual([]);
  await button(page, "recovery.create").click();
  await page.locator(".recovery-code").waitFor();
  const code = (await page.locator(".recovery-code span").allInnerTexts()).join("-");
  expect(code).toMatch(/^([A-Z2-7]{4}-){7}[A-Z2-7]{4}$/);
  await button(page, "recovery.done").click();

  await loseEverything(scene);
  await button(page, "restore.passkey").click();
  await problem(page, "recovery.noPrf");
  expect(await faultsOf(page, "restore form, a passkey that cannot")).toEqual([]);
  await page.getByLabel(say("signUp.handle"), { exact: true }).fill("elif");
  await page.getByLabel(say("restore.code"), { exact: true }).fill(code);
  await button(page, "restore.action").click();
  await isBackAs(scene, "elif");
});

scenario("a person who does not confirm: nothing is changed, and another authenticator may do it", async (world) => {
  const { page, authenticator } = await onRecoveryPage(world, { prf: true });
  await create(page).click();
  await restores(page).waitFor();
  await button(page, "passkey.remove").click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: say("passkey.remove"), exact: true })
    .click();
  await restoresNothing(page).waitFor();
  await authenticator.refuse();
  await button(page, "recovery.passkeyUse").click();
  await problem(page, "passkey.notShown");
  expect(await restores(page).count()).toBe(0);
  await authenticator.unplug();
  await VirtualAuthenticator.plugInto(page, [], { prf: true });
  await create(page).click();
  await restores(page).waitFor();
  // The first one is still the account's, for links.
  expect(await restoresNothing(page).count()).toBe(1);
});

scenario("an address that has no passkeys offers the code, and says why there is nothing else", async (world) => {
  const server = await world.startServer();
  const phone = await PhoneApp.open(await (await world.phone()).page(), server.url);
  const { page } = phone;
  await button(page, "welcome.restore").click();
  await page.getByText(say("recovery.noPasskeys")).waitFor();
  expect(await button(page, "restore.passkey").count()).toBe(0);
  await page.getByLabel(say("restore.code"), { exact: true }).waitFor();
  await button(page, "action.back").click();
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });
  await phone.goTo("recovery");
  await page.getByText(say("recovery.noPasskeys")).waitFor();
  expect(await create(page).count()).toBe(0);
  await button(page, "recovery.create").click();
  await button(page, "recovery.done").click();
  await phone.goTo("recovery");
  await page.getByText(wording("recovery.since")).waitFor();
  expect(await faultsOf(page, "recovery, a code set up")).toEqual([]);
  await button(page, "passkey.remove").click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: say("passkey.remove"), exact: true })
    .click();
  await page.getByText(say("recovery.none"), { exact: true }).waitFor();
});
