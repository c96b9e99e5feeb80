/** The list of chats and the open chat, alike on phone and companion. */
import type { AppLocator, AppPage } from "./engines/app-page.ts";
import { until } from "./until.ts";
import { say } from "./words.ts";

type Status = "queued" | "sent" | "delivered" | "read" | "failed";

export class ChatScreen {
  readonly page: AppPage;

  constructor(page: AppPage) {
    this.page = page;
  }

  get list(): AppLocator {
    return this.page.getByRole("navigation", { name: say("chats.title") });
  }

  get thread(): AppLocator {
    return this.page.getByRole("log");
  }

  get composer(): AppLocator {
    return this.page.getByPlaceholder(say("composer.placeholder"), { exact: true });
  }

  async isReady(): Promise<void> {
    await this.list.waitFor();
  }

  row(title: string): AppLocator {
    return this.list.getByRole("link").filter({ has: this.page.getByText(title, { exact: true }) });
  }

  async titles(): Promise<string[]> {
    return this.list.locator(".chat-title").allInnerTexts();
  }

  /** The list shows these chats first, in this order. */
  async waitForTitles(titles: readonly string[]): Promise<void> {
    await until(`the list shows ${titles.join(", ")}`, async () => {
      const shown = await this.titles();
      return titles.every((title, index) => shown[index] === title);
    });
  }

  async open(title: string): Promise<void> {
    await this.leave();
    await this.row(title).click();
    await this.thread.waitFor();
  }

  /** Back to the list, where list and chat do not stand side by side. */
  async leave(): Promise<void> {
    const box = this.page.getByRole("searchbox", { name: say("search.label") });
    const back = this.page.getByRole("button", { name: say("action.back") }).first();
    await until("the list is in sight", async () => {
      if ((await box.isVisible()) && (await box.inputValue()) !== "") await box.fill("");
      if (await this.list.isVisible()) return true;
      if (!(await box.isVisible()) && (await back.isVisible())) await back.click();
      return false;
    });
  }

  bubble(text: string): AppLocator {
    return this.thread.getByRole("article").filter({ has: this.page.getByText(text, { exact: true }) });
  }

  async sees(text: string): Promise<void> {
    await this.bubble(text).last().waitFor();
  }

  async lastTexts(count: number): Promise<string[]> {
    const texts = this.thread.locator(".bubble-text");
    await texts.last().waitFor();
    return (await texts.allInnerTexts()).slice(-count);
  }

  /** Scrolls up until the message is in sight. */
  async scrollUpTo(text: string): Promise<void> {
    await this.thread.hover();
    await until(
      `“${text}” is found above`,
      async () => {
        if (await this.bubble(text).first().isVisible()) return true;
        await this.page.mouse.wheel(0, -500);
        return false;
      },
      20_000,
    );
  }

  /** Writes and sends; does not wait for what becomes of it. */
  async enter(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.page.getByRole("button", { name: say("composer.send") }).click();
  }

  async enterWithoutSending(text: string): Promise<void> {
    await this.composer.fill(text);
  }

  /** Writes, sends, and waits until the server has it. */
  async send(text: string): Promise<void> {
    await this.enter(text);
    await this.showsStatus(text, "sent");
  }

  /** `text` has come at least as far as `status`; "queued" and "failed" are meant exactly. */
  async showsStatus(text: string, status: Status): Promise<void> {
    const ladder: readonly Status[] = ["sent", "delivered", "read"];
    const enough = ladder.includes(status) ? ladder.slice(ladder.indexOf(status)) : [status];
    const labels = enough.map((name) => say(`status.${name}`));
    await until(`“${text}” is shown as ${status}`, async () => {
      const label = await this.bubble(text).last().locator(".ticks").getAttribute("aria-label", { timeout: 1_000 });
      return label !== null && labels.includes(label);
    });
  }

  async showsUnread(title: string, count: number): Promise<void> {
    await until(`${title} shows ${count} unread`, async () => {
      const badge = this.row(title).locator(".badge");
      return (await badge.count()) === 0 ? count === 0 : (await badge.innerText({ timeout: 1_000 })) === String(count);
    });
  }

  async showsDraft(title: string, text: string): Promise<void> {
    await this.leave();
    await this.row(title).getByText(text).waitFor();
  }

  async search(text: string): Promise<void> {
    await this.leave();
    await this.page.getByRole("searchbox", { name: say("search.label") }).fill(text);
    await this.page.getByRole("region", { name: say("search.results") }).waitFor();
  }

  /** Opens what was found, and finds the message in view. */
  async opensHit(text: string): Promise<void> {
    const word = text.split(" ").find((part) => part.length > 3) ?? text;
    const hits = this.page.getByRole("region", { name: say("search.results") }).getByRole("button");
    await hits.filter({ hasText: word }).first().click();
    await this.sees(text);
    const box = (await this.bubble(text).first().boundingBox())!;
    const view = (await this.thread.boundingBox())!;
    const isInView = box.y + box.height > view.y && box.y < view.y + view.height;
    if (!isInView) throw new Error(`“${text}” was opened, but is not in view`);
  }
}
