/** The phone as a person holds it. */
import { AppPages } from "./app-pages.ts";
import type { AppLocator, AppPage } from "./engines/app-page.ts";
import type { ChatExport } from "./real-texts.ts";
import { say } from "./words.ts";

const IMPORT_TIMEOUT_MS = 60_000;
const SCAN_TIMEOUT_MS = 30_000;

export class PhoneApp<Page extends AppPage = AppPage> extends AppPages<Page> {
  static async open<Page extends AppPage>(page: Page, url: string): Promise<PhoneApp<Page>> {
    await page.goto(`${url}/phone`);
    return new PhoneApp(page);
  }

  async signUp({ handle, name }: { handle: string; name: string }): Promise<void> {
    await this.page.getByRole("button", { name: say("welcome.create") }).click();
    await this.page.getByLabel(say("signUp.name"), { exact: true }).fill(name);
    await this.page.getByLabel(say("signUp.handle"), { exact: true }).fill(handle);
    await this.page.getByText(say("signUp.free")).waitFor();
    await this.page.getByRole("button", { name: say("signUp.create") }).click();
    await this.chats.list.waitFor();
  }

  /** Through the file chooser, as a person does; says who of the two in the chat the person is. */
  async importChat(exported: ChatExport, self: string): Promise<void> {
    await this.goTo("import");
    await this.page
      .locator('input[type="file"]')
      .setInputFiles({ name: exported.fileName, mimeType: "text/plain", buffer: exported.content });
    await this.page.getByLabel(say("import.self")).selectOption(self);
    await this.page.getByRole("button", { name: say("import.run"), exact: true }).click();
    await this.page.getByRole("heading", { name: say("import.doneTitle") }).waitFor({ timeout: IMPORT_TIMEOUT_MS });
    await this.goTo("chats");
  }

  /** The new phone, before it has an account, shows a code for the old one. */
  async showMoveCode(): Promise<void> {
    await this.page.getByRole("button", { name: say("welcome.move"), exact: true }).click();
    await this.page.getByRole("img", { name: say("link.qrLabel") }).waitFor();
  }

  /** The old phone reads it. */
  async readMoveCode(text: string): Promise<void> {
    await this.goTo("settings");
    await this.page.getByRole("button", { name: say("move.title") }).click();
    await this.page.getByRole("button", { name: say("move.scan"), exact: true }).click();
    await this.page.getByLabel(say("scan.paste")).fill(text);
    await this.page.getByRole("button", { name: say("scan.open"), exact: true }).click();
  }

  async finishMove(): Promise<void> {
    await this.page.getByRole("button", { name: say("move.finish"), exact: true }).click();
    await this.page.getByRole("button", { name: say("move.finishConfirm"), exact: true }).click();
    await this.page.getByRole("dialog").waitFor({ state: "detached" });
  }

  async startScan(): Promise<void> {
    await this.goTo("devices");
    await this.page.getByRole("button", { name: say("devices.link"), exact: true }).click();
  }

  async openCodeFromPicture(path: string): Promise<void> {
    await this.startScan();
    await this.page.locator('input[type="file"][accept*="image"]').setInputFiles(path);
  }

  async pasteCode(text: string): Promise<void> {
    await this.startScan();
    await this.page.getByLabel(say("scan.paste")).fill(text);
    await this.page.getByRole("button", { name: say("scan.open"), exact: true }).click();
  }

  async typeCode(letters: string): Promise<void> {
    await this.page.getByRole("button", { name: say("typed.enter"), exact: true }).click();
    await this.retypeCode(letters);
  }

  async retypeCode(letters: string): Promise<void> {
    await this.page.getByLabel(say("typed.enter"), { exact: true }).fill(letters);
    await this.page.getByRole("button", { name: say("typed.go"), exact: true }).click();
  }

  async showCode(): Promise<void> {
    await this.startScan();
    await this.page.getByRole("button", { name: say("reverse.show"), exact: true }).click();
  }

  async matchCode(): Promise<string> {
    return (await this.page.locator(".match-digits").innerText({ timeout: SCAN_TIMEOUT_MS })).trim();
  }

  /** The phone says that a link is under way, behind it the page from which it was begun. */
  async isLinking(): Promise<void> {
    await this.page.getByRole("heading", { name: say("approve.waitTitle") }).waitFor();
    await this.page.getByRole("heading", { name: say("devices.title"), level: 1 }).waitFor();
  }

  async confirm(): Promise<void> {
    await this.page.getByRole("button", { name: say("approve.confirm") }).click();
  }

  /** The phone waits for the new device's first connection. */
  async isActivating(): Promise<void> {
    await this.page
      .locator('li[aria-current="step"]')
      .filter({ hasText: say("stage.activating") })
      .waitFor();
  }

  async hasLinked(): Promise<void> {
    await this.page.getByRole("heading", { name: say("approve.doneTitle") }).waitFor();
  }

  async hasFailedToLink(timeoutMs?: number): Promise<void> {
    const heading = this.page.getByRole("heading", { name: say("approve.failedTitle") });
    await heading.waitFor(timeoutMs === undefined ? {} : { timeout: timeoutMs });
  }

  async closeSheet(): Promise<void> {
    await this.page.getByRole("button", { name: say("action.done"), exact: true }).click();
  }

  /** Reads that the device is active, and closes the sheet that says so. */
  async acknowledgeLink(): Promise<void> {
    await this.hasLinked();
    await this.closeSheet();
  }

  async confirmLink(): Promise<void> {
    await this.confirm();
    await this.acknowledgeLink();
  }

  /** What the others are told about this phone. */
  async deviceName(): Promise<string> {
    const rows = await this.deviceRows();
    return rows
      .filter({ hasText: say("devices.this") })
      .locator("b")
      .innerText();
  }

  async #companion(): Promise<AppLocator> {
    const rows = await this.deviceRows();
    return rows.filter({ hasNotText: say("devices.this") }).first();
  }

  async renameCompanion(name: string): Promise<void> {
    await (await this.#companion()).click();
    await this.page.getByLabel(say("devices.name"), { exact: true }).fill(name);
    await this.page.getByRole("button", { name: say("action.save"), exact: true }).click();
    await this.page.getByRole("button", { name }).waitFor();
  }

  /** The first companion's card, and on it the question whether it is to be removed. */
  async askToRevoke(): Promise<void> {
    await (await this.#companion()).click();
    await this.page.getByRole("button", { name: say("revoke.action"), exact: true }).click();
    await this.page.getByText(say("revoke.text")).waitFor();
  }

  /** Removes the only companion; where it is the last that works, the person says that they know. */
  async revokeCompanion(): Promise<void> {
    await this.askToRevoke();
    const known = this.page.getByText(say("revoke.lastKnown"));
    if (await known.isVisible()) await known.click();
    await this.page.getByRole("button", { name: say("revoke.confirm"), exact: true }).click();
    await this.page.getByRole("dialog").waitFor({ state: "detached" });
  }
}
