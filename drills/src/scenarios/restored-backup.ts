/** A computer from an old image, then a server from an old backup. R2, R13, R23. */
import { countSignedOut, say, tryLink, untilUsable } from "../people.ts";
import type { Scenario } from "../scenario.ts";
import { slower, toldOfOutages, toldWords } from "../told.ts";

const SECOND_MS = 1_000;

export const restoredBackup: Scenario = {
  name: "restored-backup",
  title: "A computer comes back from an old image, and later the server from an old backup",
  peers: [
    "an old copy forks the ratchet: messages cannot be read any more (Signal-Desktop#2912)",
    "“waiting for this message”, lost for good (Baileys#2331)",
  ],
  cast: ["Elif: a phone, and a computer whose disk is put back", "Mert: a phone"],
  engines: ["simulator", "real"],
  goals: [
    { figure: "filledSeconds", what: "from the old image to every message on it", unit: "s", peer: "link again", atMost: 120 },
    { figure: "usableSeconds", what: "from the old image to reading and writing on it", unit: "s", peer: "link again", atMost: 15 },
    { figure: "toldSeconds", what: "from the old image to the computer saying so; from the server's end to every screen saying so", unit: "s", peer: "nothing is said", atMost: 15 },
    { figure: "speaksSeconds", what: "from the old image to a message from it being read", unit: "s", peer: "unreadable", atMost: 30 },
    { figure: "backSeconds", what: "from the server's old backup to messages both ways", unit: "s", peer: "–", atMost: 120 },
    { figure: "signedOut", what: "devices signed out", unit: "", peer: "the computer", atMost: 0 },
    { figure: "lost", what: "messages lost", unit: "", peer: "some", atMost: 0 },
    { figure: "duplicates", what: "messages shown twice", unit: "", peer: "–", atMost: 0 },
  ], // prettier-ignore
  async play(stage) {
    const { story } = stage;
    const elif = await stage.person("elif", "android");
    const mert = await stage.person("mert", "android");
    await say(stage, elif, mert, "Before the image.");
    await say(stage, mert, elif, "Also before it.");
    const computer = await stage.newCompanion(elif, "browser");
    await tryLink(stage, elif, computer);
    await stage.wait(20 * SECOND_MS);
    const putBack = await stage.imageOf(computer);
    for (let n = 1; n <= 8; n++) {
      await say(stage, mert, elif, `After the image, ${n}.`);
      await say(stage, elif, mert, `Answer ${n} from the computer.`, computer);
      await stage.wait(2 * SECOND_MS);
    }
    await computer.kill();
    await putBack();
    story.fault("the computer's disk is put back to an image from before these messages", "Elif's browser");
    const restoredAtMs = stage.nowMs();
    await computer.start();
    const written = { from: elif, device: computer, to: mert, text: "Written on the old image.", sinceMs: restoredAtMs };
    stage.measure("usableSeconds", await untilUsable(stage, written));
    const spoke = await stage.until(() => mert.phone.screen.shownAtMs("Written on the old image.") !== undefined, 120 * SECOND_MS);
    if (spoke !== undefined) stage.measure("speaksSeconds", (spoke - restoredAtMs) / SECOND_MS);
    story.check(mert.phone.name, spoke !== undefined, "reads what the restored computer writes: sessions began anew");
    const filled = await stage.until(async () => (await stage.ledger.tally(stage)).lost.length === 0, 300 * SECOND_MS);
    if (filled !== undefined) stage.measure("filledSeconds", (filled - restoredAtMs) / SECOND_MS);
    story.check(computer.name, filled !== undefined, "has every message again");
    const toldOfImage = toldWords(computer, ["notice.oldCopy"], restoredAtMs);

    const goBack = await stage.backUpServer();
    for (let n = 1; n <= 5; n++) {
      await say(stage, mert, elif, `After the backup, ${n}.`);
      await say(stage, elif, mert, `Answer ${n} after the backup.`);
    }
    await stage.wait(10 * SECOND_MS);
    const downAtMs = stage.nowMs();
    await goBack();
    story.fault("the server is restored from a backup that knows nothing of the last ten messages");
    const serverAtMs = stage.nowMs();
    await say(stage, mert, elif, "Does it work again?");
    await say(stage, elif, mert, "It does.", computer);
    const both = await stage.until(
      () => computer.screen.shownAtMs("Does it work again?") !== undefined && mert.phone.screen.shownAtMs("It does.") !== undefined,
      300 * SECOND_MS,
    );
    if (both !== undefined) stage.measure("backSeconds", (both - serverAtMs) / SECOND_MS);
    story.check("all", both !== undefined, "messages go both ways again");
    await stage.wait(60 * SECOND_MS);
    stage.measure("toldSeconds", slower(toldOfImage, toldOfOutages([elif.phone, mert.phone, computer], downAtMs, stage.nowMs())));
    stage.measure("signedOut", await countSignedOut(stage, [elif.phone, mert.phone, computer]));
    const { lost, duplicates } = await stage.ledger.tally(stage);
    for (const text of [...lost, ...duplicates].slice(0, 5)) story.check("ledger", false, text);
    stage.measure("lost", lost.length);
    stage.measure("duplicates", duplicates.length);
  },
};
