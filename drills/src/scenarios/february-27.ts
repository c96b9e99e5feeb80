/** 27 February 2026, hour by hour, with everything that was reported of it at once. R5, R7, R11, R13, R15, R19, R21, R22. */
import { countSignedOut, say, tryLink } from "../people.ts";
import type { Scenario } from "../scenario.ts";
import type { Device, Person, Stage } from "../stage.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const STARTS = "08:40:00";
const IMPORTED_LINES = 500;
const BEGIN_MS = (8 * 60 + 40) * MINUTE_MS;
/** Words that are true of the fault, by where they stand. */
const TRUE_OF_SESSIONS = ["UNKNOWN_DEVICE"];
const TRUE_OF_LINKS = ["SERVER_REFUSED"];

export const february27: Scenario = {
  name: "2026-02-27",
  title: "The day on which linking, login and web sync failed while phones worked",
  peers: [
    "from 08:54 on, linking, login and web sync failed; phones worked; mended on the server's side on the 28th, no public root cause (reports of the day)",
    "“signed out right after the scan”, “can only log in to one device at a time” (waha#1936); scanned, “Unable to link device”, 401 (Baileys#2381)",
    "Android users were thrown out when they linked a second device, iPhone users could not link at all (Sözcü)",
  ],
  cast: ["Elif: Android, a browser linked long ago", "Mert: iPhone, a browser linked long ago", "Ada: Android, wants to link that morning"],
  engines: ["simulator", "real"],
  clockStartsAt: STARTS,
  size: { what: "hours of outage", test: 4, full: 24 },
  goals: [
    { figure: "signedOut", what: "devices signed out", unit: "", peer: "every web session that met it", atMost: 0 },
    { figure: "lost", what: "messages lost", unit: "", peer: "not published", atMost: 0 },
    { figure: "duplicates", what: "messages shown twice", unit: "", peer: "not published", atMost: 0 },
    { figure: "phonesSeconds", what: "slowest message from phone to phone that day", unit: "s", peer: "phones worked", atMost: 2 },
    { figure: "toldSeconds", what: "until a screen told the truth, slowest case", unit: "s", peer: "no word all day", atMost: 60 },
    {
      figure: "toldAtComputerSeconds",
      what: "… until the computer whose link failed said so too",
      unit: "s",
      peer: "“try again”",
      atMost: 15,
    },
    { figure: "loopCodes", what: "codes shown after the second failure", unit: "", peer: "a new one every 20 s", atMost: 0 },
    { figure: "usableSeconds", what: "from “confirm” to usable chats, history hanging", unit: "s", peer: "spinner", atMost: 15 },
    { figure: "iphoneLinked", what: "iPhones linked once it was mended", unit: "", peer: "after ~24 h", atLeast: 1 },
    { figure: "backSeconds", what: "from the mending to everybody online", unit: "s", peer: "link again by hand", atMost: 120 },
    {
      figure: "historySeconds",
      what: "from the mending to whole history, nobody linked again",
      unit: "s",
      peer: "link again by hand",
      atMost: 300,
    },
  ],
  async play(stage) {
    const { story, front } = stage;
    const [elif, mert, ada] = [
      await stage.person("elif", "android"),
      await stage.person("mert", "ios"),
      await stage.person("ada", "android"),
    ];
    const members = await before(stage, elif, mert, ada);

    await at(stage, 8, 54);
    front.faults.linkLastStep = "NOT_AUTHENTICATED";
    front.faults.linkFrom = { platform: "ios", error: "NOT_AUTHENTICATED" };
    front.faults.sessions = { of: "companions", error: "UNKNOWN_DEVICE" };
    stage.blobs("hangs");
    story.fault(
      "linking rejects its last step, for iPhones every step; the sessions store knows no web session; history hangs; no official word",
    );
    const faultAtMs = stage.nowMs();
    front.throwOut();
    await stage.until(() => [elif, mert].every(({ companions }) => saidSince(companions[0]!, TRUE_OF_SESSIONS, faultAtMs)), MINUTE_MS);
    const told = [elif, mert].map(({ companions }) => companions[0]!.screen.saidAtMs(TRUE_OF_SESSIONS, faultAtMs)! - faultAtMs);

    await at(stage, 8, 58);
    await say(stage, elif, mert, "The web is down, the phone works.");
    await say(stage, elif, mert, "Written at the computer meanwhile.", elif.companions[0]);
    await say(stage, mert, elif, "Same here. Phone it is.");
    told.push(...(await adaFails(stage, ada)), await mertFails(stage, mert));

    await at(stage, 12, 0);
    front.faults.linkLastStep = undefined;
    front.faults.sessions = undefined;
    front.faults.newLinkEvicts = true;
    story.fault(
      "half mended: Androids link again, but a new link throws the earlier computer out; history still hangs; iPhones still fail",
    );
    await stage.wait(90 * SECOND_MS);
    members.push(...(await linkAtNoon(stage, ada)), ...(await linkAtNoon(stage, elif)));
    await say(stage, mert, ada, "Does your computer show this?");

    const mendedAtMs = (8 * 60 + 54) * MINUTE_MS + stage.size * HOUR_MS;
    for (const hour of [15, 18, 21].filter((each) => each * HOUR_MS < mendedAtMs)) {
      await at(stage, hour, 0);
      front.faults.sessions = { of: "companions", error: "BAD_SIGNATURE" };
      front.throwOut();
      story.fault("the sessions store fails again for ten minutes");
      await say(stage, mert, elif, `Good evening at ${hour}.`);
      await say(stage, elif, mert, `From the computer at ${hour}.`, elif.companions[0]);
      await stage.pass(10 * MINUTE_MS);
      front.faults.sessions = undefined;
    }
    await at(stage, 0, mendedAtMs / MINUTE_MS);
    stage.measure("phonesSeconds", (stage.ledger.slowestOnPhonesMs(faultAtMs, stage.nowMs()) ?? Number.NaN) / SECOND_MS);
    front.heal();
    stage.blobs("works");
    story.fault("mended on the server's side");
    await after(stage, mert, members);
    stage.measure("toldSeconds", Math.max(...told) / SECOND_MS);
  },
};

