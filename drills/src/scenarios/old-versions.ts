/**
 * Old programs beside new ones. Devices and servers of frozen releases are real processes by nature; what a program does that is too old
 * for its server, or a server for its programs, is played by both engines. R12, R13.
 */
import { inProcesses } from "../engines/real/real-stage.ts";
import { TODAY } from "../engines/real/frozen-releases.ts";
import { countSignedOut, say, tryLink, untilUsable } from "../people.ts";
import type { Scenario } from "../scenario.ts";
import type { Device, Person, Stage } from "../stage.ts";
import { type Spoken, talkThrough } from "../talk.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const PATIENCE_MS = 90 * SECOND_MS;
const OLDER = "0.1.0";
const OLD = "0.2.0";
const TOO_OLD = ["CLIENT_TOO_OLD"];

export const oldVersions: Scenario = {
  name: "old-versions",
  title: "Old programs at a new server, new ones at an old server, updates in mid-chat, and a program that is too old",
  peers: [
    "405 “outdated” took the session although its credentials were fine (whatsmeow#56, #1031, #1040)",
    "an uncoded error counts as “bad session” (Baileys' source)",
  ],
  cast: [
    "Elif: a phone and a browser; Mert: a phone",
    "with real processes also Ada, phones and terminals of releases 0.1.0 and 0.2.0, and servers of each; the simulator has one program and plays the version states alone",
  ],
  engines: ["simulator", "real"],
  goals: [
    { figure: "links", what: "links between releases, at each server", unit: "", peer: "–", atLeast: 4, engine: "real" },
    { figure: "serverSeconds", what: "the server is updated twice in mid-chat: slowest message", unit: "s", peer: "–", atMost: 20, engine: "real" },
    { figure: "programSeconds", what: "each old program is updated in mid-chat: slowest message", unit: "s", peer: "–", atMost: 20, engine: "real" },
    { figure: "toldSeconds", what: "below the server's minimum: until each screen asked for an update", unit: "s", peer: "“bad session”", atMost: 60 },
    { figure: "usableSeconds", what: "… until one could read and write on it all the same, slowest", unit: "s", peer: "never", atMost: 15 },
    { figure: "readable", what: "… chats readable and phase kept, of its devices", unit: "%", peer: "0", atLeast: 100 },
    { figure: "updatedSeconds", what: "… from the update to everything that was written meanwhile", unit: "s", peer: "link again", atMost: 30 },
    { figure: "byItselfMinutes", what: "a server too old for everybody, then updated: back by themselves after, in minutes", unit: "", peer: "–", atMost: 70, engine: "simulator" },
    { figure: "signedOut", what: "devices signed out", unit: "", peer: "the session", atMost: 0 },
    { figure: "lost", what: "messages lost", unit: "", peer: "–", atMost: 0 },
    { figure: "duplicates", what: "messages shown twice", unit: "", peer: "–", atMost: 0 },
  ], // prettier-ignore
  async play(stage) {
    const { story } = stage;
    if (stage.engine === "real") await mixReleases(stage);
    else {
      const [elif, mert] = [await stage.person("elif", "android"), await stage.person("mert", "ios")];
      await say(stage, elif, mert, "All of the same version.");
      await tryLink(stage, elif, await stage.newCompanion(elif, "browser"));
      await tryLink(stage, mert, await stage.newCompanion(mert, "terminal"));
    }
    const [elif, mert] = stage.people as [Person, Person];
    await fallBelowMinimum(stage, elif, mert);
    if (stage.engine === "simulator") await serverTooOld(stage, elif, mert);
    await stage.until(async () => (await stage.ledger.tally(stage)).lost.length === 0, PATIENCE_MS);
    stage.measure("signedOut", await countSignedOut(stage, stage.people.flatMap(devicesOf)));
    const { messages, lost, duplicates } = await stage.ledger.tally(stage);
    for (const text of [...lost, ...duplicates].slice(0, 5)) story.check("ledger", false, text);
    story.check("all", lost.length + duplicates.length === 0, `${messages} messages stand once on every device they belong to`);
    stage.measure("lost", lost.length);
    stage.measure("duplicates", duplicates.length);
  },
};

const devicesOf = ({ phone, companions }: Person): Device[] => [phone, ...companions];

