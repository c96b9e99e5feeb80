/** The companion as a person sees it: the page with the code, then chats beside each other. */
import { AppPages } from "./app-pages.ts";
import type { AppPage } from "./engines/app-page.ts";
import { readCode } from "./read-code.ts";
import { until } from "./until.ts";
import { say, wording } from "./words.ts";

export class CompanionApp<Page extends AppPage = AppPage> extends AppPages<Page> {
  static async open<Page extends AppPage>(page: Page, url: string): Promise<CompanionApp<Page>> {
    await page.goto(url);
    return new CompanionApp(page);
  }

  static on<Page extends AppPage>(page: Page): CompanionApp<Page> {
    return new CompanionApp(page);
  }

  async codeIsShown(): Promise<void> {
    await this.page.getByRole("img", { name: say("link.qrLabel") }).waitFor();
  }

  async matchCode(): Promise<string> {
    return (await this.page.locator(".match-digits").innerText()).trim();
  }

  /** Asks for letters to type, and reads them. */
  async letters(): Promise<string> {
    await this.page.getByRole("button", { name: say("typed.offer") }).click();
    return until("letters are shown", async () => {
      const text = (await this.page.locator(".typed-letters").innerText()).trim();
      return text.includes("·") ? undefined : text;
    });
  }

  /** Opens the camera for a code that the phone shows. */
  async readPhone(): Promise<void> {
    await this.page.getByRole("button", { name: say("reverse.offer") }).click();
    await this.page.getByRole("heading", { name: say("reverse.readTitle") }).waitFor();
  }

  async isPaused(timeoutMs: number): Promise<void> {
    await this.page.getByRole("heading", { name: say("link.pausedTitle") }).waitFor({ timeout: timeoutMs });
  }

  async resume(): Promise<void> {
    await this.page.getByRole("button", { name: say("link.resume") }).click();
  }

  /** Percent of the history that has arrived; `undefined` when none is under way. */
  async historyShare(): Promise<number | undefined> {
    const bar = this.page.getByRole("progressbar");
    if ((await bar.count()) === 0) return undefined;
    const [now, max] = await Promise.all([bar.first().getAttribute("aria-valuenow"), bar.first().getAttribute("aria-valuemax")]);
    return now === null ? undefined : (Number(now) / Number(max ?? 100)) * 100;
  }

  /** What stands on the page of a device that was removed. */
  async revokedNotice(): Promise<string> {
    await this.page.getByRole("heading", { name: say("revoked.title") }).waitFor();
    return this.page.getByRole("main").innerText();
  }

  /** Lets go of a link that comes to nothing, for a code that nobody has seen. */
  async freshCode(): Promise<string> {
    const ways = [say("action.cancel"), say("link.newCode"), say("link.startOver")];
    return until("a new code is shown", async () => {
      const code = await readCode(await this.page.screenshot());
      if (code !== undefined) return code;
      for (const name of ways) {
        const button = this.page.getByRole("button", { name, exact: true });
        if (await button.isVisible()) await button.click();
      }
      return undefined;
    });
  }

  /** From the page of a removed device back to a code. */
  async linkAgain(): Promise<void> {
    await this.page.getByRole("button", { name: say("revoked.again") }).click();
    await this.codeIsShown();
  }

  async isOffline(): Promise<void> {
    await until("the app says that it is offline", async () => (await this.page.getByText(wording("connection.offline")).count()) > 0);
  }
}
