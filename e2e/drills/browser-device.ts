/** A companion in a real Chromium, for drills: what it shows is read from the page and from pictures of it, what it does are clicks. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { AttemptId } from "@hawser/base";
import type { ClientState, LinkErrorName, LinkStage, LinkStatus } from "@hawser/client";
import type { BrowserOptions } from "@hawser/drills/engines/real/real-stage";
import { CLOCK_TOLERANCE_MS } from "@hawser/drills/screens/sayings";
import type { BrowserStore, Device, Person, Platform } from "@hawser/drills/stage";
import { chromium, type Page, type Worker } from "playwright-core";
import { EXECUTABLE } from "../harness/chromium.ts";
import { readCode } from "../harness/read-code.ts";
import { CATALOGUES, say } from "../harness/words.ts";
import { readThread } from "./read-thread.ts";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"];
const LOOK_EVERY_MS = 150;
const ACTION_TIMEOUT_MS = 15_000;
const ERROR_TEXTS = Object.entries(CATALOGUES.en).filter(([key]) => key.startsWith("error."));
const RECEIVING = { kind: "running", direction: "receiving", messagesDone: 0, messagesTotal: 0, storageFull: false } as const;
const NOTICES = [
  ["old-copy", "notice.oldCopy"],
  ["store-lost", "notice.storeLost"],
  ["store-damaged", "notice.storeDamaged"],
  ["restored-alone", "notice.restoredAlone"],
] as const;

/** What one look at the page gives. */
interface Seen {
  readonly code: string | undefined;
  readonly digits: string | undefined;
  readonly page: string;
  readonly banner: string;
  /** Lines of the open chat and of the list of chats. */
  readonly texts: readonly string[];
  readonly hasChats: boolean;
  /** There is at least one chat. */
  readonly hasRows: boolean;
  /** The line about history, and about what is missing. */
  readonly sync: string;
  readonly syncing: boolean;
  /** The app writes it there for whoever helps from a distance; empty while it is not connected. */
  readonly transport: string | undefined;
  readonly revoked: boolean;
}

export async function openBrowserDevice(options: BrowserOptions): Promise<Device> {
  mkdirSync(options.folder, { recursive: true });
  return new BrowserDevice(options, await launch(options));
}

async function launch({ folder }: BrowserOptions): Promise<Page> {
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: EXECUTABLE,
    headless: true,
    args: FLAGS,
    locale: "en-GB",
    viewport: { width: 1280, height: 720 },
  });
  context.setDefaultTimeout(ACTION_TIMEOUT_MS);
  return context.pages()[0] ?? (await context.newPage());
}

class BrowserDevice implements Device {
  readonly name: string;
  readonly platform: Platform = "browser";
  readonly screen;
  readonly #options: BrowserOptions;
  #page: Page;
  #seen: Seen | undefined;
  #codeShape: string | undefined;
  #uri: string | undefined;
  #wasReady = false;
  #closed = false;
  #failures = 0;
  #clockOffsetMs = 0;
  #looking: Promise<void>;

  constructor(options: BrowserOptions, page: Page) {
    this.name = options.name;
    this.screen = options.screen;
    this.#options = options;
    this.#page = page;
    this.#keepClock();
    this.#looking = this.#look();
  }

