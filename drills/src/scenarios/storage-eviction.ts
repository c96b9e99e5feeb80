/** A browser clears what it kept, one store after the other and then all of them, also while the app has them open. R18, R29. */
import { countSignedOut, say, tryLink } from "../people.ts";
import type { Figure, Scenario } from "../scenario.ts";
import type { BrowserStore } from "../stage.ts";
import { slower, toldWords } from "../told.ts";

const SECOND_MS = 1_000;
const PATIENCE_MS = 90 * SECOND_MS;

interface Loss {
  readonly figure: string;
  readonly what: string;
  readonly stores: readonly BrowserStore[];
  /** While the app runs; it is closed and opened again later. */
  readonly whileOpen?: boolean;
}

const NOT_THE_KEYS = ["cookies", "local_storage", "cache_storage"] as const;
const EVERYTHING = [...NOT_THE_KEYS, "indexeddb", "file_systems"] as const;
const LOSSES: readonly Loss[] = [
  { figure: "cookiesSeconds", what: "cookies, local storage and caches", stores: NOT_THE_KEYS },
  { figure: "indexedDbSeconds", what: "IndexedDB", stores: ["indexeddb"] },
  { figure: "filesSeconds", what: "the file system, with all chats", stores: ["file_systems"] },
  { figure: "openDbSeconds", what: "IndexedDB, under the open app", stores: ["indexeddb"], whileOpen: true },
  { figure: "openFilesSeconds", what: "the file system, under the open app", stores: ["file_systems"], whileOpen: true },
];
/** What the app says to somebody whose chats are gone, and while they come. */
const TRUE_WORDS = ["notice.storeLost", "history.gapTitle", "history.receiving"];
const INTRODUCTION = "This is my computer.";

