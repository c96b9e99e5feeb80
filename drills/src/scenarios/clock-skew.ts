/** Clocks that are wrong by a day, by years, and that jump in mid-use: nothing is punished. R28. */
import { countSignedOut, say, tryLink, usableSeconds } from "../people.ts";
import type { Figure, Scenario } from "../scenario.ts";
import type { Device } from "../stage.ts";
import { slower, toldOfOutages, toldWords } from "../told.ts";

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;
/** The clock of the phone and of the computer, off by so much. */
const OFF_BY: readonly (readonly [number, number])[] = [
  [DAY_MS, -DAY_MS],
  [-DAY_MS, DAY_MS],
  [-5 * YEAR_MS, 0],
  [0, 3 * YEAR_MS],
];
/** A clock that is a day off at most is measured; further off it is only said. */
const MEASURED_UP_TO_MS = DAY_MS;

const CLOCK_WORDS = ["clock.text"];

export const clockSkew: Scenario = {
  name: "clock-skew",
  title: "Wrong clocks: a day, years, and a jump in mid-chat",
  peers: [
    "one minute off ends the link's session: an absolute Expires (matrix-js-sdk#5141)",
    "a clock that jumped unlinked the device for good (Signal-Desktop#6821)",
  ],
  cast: OFF_BY.map(([phone, computer]) => `a phone ${inDays(phone)} and a computer ${inDays(computer)}`),
  engines: ["simulator", "real"],
  goals: [
    { figure: "linked", what: "links that worked", unit: "", peer: "0 at one minute", atLeast: OFF_BY.length },
    { figure: "signedOut", what: "devices signed out, also by jumps", unit: "", peer: "the device, for good", atMost: 0 },
    { figure: "lost", what: "messages lost", unit: "", peer: "–", atMost: 0 },
    { figure: "duplicates", what: "messages shown twice", unit: "", peer: "–", atMost: 0 },
    { figure: "usableSeconds", what: "from “confirm” to usable chats, slowest", unit: "s", peer: "never", atMost: 15 },
    { figure: "toldSeconds", what: "from “confirm” to the computer saying that its clock is wrong; from a lost connection to the screen saying so", unit: "s", peer: "“logged out”", atMost: 15 },
    { figure: "measuredSeconds", what: "error of the skew that devices measured (± 1 day)", unit: "s", peer: "not measured", atMost: 1 },
    { figure: "historyWhole", what: "computers with whole history", unit: "", peer: "–", atLeast: OFF_BY.length },
  ], // prettier-ignore
  async play(stage) {
    const { story } = stage;
    const clocks = new Map<Device, number>();
    const setClock = async (device: Device, offsetMs: number): Promise<void> => {
      clocks.set(device, offsetMs);
      await device.setClock(offsetMs);
    };
    const members: Device[] = [];
    let linked = 0;
    let worstMs = 0;
    let slowestSeconds = 0;
    let told: Figure = { longestSeconds: 0 };
    for (const [n, [phoneOffMs, computerOffMs]] of OFF_BY.entries()) {
      const person = await stage.person(["elif", "mert", "ada", "deniz"][n]!, n % 2 === 0 ? "android" : "ios");
      await stage.settle(person.phone.importChat("Grandmother", 60));
      await setClock(person.phone, phoneOffMs);
      const computer = await stage.newCompanion(person, "browser");
      await setClock(computer, computerOffMs);
      story.fault(`${person.phone.name} is ${inDays(phoneOffMs)}, ${computer.name} ${inDays(computerOffMs)}`, person.name);
      const link = await tryLink(stage, person, computer);
      const { outcome } = link;
      slowestSeconds = Math.max(slowestSeconds, usableSeconds(link));
      story.check(computer.name, outcome === "linked", outcome);
      if (outcome === "linked") linked++;
      members.push(person.phone, computer);
      const { approvedAtMs } = link;
      if (computerOffMs === 0 || approvedAtMs === undefined) continue;
      await stage.until(() => computer.screen.saidAtMs(CLOCK_WORDS, approvedAtMs) !== undefined, 20 * SECOND_MS);
      told = slower(told, toldWords(computer, CLOCK_WORDS, approvedAtMs));
    }
    const [elif, mert, ada, deniz] = stage.people;
    for (const [from, to] of [
      [elif!, mert!],
      [mert!, ada!],
      [ada!, deniz!],
      [deniz!, elif!],
    ] as const) {
      await say(stage, from, to, `What time is it, ${to.name}?`);
      await say(stage, from, to, `My computer says something else, ${to.name}.`, from.companions[0]);
    }
    await stage.pass(30 * SECOND_MS);
    const jumpMs = (index: number): number => (index % 2 === 0 ? 3 * YEAR_MS : -2 * YEAR_MS);
    for (const [index, device] of members.entries()) await device.setClock(clocks.get(device)! + jumpMs(index));
    story.fault("all clocks jump by years while everything runs, and jump back after a minute", "clocks");
    await say(stage, elif!, deniz!, "Sent in another year.");
    await stage.pass(60 * SECOND_MS);
    for (const device of members) await device.setClock(clocks.get(device)!);
    // A connection measures anew.
    stage.cutAll();
    await stage.pass(120 * SECOND_MS);
    await stage.until(async () => (await stage.ledger.tally(stage)).lost.length === 0, 120 * SECOND_MS);
    for (const device of members) {
      const state = await stage.settle(device.state());
      const offsetMs = clocks.get(device)!;
      // A browser keeps what it measured to itself.
      const isMeasured = stage.engine === "simulator" || device.platform !== "browser";
      if (isMeasured && state?.connection.kind === "online" && Math.abs(offsetMs) <= MEASURED_UP_TO_MS)
        worstMs = Math.max(worstMs, Math.abs(state.connection.clockOffsetMs + offsetMs));
    }
    stage.measure("linked", linked);
    stage.measure("usableSeconds", slowestSeconds);
    stage.measure("toldSeconds", slower(told, toldOfOutages(members, 0, stage.nowMs())));
    stage.measure("measuredSeconds", worstMs / SECOND_MS);
    let whole = 0;
    for (const { companions } of stage.people) if ((await stage.settle(companions[0]!.state()))?.history.kind === "complete") whole++;
    stage.measure("historyWhole", whole);
    stage.measure("signedOut", await countSignedOut(stage, members));
    const { lost, duplicates } = await stage.ledger.tally(stage);
    for (const text of [...lost, ...duplicates].slice(0, 5)) story.check("ledger", false, text);
    stage.measure("lost", lost.length);
    stage.measure("duplicates", duplicates.length);
  },
};

function inDays(offMs: number): string {
  if (offMs === 0) return "on time";
  const days = Math.abs(offMs) / DAY_MS;
  return `${days >= 365 ? `${days / 365} years` : `${days} day`} ${offMs > 0 ? "ahead" : "behind"}`;
}
