/** An iPhone that iOS freezes or kills in the middle of everything: at each commit of the ceremony and of the upload behind it. R6, R11, R22. */
import { countSignedOut, linkPatiently, say } from "../people.ts";
import type { Scenario } from "../scenario.ts";
import type { Device } from "../stage.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const AWAY_MS = { simulator: 40 * SECOND_MS, real: 8 * SECOND_MS };
const LINES = 120;
const WAYS = [
  { name: "killed before", how: "killed", when: "before" },
  { name: "killed after", how: "killed", when: "after" },
  { name: "frozen at", how: "frozen", when: "after" },
] as const;

export const suspendedIphone: Scenario = {
  name: "suspended-iphone",
  title: "iOS freezes or kills the phone at every step of a link and of the upload after it",
  peers: [
    "tokens rotated while iOS suspended the app: signed out (matrix-rust-sdk#6794)",
    "iOS's first try always fails (whatsmeow#1039); interrupted links poison later ones (Signal-Desktop#1237); a link that nobody confirmed stays as a ghost (Baileys#943, #2488)",
  ],
  cast: ["one person with an iPhone and a new browser for each step; the phone comes back after 40 s, with real processes after 8"],
  engines: ["simulator", "real"],
  suspendsPhones: true,
  size: { what: "commits (with real processes frames that it sends), three ways each", test: 5, full: 30, real: 8 },
  goals: [
    { figure: "linked", what: "links that worked in the end", unit: "%", peer: "first try fails", atLeast: 100 },
    { figure: "tries", what: "scans that the unluckiest needed", unit: "", peer: "link again by hand", atMost: 2 },
    { figure: "ghosts", what: "devices in a list that nobody has", unit: "", peer: "one each", atMost: 0 },
    { figure: "usableSeconds", what: "from the phone's return to usable chats on the computer, slowest", unit: "s", peer: "link again by hand", atMost: 60 },
    { figure: "toldSeconds", what: "… to a screen saying how it goes on, slowest", unit: "s", peer: "nothing is said", atMost: 30 },
    { figure: "signedOut", what: "devices signed out", unit: "", peer: "the phone or the new device", atMost: 0 },
    { figure: "whole", what: "companions with whole history", unit: "%", peer: "no resume (Signal-iOS#6002)", atLeast: 100 },
    { figure: "lost", what: "messages lost", unit: "", peer: "–", atMost: 0 },
  ], // prettier-ignore
  async play(stage) {
    const members: Device[] = [];
    const cases = Array.from({ length: stage.size }, (_, step) => WAYS.map((way) => ({ step, way }))).flat();
    let linked = 0;
    let unluckiest = 0;
    let ghosts = 0;
    let whole = 0;
    let [usableMs, toldMs] = [0, 0];
    const mert = await stage.person("mert", "android");
    const stepName = stage.engine === "real" ? "frame" : "commit";
    for (const [n, { step, way }] of cases.entries()) {
      const person = await stage.person(`person${n}`, "ios");
      await stage.settle(person.phone.importChat("Grandmother", LINES));
      const computer = await stage.newCompanion(person, "browser");
      await say(stage, person, mert, `This is ${person.name}.`);
      await say(stage, mert, person, `Are you linking, ${person.name}?`);
      const pause = await stage.interrupt(person, { step, when: way.when }, way.how, AWAY_MS[stage.engine]);
      const { linked: isLinked, scans } = await linkPatiently(stage, person, computer, 10 * MINUTE_MS);
      if (isLinked) linked++;
      unluckiest = Math.max(unluckiest, scans);
      const usableAtMs = await stage.until(() => computer.usable(), 10 * MINUTE_MS);
      const isWhole = await stage.until(async () => (await computer.state())?.history.kind === "complete", 10 * MINUTE_MS);
      if (isWhole !== undefined) whole++;
      if (pause.endedAtMs !== undefined) {
        const { endedAtMs } = pause;
        const news = [person.phone, computer].map(({ screen }) => screen.newsAtMs(endedAtMs) ?? Number.POSITIVE_INFINITY);
        usableMs = Math.max(usableMs, (usableAtMs ?? Number.POSITIVE_INFINITY) - endedAtMs);
        toldMs = Math.max(toldMs, Math.min(...news, isWhole ?? Number.POSITIVE_INFINITY) - endedAtMs);
      }
      await say(stage, person, mert, `Yes, ${way.name} its ${stepName} ${step}.`, computer);
      const listed = (await stage.settle(person.phone.devices())).length;
      ghosts += Math.max(0, listed - (isLinked ? 2 : 1));
      const ending = `${isLinked ? "linked" : "not linked"} with ${scans} ${scans === 1 ? "scan" : "scans"}, history ${isWhole === undefined ? "not whole" : "whole"}`;
      stage.story.check(
        person.phone.name,
        isLinked && isWhole !== undefined && listed === 2,
        `${way.name} its ${stepName} ${step}: ${ending}`,
      );
      members.push(person.phone, computer);
    }
    await stage.wait(30 * SECOND_MS);
    stage.measure("usableSeconds", usableMs / SECOND_MS);
    stage.measure("toldSeconds", toldMs / SECOND_MS);
    stage.measure("linked", (100 * linked) / cases.length);
    stage.measure("whole", (100 * whole) / cases.length);
    stage.measure("tries", unluckiest);
    stage.measure("ghosts", ghosts);
    stage.measure("signedOut", await countSignedOut(stage, [...members, mert.phone]));
    const { lost } = await stage.ledger.tally(stage);
    for (const text of lost.slice(0, 5)) stage.story.check("ledger", false, text);
    stage.measure("lost", lost.length);
  },
};
