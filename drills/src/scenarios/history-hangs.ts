/** History neither comes nor fails: chats are usable all the same, messages flow beside it, and it goes on where it stopped. R19, R21, R22. */
import { countSignedOut, say, tryLink } from "../people.ts";
import type { Scenario } from "../scenario.ts";
import type { Device, Person } from "../stage.ts";
import { toldWords } from "../told.ts";

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;

export const historyHangs: Scenario = {
  name: "history-hangs",
  title: "A device is linked while everything about history hangs",
  peers: [
    "sync trouble undoes the link (whatsapp-web-incognito#134); one peer wipes the new device when the import fails (its source)",
    "a crash at 44 % cannot be resumed (Signal-iOS#6002); holes stay silent (mautrix/whatsapp#471)",
  ],
  cast: [
    "Elif: a phone with years of chats, a new browser",
    "Mert: writes to her meanwhile",
    "Ada: her phone's battery dies right after the link",
  ],
  engines: ["simulator", "real"],
  size: { what: "messages of history", test: 300, full: 5_000 },
  goals: [
    { figure: "usableSeconds", what: "from “confirm” to usable chats", unit: "s", peer: "after the sync", atMost: 3 },
    { figure: "toldSeconds", what: "from “confirm” to the computer saying that history stands still", unit: "s", peer: "spinner", atMost: 60 },
    { figure: "liveSeconds", what: "a new message on the new device", unit: "s", peer: "after the sync", atMost: 2 },
    { figure: "refusedSeconds", what: "the same on one that is linked while history is answered by 503", unit: "s", peer: "after the sync", atMost: 2 },
    { figure: "writtenSeconds", what: "a message from the new device", unit: "s", peer: "after the sync", atMost: 2 },
    { figure: "emptySeconds", what: "usable without any history, phone gone", unit: "s", peer: "spinner", atMost: 15 },
    { figure: "signedOut", what: "devices signed out", unit: "", peer: "the link is undone", atMost: 0 },
    { figure: "lost", what: "messages lost", unit: "", peer: "silent holes", atMost: 0 },
    { figure: "duplicates", what: "messages shown twice", unit: "", peer: "–", atMost: 0 },
    { figure: "wholeSeconds", what: "whole history after it was mended", unit: "s", peer: "link again", atMost: 120 },
  ], // prettier-ignore
  async play(stage) {
    const { story } = stage;
    const [elif, mert, ada] = [
      await stage.person("elif", "android"),
      await stage.person("mert", "android"),
      await stage.person("ada", "ios"),
    ];
    await stage.settle(elif.phone.importChat("Grandmother", stage.size));
    await say(stage, elif, mert, "I am getting a new computer.");
    await stage.wait(2 * SECOND_MS);
    stage.blobs("hangs");
    story.fault("uploads and downloads hang: no answer, no error");
    const computer = await stage.newCompanion(elif, "browser");
    const { approvedAtMs = Number.NaN, usableAtMs = Number.NaN } = await tryLink(stage, elif, computer);
    stage.measure("usableSeconds", (usableAtMs - approvedAtMs) / SECOND_MS);
    story.check(computer.name, usableAtMs - approvedAtMs <= 3 * SECOND_MS, "shows the newest chats, and one can write");

    await measureArrival("liveSeconds", "Welcome to the new computer!", mert, elif, computer);
    const writtenAtMs = stage.nowMs();
    await say(stage, elif, mert, "Written on it.", computer);
    const readAtMs = await stage.until(() => mert.phone.screen.shownAtMs("Written on it.") !== undefined, 30 * SECOND_MS);
    if (readAtMs !== undefined) stage.measure("writtenSeconds", (mert.phone.screen.shownAtMs("Written on it.")! - writtenAtMs) / SECOND_MS);

    const hers = await stage.newCompanion(ada, "browser");
    const link = await tryLink(stage, ada, hers, 30 * SECOND_MS, "ready");
    await ada.phone.kill();
    story.fault("Ada's phone is gone before it could hand anything over", "Ada");
    const openAtMs = await stage.until(() => hers.usable(), 60 * SECOND_MS);
    if (openAtMs !== undefined && link.approvedAtMs !== undefined)
      stage.measure("emptySeconds", (openAtMs - link.approvedAtMs) / SECOND_MS);
    story.check(hers.name, openAtMs !== undefined, "opens without history, by itself");

    const stalled = ["history.stalled"];
    await stage.until(() => computer.screen.saidAtMs(stalled, approvedAtMs) !== undefined, 60 * SECOND_MS);
    stage.measure("toldSeconds", toldWords(computer, stalled, approvedAtMs));
    await stage.pass(HOUR_MS);
    stage.blobs("works");
    await ada.phone.start();
    story.fault("mended; Ada's phone is charged");
    const mendedAtMs = stage.nowMs();
    const wholeAtMs = await stage.until(
      async () => (await computer.state())?.history.kind === "complete" && (await hers.state())?.history.kind === "complete",
      600 * SECOND_MS,
    );
    if (wholeAtMs !== undefined) stage.measure("wholeSeconds", (wholeAtMs - mendedAtMs) / SECOND_MS);
    story.check("all", wholeAtMs !== undefined, "all history is there, nobody linked again");
    stage.blobs(503);
    story.fault("uploads and downloads are answered by 503");
    const his = await stage.newCompanion(mert, "browser");
    await tryLink(stage, mert, his, 30 * SECOND_MS, "ready");
    await measureArrival("refusedSeconds", "And how is yours?", elif, mert, his);
    stage.blobs("works");
    // A browser keeps only what is in sight in its page; there the app's own word counts.
    const stands = stage.engine === "simulator" ? await stage.settle(computer.texts()) : undefined;
    const missing = stands === undefined ? 0 : stage.size - [...stands].filter(([text]) => text.includes("of Grandmother")).length;
    await stage.wait(5 * SECOND_MS);
    stage.measure("signedOut", await countSignedOut(stage, [elif.phone, mert.phone, ada.phone, computer, hers, his]));
    const { lost, duplicates } = await stage.ledger.tally(stage);
    stage.measure("lost", lost.length + missing);
    stage.measure("duplicates", duplicates.length);

    async function measureArrival(figure: string, text: string, from: Person, to: Person, on: Device): Promise<void> {
      const atMs = stage.nowMs();
      await say(stage, from, to, text);
      await stage.until(() => on.screen.shownAtMs(text) !== undefined, 30 * SECOND_MS);
      const shownAtMs = on.screen.shownAtMs(text);
      if (shownAtMs !== undefined) stage.measure(figure, (shownAtMs - atMs) / SECOND_MS);
    }
  },
};
