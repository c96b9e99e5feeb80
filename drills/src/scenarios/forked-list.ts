/** Two servers that lost sight of each other accept different device lists of one account. R16. */
import { countSignedOut, say, tryLink, untilUsable } from "../people.ts";
import type { Scenario } from "../scenario.ts";

const SECOND_MS = 1_000;

export const forkedList: Scenario = {
  name: "forked-list",
  title: "Two servers, cut off from each other, hold different device lists of one account",
  peers: [
    "synced state never verifies again; the remedy was to unlink everything (whatsmeow#651, #858)",
    "an old copy of a device forks its ratchet (Signal-Desktop#2912)",
  ],
  cast: ["Elif: a phone, a clone of it that somebody made from a backup, a computer for each", "Mert: has seen her real list"],
  engines: ["simulator", "real"],
  goals: [
    {
      figure: "toldSeconds",
      what: "from the fork being shown to Mert's phone saying so",
      unit: "s",
      peer: "nothing is said",
      atMost: 60,
    },
    { figure: "leaked", what: "messages sealed for a device of the fork", unit: "", peer: "not published", atMost: 0 },
    { figure: "signedOut", what: "devices signed out", unit: "", peer: "all companions", atMost: 0 },
    { figure: "usableSeconds", what: "from one list again to reading and writing on her devices", unit: "s", peer: "link again", atMost: 15 },
    { figure: "thawedSeconds", what: "from one list again to the held message arriving", unit: "s", peer: "link again", atMost: 120 },
    { figure: "lost", what: "messages lost", unit: "", peer: "–", atMost: 0 },
    { figure: "duplicates", what: "messages shown twice", unit: "", peer: "–", atMost: 0 },
  ], // prettier-ignore
  async play(stage) {
    const { story } = stage;
    const elif = await stage.person("elif", "android");
    const mert = await stage.person("mert", "android");
    await say(stage, elif, mert, "This is me.");
    await stage.wait(5 * SECOND_MS);
    const putCloneIn = await stage.imageOf(elif.phone);
    const goToOtherServer = await stage.backUpServer();
    const computer = await stage.newCompanion(elif, "browser");
    await tryLink(stage, elif, computer);
    await say(stage, mert, elif, "And your computer?");
    await stage.wait(10 * SECOND_MS);

    const putPhoneBack = await stage.imageOf(elif.phone);
    const goBack = await stage.backUpServer();
    await elif.phone.kill();
    await computer.kill();
    await goToOtherServer();
    await putCloneIn();
    story.fault("a second server that never heard of her computer; a clone of her phone, from a backup, links another device there");
    await elif.phone.start();
    const strange = await stage.newCompanion(elif, "terminal");
    const { outcome } = await tryLink(stage, elif, strange);
    story.check("clone", outcome === "linked", `the account's key has now signed two lists with one number (${outcome})`);
    await elif.phone.kill();

    const forkShownAtMs = stage.nowMs();
    await say(stage, mert, elif, "Something only you should read.");
    const conflict = async (): Promise<boolean> =>
      (await mert.phone.client!.conversations()).items.some(({ contact }) => contact?.listConflict === true);
    const frozenAtMs = await stage.until(conflict, 120 * SECOND_MS);
    if (frozenAtMs !== undefined) stage.measure("toldSeconds", (frozenAtMs - forkShownAtMs) / SECOND_MS);
    story.check(mert.phone.name, frozenAtMs !== undefined, "says that two lists of Elif were seen, and sends nothing to her");
    await stage.wait(60 * SECOND_MS);
    stage.measure("leaked", (await strange.texts()).get("Something only you should read.") ?? 0);
    await strange.kill();
    elif.companions.splice(elif.companions.indexOf(strange), 1);

    await goBack();
    await putPhoneBack();
    story.fault("the servers see each other again: the older list stands");
    const mendedAtMs = stage.nowMs();
    await elif.phone.start();
    await computer.start();
    const usable: number[] = [];
    for (const device of [elif.phone, computer])
      usable.push(await untilUsable(stage, { from: elif, device, to: mert, text: `Back on ${device.name}.`, sinceMs: mendedAtMs }));
    stage.measure("usableSeconds", Math.max(...usable));
    const arrived = await stage.until(() => elif.phone.screen.shownAtMs("Something only you should read.") !== undefined, 300 * SECOND_MS);
    if (arrived !== undefined) stage.measure("thawedSeconds", (arrived - mendedAtMs) / SECOND_MS);
    story.check(elif.phone.name, arrived !== undefined, "gets the message that was held back");
    await stage.wait(60 * SECOND_MS);
    stage.measure("signedOut", await countSignedOut(stage, [elif.phone, mert.phone, computer]));
    const { lost, duplicates } = await stage.ledger.tally(stage);
    for (const text of [...lost, ...duplicates].slice(0, 5)) story.check("ledger", false, text);
    stage.measure("lost", lost.length);
    stage.measure("duplicates", duplicates.length);
  },
};