export const storageEviction: Scenario = {
  name: "storage-eviction",
  title: "A browser clears what it kept: each store in turn, under the open app, and everything at once",
  peers: [
    "storage that vanished or broke left people signed out (element-web#12410, #23742, #27450, #32198; matrix-rust-sdk#1415)",
    "a damaged store meant a new link (Signal-Desktop#7005)",
  ],
  cast: ["Elif: a phone and a computer", "Mert: a phone; he goes on writing"],
  engines: ["simulator", "real"],
  goals: [
    { figure: "signedOut", what: "devices signed out", unit: "", peer: "the browser", atMost: 0 },
    { figure: "newEntries", what: "new entries in the list of devices", unit: "", peer: "one each time", atMost: 0 },
    { figure: "approvals", what: "approvals needed after all six losses", unit: "", peer: "six new links", atMost: 1 },
    ...LOSSES.map(({ figure, what }) => ({ figure, what: `lost: ${what}; until chats were usable`, unit: "s", peer: "link again", atMost: 15 }) as const),
    { figure: "everythingSeconds", what: "lost: everything; from opening to usable chats, with one approval", unit: "s", peer: "link again", atMost: 30 },
    { figure: "usableSeconds", what: "until chats were usable, slowest of all six", unit: "s", peer: "link again", atMost: 30 },
    { figure: "toldSeconds", what: "chats were gone: from opening to the app saying so, slowest", unit: "s", peer: "a blank app", atMost: 15 },
    { figure: "wholeSeconds", what: "until every earlier message was back, slowest", unit: "s", peer: "never", atMost: 60 },
    { figure: "lost", what: "messages lost", unit: "", peer: "the chats", atMost: 0 },
    { figure: "duplicates", what: "messages shown twice", unit: "", peer: "–", atMost: 0 },
  ], // prettier-ignore
  async play(stage) {
    const { story } = stage;
    const elif = await stage.person("elif", "android");
    const mert = await stage.person("mert", "android");
    await say(stage, elif, mert, "Hello Mert.");
    const computer = await stage.newCompanion(elif, "browser");
    const { readyAtMs } = await tryLink(stage, elif, computer);
    story.check(computer.name, readyAtMs !== undefined, "is linked");
    await say(stage, elif, mert, INTRODUCTION, computer);
    await say(stage, mert, elif, "I see it.");
    const before = await stage.settle(elif.phone.devices());
    const number = before.find(({ role }) => role === "companion")!.device;
    let slowestWholeMs = 0;
    let slowestUsableMs = 0;
    let told: Figure = { longestSeconds: 0 };
    let signedOut = 0;

    /** What Mert wrote is there, what Elif writes arrives, and nothing earlier is missing. */
    const isUsable = async (missed: string, name: string, openedAtMs: number): Promise<number | undefined> => {
      // What comes as history is no event of its own; a page shows it like any other.
      const isShown = async (): Promise<boolean> =>
        computer.screen.shownAtMs(missed) !== undefined || (stage.engine === "simulator" && (await computer.texts()).has(missed));
      const readAtMs = await stage.until(isShown, PATIENCE_MS);
      if (readAtMs === undefined) {
        slowestUsableMs = Number.POSITIVE_INFINITY;
        return undefined;
      }
      const usableAtMs = stage.nowMs();
      slowestUsableMs = Math.max(slowestUsableMs, usableAtMs - openedAtMs);
      const answer = `Answer after ${name}.`;
      await say(stage, elif, mert, answer, computer);
      await stage.until(() => mert.phone.screen.shownAtMs(answer) !== undefined, PATIENCE_MS);
      const wholeAtMs = await stage.until(async () => (await stage.ledger.tally(stage)).lost.length === 0, PATIENCE_MS);
      slowestWholeMs = Math.max(slowestWholeMs, (wholeAtMs ?? Number.POSITIVE_INFINITY) - openedAtMs);
      signedOut += await countSignedOut(stage, [computer]);
      return usableAtMs - openedAtMs;
    };
    /** Without its second place the phone alone can give it back. */
    const canGiveBack = async (): Promise<void> => {
      await stage.until(
        async () => (await stage.settle(elif.phone.devices())).some(({ device, restorable }) => device === number && restorable),
        PATIENCE_MS,
      );
    };

    await canGiveBack();
    for (const { figure, what, stores, whileOpen = false } of LOSSES) {
      if (!whileOpen) await computer.kill();
      await computer.lose(stores);
      story.fault(`the browser clears ${what}`, computer.name);
      const missed = `Written after ${figure.replace("Seconds", "")} was lost.`;
      if (whileOpen) {
        await say(stage, elif, mert, `Still writing, ${what}.`, computer);
        await stage.wait(2 * SECOND_MS);
        await computer.kill();
      }
      await say(stage, mert, elif, missed);
      await stage.wait(SECOND_MS);
      const openedAtMs = stage.nowMs();
      await computer.start();
      const usableMs = await isUsable(missed, what, openedAtMs);
      if (stores.includes("file_systems")) told = slower(told, toldWords(computer, TRUE_WORDS, openedAtMs));
      if (usableMs !== undefined) stage.measure(figure, usableMs / SECOND_MS);
      story.check(
        computer.name,
        usableMs !== undefined,
        usableMs === undefined ? "is not what it was" : `chats after ${(usableMs / SECOND_MS).toFixed(1)} s, without any code`,
      );
    }

    await canGiveBack();
    await computer.kill();
    await computer.lose(EVERYTHING);
    story.fault("the browser clears everything", computer.name);
    await say(stage, mert, elif, "Written while nothing was left.");
    const openedAtMs = stage.nowMs();
    const link = await tryLink(stage, elif, computer, PATIENCE_MS, "usable", number);
    story.check(computer.name, link.outcome === "linked", `one approval: ${link.outcome}`);
    const pageAtMs = computer.screen.codes.find(({ atMs }) => atMs >= openedAtMs)?.atMs ?? Number.POSITIVE_INFINITY;
    told = slower(told, (pageAtMs - openedAtMs) / SECOND_MS);
    const usableMs = await isUsable("Written while nothing was left.", "everything", openedAtMs);
    if (usableMs !== undefined) stage.measure("everythingSeconds", usableMs / SECOND_MS);

    const after = await stage.settle(elif.phone.devices());
    const entry = ({ device, addedAtMs }: (typeof after)[number]): string => `${device} since ${addedAtMs}`;
    stage.measure("newEntries", after.filter((each) => !before.some((known) => entry(known) === entry(each))).length);
    stage.measure("approvals", link.approvedAtMs === undefined ? 0 : 1);
    stage.measure("usableSeconds", slowestUsableMs / SECOND_MS);
    stage.measure("toldSeconds", told);
    stage.measure("wholeSeconds", slowestWholeMs / SECOND_MS);
    stage.measure("signedOut", signedOut + (await countSignedOut(stage, [elif.phone, mert.phone])));
    const { messages, lost, duplicates } = await stage.ledger.tally(stage);
    for (const text of [...lost, ...duplicates].slice(0, 5)) story.check("ledger", false, text);
    story.check("all", lost.length + duplicates.length === 0, `${messages} messages stand once on every device they belong to`);
    stage.measure("lost", lost.length);
    stage.measure("duplicates", duplicates.length);
  },
};
