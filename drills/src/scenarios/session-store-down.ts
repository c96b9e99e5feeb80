/** For an hour the service knows nobody: 401, 403, 500 in turn. R13, R18. */
import { countSignedOut, say, tryLink, untilUsable } from "../people.ts";
import type { Scenario } from "../scenario.ts";
import type { Device } from "../stage.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const ROUNDS = ["UNKNOWN_DEVICE", "NOT_AUTHENTICATED", "INTERNAL"] as const;
const ROUND_MS = 20 * MINUTE_MS;
const COMPANIONS = 5;
/** So many people write. */
const TALKERS = 20;
/** Any of these says that it is the service, and that everything is kept. */
const TRUE_WORDS = ["UNKNOWN_DEVICE", "NOT_AUTHENTICATED", "INTERNAL"];

export const sessionStoreDown: Scenario = {
  name: "session-store-down",
  title: "For an hour the sessions store knows nobody: “401”, “403”, “500”, twenty minutes each",
  peers: [
    "27 February 2026: 401 to web sessions, which were deleted for it (Baileys#2381)",
    "an unsigned 401 deletes the store (whatsmeow's source); about 35 % of one bot's sessions were lost to it (whatsmeow PR 1211)",
    "a lost answer to a refresh signs out (matrix-authentication-service#2795)",
  ],
  cast: ["phones of many people, a few with computers"],
  engines: ["simulator", "real"],
  size: { what: "sessions", test: 80, full: 1_000, real: 16 },
  goals: [
    { figure: "sessions", what: "sessions", unit: "", peer: "–", atLeast: 2 },
    { figure: "signedOut", what: "sessions lost", unit: "", peer: "about a third", atMost: 0 },
    { figure: "lost", what: "messages lost", unit: "", peer: "–", atMost: 0 },
    { figure: "duplicates", what: "messages shown twice", unit: "", peer: "–", atMost: 0 },
    { figure: "usableSeconds", what: "until a person could read and write all the same, slowest", unit: "s", peer: "scan again", atMost: 2 },
    { figure: "toldSeconds", what: "until the last screen said what is wrong", unit: "s", peer: "“logged out”", atMost: 60 },
    { figure: "backSeconds", what: "from the mending until all are back", unit: "s", peer: "scan again", atMost: 120 },
    { figure: "peakPercent", what: "of all sessions, coming back in the same second", unit: "%", peer: "–", atMost: 12, engine: "simulator" },
  ], // prettier-ignore
  async play(stage) {
    const { story, front, size } = stage;
    const members: Device[] = [];
    const companions = Math.min(COMPANIONS, Math.floor(size / 8));
    for (let n = 0; n < size - companions; n++) members.push((await stage.person(`person${n}`, n % 3 === 0 ? "ios" : "android")).phone);
    const { people } = stage;
    for (const person of people.slice(0, companions)) {
      const computer = await stage.newCompanion(person, "browser");
      if ((await tryLink(stage, person, computer)).outcome === "linked") members.push(computer);
    }
    stage.measure("sessions", members.length);
    story.check("all", members.length === size, `${members.length} sessions, all online`);
    const neighbour = (n: number): (typeof people)[number] => people[(n + 1) % people.length]!;
    // Chats stand on every screen before it begins.
    for (const [n, person] of people.slice(0, TALKERS).entries()) {
      const text = `Good morning, ${neighbour(n).name}.`;
      await say(stage, person, neighbour(n), text);
      await stage.until(() => person.companions.every(({ screen }) => screen.shownAtMs(text) !== undefined), MINUTE_MS);
    }
    const faultAtMs = stage.nowMs();
    let usable = 0;
    for (const error of ROUNDS) {
      front.faults.sessions = { of: "everybody", error };
      front.throwOut();
      story.fault(`every session is answered ${error}`);
      for (const [n, from] of people.slice(0, TALKERS).entries()) {
        for (const device of [from.phone, ...from.companions]) {
          const text = `Are you there, ${neighbour(n).name}? ${error} here, on ${device.name}.`;
          usable = Math.max(usable, await untilUsable(stage, { from, device, to: neighbour(n), text, sinceMs: stage.nowMs() }));
        }
      }
      await stage.until(() => members.every(({ screen }) => screen.saidAtMs(TRUE_WORDS, faultAtMs) !== undefined), MINUTE_MS);
      await stage.pass(ROUND_MS);
    }
    const toldMs = members.map(({ screen }) => (screen.saidAtMs(TRUE_WORDS, faultAtMs) ?? Number.POSITIVE_INFINITY) - faultAtMs);
    stage.measure("usableSeconds", usable);
    stage.measure("toldSeconds", Math.max(...toldMs) / SECOND_MS);
    front.heal();
    story.fault("mended");
    const mendedAtMs = stage.nowMs();
    const cameBackAtMs = new Map<Device, number>();
    const backAtMs = await stage.until(async () => {
      for (const device of members) {
        if (!cameBackAtMs.has(device) && (await device.state())?.connection.kind === "online") cameBackAtMs.set(device, stage.nowMs());
      }
      return cameBackAtMs.size === members.length;
    }, 5 * MINUTE_MS);
    if (backAtMs !== undefined) stage.measure("backSeconds", (backAtMs - mendedAtMs) / SECOND_MS);
    const perSecond = Map.groupBy(cameBackAtMs.values(), (atMs) => Math.floor(atMs / SECOND_MS));
    const peak = Math.max(...[...perSecond.values()].map(({ length }) => length));
    stage.measure("peakPercent", (100 * peak) / members.length);
    story.check("all", backAtMs !== undefined, `${cameBackAtMs.size} sessions are back by themselves, at most ${peak} in one second`);
    await stage.pass(30 * SECOND_MS);
    await stage.until(async () => (await stage.ledger.tally(stage)).lost.length === 0, MINUTE_MS);
    stage.measure("signedOut", await countSignedOut(stage, members));
    const { messages, lost, duplicates } = await stage.ledger.tally(stage);
    story.check("all", lost.length === 0, `${messages} messages that were written during it have arrived`);
    stage.measure("lost", lost.length);
    stage.measure("duplicates", duplicates.length);
  },
};