async function mixReleases(stage: Stage): Promise<void> {
  const real = inProcesses(stage);
  const { story } = stage;
  await real.replaceServer(OLDER, "old-server");
  story.fault(`a server of release ${OLDER}`);
  const elif = await real.person("elif", "android", OLDER);
  const mert = await real.person("mert", "ios", OLD);
  const ada = await real.person("ada", "android");
  story.act("all", `Elif's phone runs ${OLDER}, Mert's ${OLD}, Ada's today's version`);
  let links = 0;
  const link = async (person: Person, platform: "terminal" | "browser", release: string, at: string): Promise<void> => {
    const companion = await real.newCompanion(person, platform, release);
    const { outcome } = await tryLink(stage, person, companion);
    story.check(
      companion.name,
      outcome === "linked",
      `a ${platform} of ${release} with ${person.name}'s phone at a server of ${at}: ${outcome}`,
    );
    if (outcome === "linked") links++;
  };
  const talk = (about: string, happens: () => Promise<void>): Promise<number | undefined> =>
    talkThrough(stage, {
      rounds: 3,
      paceMs: 300,
      patienceMs: PATIENCE_MS,
      happens,
      round: (n) => around([elif, mert, ada], `${about}, ${n}`),
    });

  await talk("the first words", () => Promise.resolve());
  await link(elif, "terminal", TODAY, OLDER);
  await link(ada, "terminal", OLDER, OLDER);
  const serverSeconds: (number | undefined)[] = [];
  for (const release of [OLD, TODAY]) {
    const seconds = await talk(`while the server became ${release}`, () => real.replaceServer(release, "old-server"));
    serverSeconds.push(seconds);
    story.fault(`the server is updated to ${release} in mid-chat: ${seconds?.toFixed(1)} s`);
    if (release === OLD) await link(mert, "terminal", OLDER, OLD);
    else await link(elif, "browser", TODAY, TODAY);
  }
  stage.measure("links", links);
  stage.measure("serverSeconds", slowest(serverSeconds));
  const programSeconds: (number | undefined)[] = [];
  for (const device of [elif.phone, mert.phone, ada.companions[0]!]) {
    const seconds = await talk(`while ${device.name} was updated`, () => real.replaceProgram(device, TODAY));
    programSeconds.push(seconds);
    story.act(device.name, `is updated in mid-chat: ${seconds?.toFixed(1)} s`);
  }
  stage.measure("programSeconds", slowest(programSeconds));
}

const slowest = (seconds: readonly (number | undefined)[]): number => Math.max(...seconds.map((each) => each ?? Number.POSITIVE_INFINITY));

/** Everybody to the next one, from the phone. A browser shows one chat at a time: there the tally at the end counts. */
const around = (people: readonly Person[], about: string): Spoken[] =>
  people.map((from, index) => {
    const to = people[(index + 1) % people.length]!;
    return {
      from,
      to,
      text: `${about}, ${from.name} to ${to.name}`,
      seenOn: [to.phone, ...to.companions, ...from.companions].filter(({ platform }) => platform !== "browser"),
    };
  });

/** The server takes no computer's version any more; the phones are of today. */
async function fallBelowMinimum(stage: Stage, elif: Person, mert: Person): Promise<void> {
  const { story, front } = stage;
  const companions = stage.people.flatMap((person) => person.companions);
  const readableBefore = await Promise.all(companions.map(async (device) => (await stage.settle(device.texts())).size));
  front.faults.sessions = { of: "companions", error: "CLIENT_TOO_OLD" };
  front.throwOut();
  story.fault("the server takes no computer of this version any more");
  const faultAtMs = stage.nowMs();
  const saidAtMs = (device: Device): number | undefined => device.screen.saidAtMs(TOO_OLD, faultAtMs);
  await say(stage, mert, elif, "Can you read this on your computer?");
  let usable = 0;
  for (const [from, to] of [
    [elif, mert],
    [mert, elif],
  ] as const) {
    for (const device of from.companions) {
      const text = `Written on ${device.name}, which is too old.`;
      usable = Math.max(usable, await untilUsable(stage, { from, device, to, text, sinceMs: faultAtMs }));
    }
  }
  stage.measure("usableSeconds", usable);
  await stage.until(() => companions.every((device) => saidAtMs(device) !== undefined), PATIENCE_MS);
  const toldMs = Math.max(...companions.map((device) => (saidAtMs(device) ?? Number.POSITIVE_INFINITY) - faultAtMs));
  stage.measure("toldSeconds", toldMs / SECOND_MS);
  await stage.pass(2 * 60 * MINUTE_MS);
  let readable = 0;
  for (const [index, device] of companions.entries()) {
    const isReady = (await stage.settle(device.state()))?.phase === "ready" && (await stage.settle(device.usable()));
    if (isReady && (await stage.settle(device.texts())).size >= readableBefore[index]!) readable++;
  }
  stage.measure("readable", (100 * readable) / companions.length);
  story.check(
    "all",
    readable === companions.length,
    `${readable} of ${companions.length} computers show their chats two hours later, and ask for an update`,
  );
  front.heal();
  const updatedAtMs = stage.nowMs();
  for (const device of companions) {
    await device.kill();
    await device.start();
  }
  story.act("all", "update their computers");
  const wholeAtMs = await stage.until(async () => (await stage.ledger.tally(stage)).lost.length === 0, PATIENCE_MS);
  if (wholeAtMs !== undefined) stage.measure("updatedSeconds", (wholeAtMs - updatedAtMs) / SECOND_MS);
  story.check("all", wholeAtMs !== undefined, "everything that was written meanwhile is there");
}

/** Whoever runs the server forgot it: every program is newer than it takes. Nobody does anything but its operator. */
async function serverTooOld(stage: Stage, elif: Person, mert: Person): Promise<void> {
  const { story, front } = stage;
  front.faults.sessions = { of: "everybody", error: "SERVER_TOO_OLD" };
  front.throwOut();
  story.fault("the server is too old for every program");
  await say(stage, elif, mert, "Written to a server that is too old.");
  await stage.wait(10 * MINUTE_MS);
  front.heal();
  story.fault("its operator updates it");
  const mendedAtMs = stage.nowMs();
  const devices = stage.people.flatMap(devicesOf);
  const backAtMs = await stage.until(async () => {
    for (const device of devices) if ((await device.state())?.connection.kind !== "online") return false;
    return true;
  }, 90 * MINUTE_MS);
  if (backAtMs !== undefined) stage.measure("byItselfMinutes", (backAtMs - mendedAtMs) / MINUTE_MS);
  story.check("all", backAtMs !== undefined, "everybody is back by themselves");
}