  /** A person who keeps an eye on the page. */
  async #look(): Promise<void> {
    while (!this.#closed) {
      try {
        this.#seen = await this.#page.evaluate(lookAtPage, { linked: say("companion.linked"), revoked: say("revoked.title") });
        await this.#take(this.#seen);
      } catch {
        // Between two pages there is nothing to see.
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  async #take(seen: Seen): Promise<void> {
    // The app draws its empty chats page before it knows what it is: only after a comparison there is an account behind it.
    this.#wasReady =
      (this.#wasReady && seen.code === undefined) || (seen.hasChats && (seen.hasRows || this.screen.newestLink?.stage === "comparing"));
    this.screen.shown(this.#stateOf(seen));
    for (const text of seen.texts) this.screen.shows(text);
    if (seen.code !== undefined && seen.code !== this.#codeShape) {
      const uri = await readCode(await this.#page.screenshot({ type: "png", scale: "css" }));
      // The picture may still show the code before this one; another code has another text.
      if (uri !== undefined && uri !== this.#uri) [this.#uri, this.#codeShape] = [uri, seen.code];
    }
    if (!this.#wasReady) this.#link(linkOf(seen, this.#uri, this.#failures));
  }

  #link(link: LinkStatus | undefined): void {
    if (link === undefined) return;
    if (link.stage === "failed" && this.screen.newestLink?.stage !== "failed") this.#failures++;
    this.screen.link(link);
  }

  #stateOf(seen: Seen): ClientState {
    const error = codeOf(seen.banner);
    const offline = seen.banner.includes(say("connection.offline"));
    return {
      phase: seen.revoked ? "revoked" : this.#wasReady ? "ready" : "linking",
      connection: seen.banner.includes(say("update.needed"))
        ? { kind: "update-needed", error: "CLIENT_TOO_OLD" }
        : offline
          ? { kind: "offline", error: error ?? "UNREACHABLE", retryAtMs: 0, attempt: 1 }
          : seen.transport === ""
            ? { kind: "connecting", attempt: 1 }
            : { kind: "online", clockOffsetMs: seen.banner.includes(say("clock.text")) ? 2 * CLOCK_TOLERANCE_MS : 0, catchingUp: 0 },
      history: seen.syncing
        ? { ...RECEIVING, stalledSinceMs: seen.sync.includes(say("history.stalled")) ? 0 : undefined }
        : { kind: "complete", messagesTotal: 0, finishedAtMs: 0 },
      gapSinceMs: seen.sync.includes(say("history.gapTitle")) ? 0 : undefined,
      notice: NOTICES.find(([, key]) => seen.banner.includes(say(key)))?.[0],
      listConflict: seen.banner.includes(say("account.listConflict")),
      outboxCount: 0,
    } as unknown as ClientState;
  }

  state(): Promise<ClientState | undefined> {
    return Promise.resolve(this.#closed || this.#seen === undefined ? undefined : this.#stateOf(this.#seen));
  }

  link(): Promise<LinkStatus | undefined> {
    return Promise.resolve(this.screen.newestLink);
  }

  async beginLink(): Promise<void> {
    if (this.#closed) return this.start();
    if (this.#page.url() === "about:blank") return void (await this.#page.goto(this.#options.origin));
    await this.#press("link.newCode", "link.resume");
  }

  async cancelLink(): Promise<void> {
    await this.#press("link.startOver", "action.cancel");
    this.#failures = 0;
  }

  async #press(...keys: readonly ("link.newCode" | "link.resume" | "link.startOver" | "action.cancel")[]): Promise<void> {
    for (const key of keys) {
      const button = this.#page.getByRole("button", { name: say(key) });
      if ((await button.count()) > 0) return button.first().click();
    }
  }

  scan(): Promise<void> {
    throw new Error("a computer scans nothing");
  }

  approve(_attempt: AttemptId): Promise<void> {
    throw new Error("a computer approves nothing");
  }

  devices(): Promise<never> {
    throw new Error("the list is read on the phone");
  }

  importChat(): Promise<void> {
    throw new Error("chats are imported on the phone");
  }

  askForHistory(): Promise<void> {
    return Promise.resolve();
  }

  befriend(): Promise<void> {
    throw new Error("people are added on the phone");
  }

  async send(to: Person, text: string): Promise<void> {
    await this.#open(to.handle);
    await this.#page.getByPlaceholder(say("composer.placeholder"), { exact: true }).fill(text);
    await this.#page.keyboard.press("Enter");
    await this.#page.getByRole("log").getByText(text, { exact: true }).first().waitFor();
  }

  async #open(handle: string): Promise<void> {
    const list = this.#page.getByRole("navigation", { name: say("chats.title") });
    await list
      .getByRole("link")
      .filter({ hasText: new RegExp(handle, "i") })
      .first()
      .click();
    await this.#page.getByRole("log").waitFor();
  }

  async usable(): Promise<boolean> {
    return (await this.#page.getByRole("navigation", { name: say("chats.title") }).count()) > 0;
  }

  async texts(): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    const rows = this.#page.getByRole("navigation", { name: say("chats.title") }).getByRole("link");
    for (let n = 0; n < (await rows.count()); n++) {
      await rows.nth(n).click();
      await this.#page.getByRole("log").waitFor();
      await this.#page.locator(".bubble-text").first().waitFor();
      for (const text of await readThread(this.#page)) counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    return counts;
  }

  /** While it is closed, from a page of the app's origin without the app: nobody holds its files then. */
  async lose(stores: readonly BrowserStore[]): Promise<void> {
    const page = this.#closed ? await launch(this.#options) : this.#page;
    if (this.#closed) await page.goto(`${this.#options.origin}/icon-180.png`);
    const session = await page.context().newCDPSession(page);
    await session.send("Storage.clearDataForOrigin", { origin: new URL(this.#options.origin).origin, storageTypes: stores.join(",") });
    await session.detach();
    if (this.#closed) await page.context().close();
  }

  /** The engine lives in the worker: its clock is the one that counts. */
  async setClock(offsetMs: number): Promise<void> {
    this.#clockOffsetMs = offsetMs;
    await this.#page.evaluate(shiftClock, offsetMs);
    for (const worker of this.#page.workers()) await worker.evaluate(shiftClock, offsetMs);
  }

  #keepClock(): void {
    this.#page.on("worker", (worker: Worker) => {
      // One that has ended already has no clock.
      void worker.evaluate(shiftClock, this.#clockOffsetMs).catch(() => undefined);
    });
  }

  async start(): Promise<void> {
    if (!this.#closed) return;
    this.#page = await launch(this.#options);
    this.#keepClock();
    [this.#closed, this.#wasReady, this.#seen, this.#codeShape, this.#uri] = [false, false, undefined, undefined, undefined];
    this.screen.newestLink = undefined;
    this.#looking = this.#look();
    await this.#page.goto(this.#options.origin);
  }

  async kill(): Promise<void> {
    const pictures = process.env["HAWSER_DRILL_PICTURES"];
    if (pictures !== undefined) await this.#page.screenshot({ path: join(pictures, `${this.name}.png`) }).catch(() => undefined);
    this.#closed = true;
    await this.#looking;
    this.screen.off();
    await this.#page.context().close();
  }
}

/** Runs in the page. */
function lookAtPage(words: { readonly linked: string; readonly revoked: string }): Seen {
  const text = (selector: string): string => document.querySelector<HTMLElement>(selector)?.innerText ?? "";
  const isVeiled = document.querySelector(".qr-plate-veiled") !== null;
  const shape =
    document.querySelector(".qr-plate svg path, .qr-plate path")?.getAttribute("d") ?? document.querySelector(".qr-plate svg")?.innerHTML;
  return {
    code: isVeiled ? undefined : (shape ?? undefined),
    digits: text(".match-digits") || undefined,
    page: text("main"),
    banner: text(".banner"),
    texts: [...text('[role="log"]').split("\n"), ...text(".chat-list").split("\n")],
    hasChats: document.querySelector(".panes") !== null || text(".full-card h1") === words.linked,
    hasRows: document.querySelector(".chat-title") !== null,
    sync: text(".sync"),
    syncing: document.querySelector("[role=progressbar]") !== null,
    transport: document.documentElement.dataset["transport"],
    revoked: text(".full-card h1") === words.revoked,
  };
}

/** Runs in the page and in its worker. */
function shiftClock(offsetMs: number): void {
  const world = globalThis as { rightNow?: () => number };
  const rightNow = (world.rightNow ??= Date.now.bind(Date));
  Date.now = () => rightNow() + offsetMs;
}

/** The error whose words stand there. */
function codeOf(text: string): LinkErrorName | "UNREACHABLE" | undefined {
  const found = ERROR_TEXTS.find(([, words]) => text.includes(words));
  return found?.[0].slice("error.".length) as LinkErrorName | undefined;
}

function linkOf(seen: Seen, uri: string | undefined, failures: number): LinkStatus | undefined {
  const rest = { attempt: undefined, deadlineMs: undefined, peer: undefined, failuresInARow: failures };
  const at = (stage: LinkStage, more: Partial<LinkStatus> = {}): LinkStatus =>
    ({ ...rest, stage, uri: undefined, matchCode: undefined, error: undefined, ...more }) as LinkStatus;
  if (seen.digits !== undefined) return at("comparing", { matchCode: seen.digits.trim() });
  const error = codeOf(seen.page) as LinkErrorName | undefined;
  if (error !== undefined) return at("failed", { error: { name: error, canRetry: true } });
  return seen.code === undefined || uri === undefined ? undefined : at("waiting-for-scan", { uri });
}
