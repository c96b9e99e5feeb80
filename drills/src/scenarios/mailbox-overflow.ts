/** Mailboxes that overflow while a device is away, and a device that is away for longer than anything is kept. R2, R13, R23. */
import { simulated } from "../engines/sim/sim-stage.ts";
import { countSignedOut, say, tryLink } from "../people.ts";
import type { Scenario } from "../scenario.ts";
import type { Device, Person, Stage } from "../stage.ts";

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;
const PATIENCE_MS = 300 * SECOND_MS;
/** Three months, and the server keeps messages for 60 days. */
const AWAY_DAYS = 92;
/** Of what is written while a device is away, its mailbox keeps one in so many. */
const WRITTEN_PER_KEPT = 4;
/** People read along every so many messages. */
const PACE = 5;
/** What stands on a screen while messages are missing, and while they come. */
const TRUE_WORDS = ["history.gapTitle", "history.receiving", "history.stalled"];

interface Return {
  readonly toldSeconds: number;
  readonly usableSeconds: number;
  readonly filledSeconds: number;
}

export const mailboxOverflow: Scenario = {
  name: "mailbox-overflow",
  title: "Mailboxes overflow: a computer's, then the phone's; and a computer stays closed for three months",
  peers: [
    "on overflow two peers remove the device (their sources)",
    "idle computers are unlinked after 14 to 45 days (published figures; Signal-Desktop#4730, #4328)",
  ],
  cast: ["Elif: a phone and a computer, of which one at a time is away", "Mert: writes four times what a mailbox holds"],
  engines: ["simulator", "real"],
  size: { what: "messages written meanwhile, each time", test: 120, full: 1_000, real: 240 },
  goals: [
    { figure: "dropped", what: "deliveries that the server dropped before their device came back", unit: "", peer: "–", atLeast: 100 },
    { figure: "signedOut", what: "devices signed out", unit: "", peer: "the computer", atMost: 0 },
    { figure: "toldSeconds", what: "from opening until the gap was said, slowest", unit: "s", peer: "silent, or “link again”", atMost: 10 },
    { figure: "usableSeconds", what: "from opening to usable chats, slowest", unit: "s", peer: "link again", atMost: 15 },
    { figure: "computerSeconds", what: "its mailbox overflowed: from opening until the computer had every message", unit: "s", peer: "link again", atMost: 120 },
    { figure: "phoneSeconds", what: "… and the phone, from the computer", unit: "s", peer: "gone", atMost: 120 },
    { figure: "monthsSeconds", what: `after ${AWAY_DAYS} days: from opening until the computer had every message`, unit: "s", peer: "link again", atMost: 120, engine: "simulator" },
    { figure: "lost", what: "messages lost", unit: "", peer: "–", atMost: 0 },
    { figure: "duplicates", what: "messages shown twice", unit: "", peer: "–", atMost: 0 },
  ], // prettier-ignore
  async play(stage) {
    const { story } = stage;
    const elif = await stage.person("elif", "android");
    const mert = await stage.person("mert", "android");
    const computer = await stage.newCompanion(elif, "browser");
    await tryLink(stage, elif, computer);
    await say(stage, elif, mert, "I am off for the summer.");
    await stage.until(() => computer.screen.shownAtMs("I am off for the summer.") !== undefined, PATIENCE_MS);
    const kept = Math.floor(stage.size / WRITTEN_PER_KEPT);
    await stage.limitMailboxes(kept);
    story.fault(`a mailbox holds ${kept} messages from now on; the oldest go first`);
    for (const device of [elif.phone, mert.phone, computer])
      await stage.until(async () => (await device.state())?.connection.kind === "online", PATIENCE_MS);

    let dropped = 0;
    const overflow = async (device: Device, other: Device): Promise<Return> => {
      await device.kill();
      story.act(elif.name, `closes ${device.name}; ${stage.size} messages are written`);
      for (let n = 1; n <= stage.size; n++) {
        const [from, to, at] = n % 4 === 0 ? [elif, mert, other] : [mert, elif, mert.phone];
        const text = `Message ${n} while ${device.name} was closed.`;
        await say(stage, from, to, text, at);
        // What overflows everywhere at once is gone everywhere: whoever is there reads along.
        const readers = [to.phone, other].filter((each) => each !== device);
        if (n % PACE === 0) await stage.until(() => readers.every(({ screen }) => screen.shownAtMs(text) !== undefined), PATIENCE_MS);
      }
      await stage.until(async () => (await stage.ledger.tally(stage)).lost.length === 0, PATIENCE_MS);
      const gone = stage.droppedMessages();
      dropped += gone;
      story.fault(`${gone} deliveries, receipts among them, were dropped from the mailbox of ${device.name}`);
      return comeBack(stage, elif, mert, device);
    };
    const returns = [await overflow(computer, elif.phone), await overflow(elif.phone, computer)];
    stage.measure("dropped", dropped);
    stage.measure("computerSeconds", returns[0]!.filledSeconds);
    stage.measure("phoneSeconds", returns[1]!.filledSeconds);
    if (stage.engine === "simulator") {
      await beAwayForMonths(stage, elif, mert, computer);
      const last = await comeBack(stage, elif, mert, computer);
      stage.measure("monthsSeconds", last.filledSeconds);
      returns.push(last);
    }
    stage.measure("toldSeconds", Math.max(...returns.map(({ toldSeconds }) => toldSeconds)));
    stage.measure("usableSeconds", Math.max(...returns.map(({ usableSeconds }) => usableSeconds)));
    stage.measure("signedOut", await countSignedOut(stage, [elif.phone, mert.phone, computer]));
    const { messages, lost, duplicates } = await stage.ledger.tally(stage);
    for (const text of [...lost, ...duplicates].slice(0, 5)) story.check("ledger", false, text);
    story.check("all", lost.length + duplicates.length === 0, `${messages} messages stand once on every device they belong to`);
    stage.measure("lost", lost.length);
    stage.measure("duplicates", duplicates.length);
  },
};