const saidSince = (device: Device, codes: readonly string[], sinceMs: number): boolean =>
  device.screen.saidAtMs(codes, sinceMs) !== undefined;

/** Time passes until the drill's clock shows this. */
async function at(stage: Stage, hour: number, minute: number): Promise<void> {
  await stage.pass(Math.max(0, hour * HOUR_MS + minute * MINUTE_MS - BEGIN_MS - stage.nowMs()));
}

async function before(stage: Stage, elif: Person, mert: Person, ada: Person): Promise<Device[]> {
  await stage.settle(ada.phone.importChat("Grandmother", IMPORTED_LINES));
  await say(stage, elif, mert, "Good morning!");
  await say(stage, mert, ada, "Ada, are you there?");
  await say(stage, ada, mert, "I am.");
  for (const person of [elif, mert]) await tryLink(stage, person, await stage.newCompanion(person, "browser"));
  stage.story.check("all", true, "a normal morning: everybody chats, on phones and computers");
  return [elif.phone, mert.phone, ada.phone, ...elif.companions, ...mert.companions];
}

/** Two attempts that cannot work, then a person who goes on pressing. Gives the times until a screen said so. */
async function adaFails(stage: Stage, ada: Person): Promise<number[]> {
  const computer = await stage.newCompanion(ada, "browser");
  const told: number[] = [];
  let slowestMs = 0;
  for (let n = 1; n <= 2; n++) {
    const { outcome, approvedAtMs = Number.NaN, error } = await tryLink(stage, ada, computer);
    const saidAtMs = ada.phone.screen.saidAtMs(TRUE_OF_LINKS, approvedAtMs);
    stage.story.check(ada.phone.name, outcome === "failed" && saidAtMs !== undefined, `attempt ${n}: ${outcome} (${error})`);
    told.push((saidAtMs ?? Number.POSITIVE_INFINITY) - approvedAtMs);
    const atComputerMs = await stage.until(() => saidSince(computer, TRUE_OF_LINKS, approvedAtMs), 4 * MINUTE_MS);
    slowestMs = Math.max(slowestMs, (atComputerMs ?? Number.POSITIVE_INFINITY) - approvedAtMs);
  }
  stage.measure("toldAtComputerSeconds", slowestMs / SECOND_MS);
  const before = computer.screen.codes.length;
  for (let n = 0; n < 5; n++) {
    await stage.settle(computer.beginLink());
    await stage.wait(20 * SECOND_MS);
  }
  const loopCodes = computer.screen.codes.length - before;
  stage.measure("loopCodes", loopCodes);
  stage.story.check(
    computer.name,
    loopCodes === 0,
    "after two failures it asks for no scan, however often one presses; it explains instead",
  );
  await stage.settle(computer.cancelLink());
  return told;
}

