/** A computer that stayed closed longer than the server keeps messages. R2, R13, R23. */
import { simulated } from "../engines/sim/sim-stage.ts";
import { countSignedOut, say, tryLink } from "../people.ts";
import type { Scenario } from "../scenario.ts";

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;

export const mailboxOverflow: Scenario = {
  name: "mailbox-overflow",
  title: "A computer stays closed for three months; the server keeps messages for 60 days",
  peers: [
    "on overflow two peers remove the device (their sources)",
    "idle computers are unlinked after 14 to 45 days (published figures; Signal-Desktop#4730, #4328)",
  ],
  cast: ["Elif: phone, a computer that she closes in spring", "Mert: writes every few days"],
  engines: ["simulator"],
  size: { what: "days", test: 70, full: 92 },
  goals: [
    { figure: "signedOut", what: "devices signed out", unit: "", peer: "the computer", atMost: 0 },
    { figure: "toldSeconds", what: "from opening until the gap was said", unit: "s", peer: "silent, or “link again”", atMost: 10 },
    { figure: "filledSeconds", what: "from opening until every message is there", unit: "s", peer: "link again", atMost: 120 },
    { figure: "lost", what: "messages lost", unit: "", peer: "–", atMost: 0 },
    { figure: "duplicates", what: "messages shown twice", unit: "", peer: "–", atMost: 0 },
  ],
  async play(stage) {
    const { story } = stage;
    const sim = simulated(stage);
    const elif = await sim.person("elif", "android");
    const mert = await sim.person("mert", "android");
    const computer = await sim.newCompanion(elif, "browser");
    await tryLink(stage, elif, computer);
    await say(stage, elif, mert, "I am off for the summer.");
    await stage.wait(10 * SECOND_MS);
    computer.node.close();
    story.act("Elif", "closes the computer");
    for (let day = 1; day <= stage.size; day++) {
      for (const phone of [elif.phone, mert.phone]) phone.node.close();
      await stage.wait(SECOND_MS);
      // Nobody is there: the server's housekeeping of the day happens at its end, once.
      sim.world.server.machine.suspend();
      await stage.wait(DAY_MS - 61 * SECOND_MS);
      sim.world.server.machine.wake();
      await elif.phone.start();
      await mert.phone.start();
      if (day % 3 === 0) await say(stage, mert, elif, `How is day ${day}?`);
      await stage.wait(60 * SECOND_MS);
    }
    story.act("Elif", `opens the computer after ${stage.size} days`);
    const openedAtMs = stage.nowMs();
    await computer.start();
    const told = await stage.until(async () => {
      const state = await computer.state();
      return state?.gapSinceMs !== undefined || state?.history.kind === "running";
    }, 60 * SECOND_MS);
    if (told !== undefined) stage.measure("toldSeconds", (told - openedAtMs) / SECOND_MS);
    story.check(computer.name, told !== undefined, "says that something is missing and is being fetched");
    const whole = await stage.until(async () => {
      const { lost } = await stage.ledger.tally(stage);
      return lost.length === 0 && (await computer.state())?.gapSinceMs === undefined;
    }, 300 * SECOND_MS);
    if (whole !== undefined) stage.measure("filledSeconds", (whole - openedAtMs) / SECOND_MS);
    story.check(computer.name, whole !== undefined, "has every message, from the phone");
    stage.measure("signedOut", await countSignedOut(stage, [elif.phone, mert.phone, computer]));
    const { lost, duplicates } = await stage.ledger.tally(stage);
    stage.measure("lost", lost.length);
    stage.measure("duplicates", duplicates.length);
  },
};
