/** What phone and companion have in common: places, chats, people, devices. */
import { ChatScreen } from "./chat-screen.ts";
import type { AppLocator, AppPage } from "./engines/app-page.ts";
import { type Language, say } from "./words.ts";

export type Place = "chats" | "contacts" | "devices" | "scan" | "settings" | "import" | "recovery" | "my-code" | "move" | "history";

export class AppPages<Page extends AppPage = AppPage> {
  readonly page: Page;
  readonly chats: ChatScreen;

  constructor(page: Page) {
    this.page = page;
    this.chats = new ChatScreen(page);
  }

  /** By address, as a bookmark or the Back key does. */
  async goTo(place: Place, language: Language = "en"): Promise<void> {
    await this.page.evaluate((target) => (location.hash = `#/${target}`), place);
    if (place === "chats") await this.page.getByRole("navigation", { name: say("chats.title", {}, language) }).waitFor();
    else await this.page.getByRole("heading", { level: 1 }).last().waitFor();
  }

  async useLanguage(language: Language): Promise<void> {
    await this.goTo("settings");
    await this.page.getByLabel(say("app.language")).selectOption(language);
    await this.page.locator(`html[lang="${language}"]`).waitFor();
  }

  /** Finds somebody by handle, names them, and opens the chat. */
  async addContact(handle: string, name: string): Promise<void> {
    await this.goTo("contacts");
    await this.page
      .getByRole("button", { name: say("contacts.add") })
      .first()
      .click();
    await this.page.getByLabel(say("newChat.handle")).fill(handle);
    await this.page.getByRole("button", { name: say("newChat.find"), exact: true }).click();
    await this.page.getByLabel(say("contact.name"), { exact: true }).fill(name);
    await this.page.getByRole("button", { name: say("contact.message"), exact: true }).click();
    await this.chats.composer.waitFor();
  }

  async deviceCount(): Promise<number> {
    return (await this.deviceRows()).count();
  }

  protected async deviceRows(): Promise<AppLocator> {
    await this.goTo("devices");
    const rows = this.page.locator(".page li button.row");
    await rows.first().waitFor();
    return rows;
  }
}
