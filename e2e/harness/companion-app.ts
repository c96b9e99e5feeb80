/** The companion as a person sees it: the page with the code, then chats beside each other. */
import type { Page } from "playwright-core";
import { AppPages } from "./app-pages.ts";
import { until } from "./until.ts";
import { say, wording } from "./words.ts";

export class CompanionApp extends AppPages {
  static async open(page: Page, url: string): Promise<CompanionApp> {
    await page.goto(url);
    return new CompanionApp(page);
  }

  static on(page: Page): CompanionApp {
    return new CompanionApp(page);
  }

  async codeIsShown(): Promise<void> {
    await this.page.getByRole("img", { name: say("link.qrLabel") }).waitFor();
  }

  async matchCode(): Promise<string> {
    return (await this.page.locator(".match-digits").innerText()).trim();
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

  async isOffline(): Promise<void> {
    await until("the app says that it is offline", async () => (await this.page.getByText(wording("connection.offline")).count()) > 0);
  }
}