async function mertFails(stage: Stage, mert: Person): Promise<number> {
  const computer = await stage.newCompanion(mert, "browser");
  const beganAtMs = stage.nowMs();
  const { outcome, error } = await tryLink(stage, mert, computer, 30 * SECOND_MS);
  const saidAtMs = mert.phone.screen.saidAtMs(TRUE_OF_LINKS, beganAtMs) ?? Number.POSITIVE_INFINITY;
  stage.story.check(mert.phone.name, outcome === "failed", `the iPhone hears at its first step that the server refuses it (${error})`);
  await stage.settle(computer.cancelLink());
  mert.companions.splice(mert.companions.indexOf(computer), 1);
  return saidAtMs - beganAtMs;
}

/** Links the person's newest device, or one more; history hangs meanwhile. */
async function linkAtNoon(stage: Stage, person: Person): Promise<Device[]> {
  const waiting = person.companions.at(-1);
  const isNew = waiting === undefined || (await stage.settle(waiting.state()))?.phase === "ready";
  const computer = isNew ? await stage.newCompanion(person, "browser") : waiting;
  const { outcome, approvedAtMs = Number.NaN, usableAtMs } = await tryLink(stage, person, computer);
  stage.story.check(computer.name, usableAtMs !== undefined, `${outcome}: chats are there without history`);
  if (person.handle === "ada") stage.measure("usableSeconds", ((usableAtMs ?? Number.POSITIVE_INFINITY) - approvedAtMs) / SECOND_MS);
  return usableAtMs === undefined ? [] : [computer];
}

async function after(stage: Stage, mert: Person, members: readonly Device[]): Promise<void> {
  const mendedAtMs = stage.nowMs();
  const calm = async (device: Device): Promise<boolean> => {
    const state = await device.state();
    return state?.connection.kind === "online" && state.outboxCount === 0;
  };
  const backAtMs = await untilAll(stage, members, calm, 5 * MINUTE_MS);
  if (backAtMs !== undefined) stage.measure("backSeconds", (backAtMs - mendedAtMs) / SECOND_MS);
  stage.story.check("all", backAtMs !== undefined, "everybody is online again, by themselves");
  const computer = await stage.newCompanion(mert, "browser");
  const { outcome } = await tryLink(stage, mert, computer);
  stage.measure("iphoneLinked", outcome === "linked" ? 1 : 0);
  stage.story.check(computer.name, outcome === "linked", "the iPhone links");
  const whole = async (device: Device): Promise<boolean> => (await device.state())?.history.kind !== "running";
  const wholeAtMs = await untilAll(stage, members, whole, 10 * MINUTE_MS);
  if (wholeAtMs !== undefined) stage.measure("historySeconds", (wholeAtMs - mendedAtMs) / SECOND_MS);
  await stage.wait(10 * SECOND_MS);
  stage.measure("signedOut", await countSignedOut(stage, [...members, computer]));
  const { messages, lost, duplicates } = await stage.ledger.tally(stage);
  for (const text of [...lost, ...duplicates].slice(0, 5)) stage.story.check("ledger", false, text);
  stage.story.check(
    "all",
    lost.length + duplicates.length === 0,
    `${messages} messages of that day stand once on every device they belong to`,
  );
  stage.measure("lost", lost.length);
  stage.measure("duplicates", duplicates.length);
}

async function untilAll(
  stage: Stage,
  devices: readonly Device[],
  holds: (device: Device) => Promise<boolean>,
  timeoutMs: number,
): Promise<number | undefined> {
  return stage.until(async () => {
    for (const device of devices) if (!(await holds(device))) return false;
    return true;
  }, timeoutMs);
}
