/** One in twenty batches of deliveries to a computer never arrives, on a connection that stays up. R2, R23. */
import { countSignedOut, say, tryLink, usableSeconds } from "../people.ts";
import type { Scenario } from "../scenario.ts";
import { toldOfOutages } from "../told.ts";

const SECOND_MS = 1_000;
const EVERY_NTH = 20;

export const droppedDeliveries: Scenario = {
  name: "dropped-deliveries",
  title: "One in twenty batches of deliveries to a computer is lost, and the connection stays up",
  peers: ["“waiting for this message”, lost for good (Baileys#2297, #1739, #2331)", "silent holes in chats (mautrix/whatsapp#471)"],
  cast: ["Elif: a phone and a computer", "Mert: writes a lot"],
  engines: ["simulator", "real"],
  size: { what: "messages", test: 100, full: 1_000, real: 60 },
  goals: [
    { figure: "dropped", what: "batches lost on the way", unit: "", peer: "–", atLeast: 3 },
    { figure: "healedSeconds", what: "longest hole in the computer's chat", unit: "s", peer: "for good", atMost: 30 },
    { figure: "holes", what: "messages shown before one that was written earlier", unit: "", peer: "silent holes", atMost: 0 },
    { figure: "usableSeconds", what: "one more computer: from “confirm” to usable chats", unit: "s", peer: "–", atMost: 15 },
    { figure: "toldSeconds", what: "from losing the connection to the screen saying so, slowest", unit: "s", peer: "nothing is said", atMost: 15 },
    { figure: "lost", what: "messages lost", unit: "", peer: "some", atMost: 0 },
    { figure: "duplicates", what: "messages shown twice", unit: "", peer: "–", atMost: 0 },
    { figure: "signedOut", what: "devices signed out", unit: "", peer: "–", atMost: 0 },
  ], // prettier-ignore
  async play(stage) {
    const { story, front } = stage;
    const elif = await stage.person("elif", "android");
    const mert = await stage.person("mert", "android");
    await say(stage, elif, mert, "Tell me everything.");
    const computer = await stage.newCompanion(elif, "browser");
    await tryLink(stage, elif, computer);
    // Its chat is open from now on.
    await say(stage, elif, mert, "I am at the computer, go on.", computer);
    front.faults.dropEveryNthBatch = EVERY_NTH;
    const faultAtMs = stage.nowMs();
    story.fault(`every ${EVERY_NTH}th batch of deliveries to a computer is lost from now on`);
    const sent: { readonly text: string; readonly atMs: number }[] = [];
    for (let n = 1; n <= stage.size; n++) {
      const text = `Part ${n} of the story.`;
      sent.push({ text, atMs: stage.nowMs() });
      await say(stage, mert, elif, text);
      await stage.wait((n % 10) * 300);
    }
    await stage.until(() => sent.every(({ text }) => computer.screen.shownAtMs(text) !== undefined), 90 * SECOND_MS);
    const holes = sent.map(({ text, atMs }) => (computer.screen.shownAtMs(text) ?? Number.POSITIVE_INFINITY) - atMs);
    const slow = holes.filter((ms) => ms > SECOND_MS).length;
    stage.measure("dropped", front.taken);
    stage.measure("healedSeconds", Math.max(...holes) / SECOND_MS);
    story.check(
      computer.name,
      Math.max(...holes) <= 30 * SECOND_MS,
      `${front.taken} batches were lost; ${slow} messages came later than a second`,
    );
    const shownAtMs = sent.map(({ text }) => computer.screen.shownAtMs(text) ?? Number.POSITIVE_INFINITY);
    stage.measure("holes", shownAtMs.filter((atMs, n) => n > 0 && atMs < shownAtMs[n - 1]!).length);
    const another = await stage.newCompanion(elif, "browser");
    const link = await tryLink(stage, elif, another);
    stage.measure("usableSeconds", usableSeconds(link));
    const members = [elif.phone, mert.phone, computer, another];
    stage.measure("toldSeconds", toldOfOutages(members, faultAtMs, stage.nowMs()));
    front.heal();
    await stage.until(async () => (await another.state())?.history.kind === "complete", 90 * SECOND_MS);
    await stage.wait(10 * SECOND_MS);
    stage.measure("signedOut", await countSignedOut(stage, members));
    const { lost, duplicates } = await stage.ledger.tally(stage);
    stage.measure("lost", lost.length);
    stage.measure("duplicates", duplicates.length);
  },
};