async function comeBack(stage: Stage, elif: Person, mert: Person, device: Device): Promise<Return> {
  const { story } = stage;
  const openedAtMs = stage.nowMs();
  const since = (atMs: number | undefined): number => ((atMs ?? Number.POSITIVE_INFINITY) - openedAtMs) / SECOND_MS;
  await device.start();
  story.act(elif.name, `opens ${device.name} again`);
  const usableAtMs = await stage.until(() => device.usable(), PATIENCE_MS);
  const text = `Back on ${device.name} at ${Math.round(openedAtMs)}.`;
  await say(stage, elif, mert, text, device);
  await stage.until(() => mert.phone.screen.shownAtMs(text) !== undefined, PATIENCE_MS);
  const toldAtMs = await stage.until(() => device.screen.saidAtMs(TRUE_WORDS, openedAtMs) !== undefined, 60 * SECOND_MS);
  story.check(device.name, toldAtMs !== undefined, "says that something is missing, or that it is coming");
  const filledAtMs = await stage.until(async () => {
    const { lost } = await stage.ledger.tally(stage);
    return lost.length === 0 && (await device.state())?.gapSinceMs === undefined;
  }, PATIENCE_MS);
  story.check(device.name, filledAtMs !== undefined, "has every message, from the other device");
  return {
    toldSeconds: since(device.screen.saidAtMs(TRUE_WORDS, openedAtMs)),
    usableSeconds: since(usableAtMs),
    filledSeconds: since(filledAtMs),
  };
}

/** Virtual days: everybody looks at their phone once a day, and Mert writes every third. */
async function beAwayForMonths(stage: Stage, elif: Person, mert: Person, computer: Device): Promise<void> {
  const { machine } = simulated(stage).world.server;
  await computer.kill();
  stage.story.act(elif.name, "closes the computer for the summer");
  for (let day = 1; day <= AWAY_DAYS; day++) {
    for (const { phone } of [elif, mert]) await phone.kill();
    await stage.wait(SECOND_MS);
    // Nobody is there: the server's housekeeping of the day happens at its end, once.
    machine.suspend();
    await stage.wait(DAY_MS - 61 * SECOND_MS);
    machine.wake();
    for (const { phone } of [elif, mert]) await phone.start();
    if (day % 3 === 0) await say(stage, mert, elif, `How is day ${day}?`);
    await stage.wait(60 * SECOND_MS);
  }
}
