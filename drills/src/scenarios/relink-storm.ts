/** Everybody links again at once, ten times as many a second as the server takes, and in the middle of it the link role is gone. R9, R10, R37. */
import { SeededRandom } from "@hawser/sim/engine/seeded-random";
import { LinkServer } from "../storm/link-server.ts";
import { PersonLinking } from "../storm/person-linking.ts";
import { playRealStorm, REAL_STORM_PEOPLE } from "../storm/real-storm.ts";
import { TickQueue } from "../storm/tick-queue.ts";
import { slowestLinkMs, slowestWordMs, Wait } from "../storm/waits.ts";
import { countSignedOut, say, tryLink } from "../people.ts";
import type { Person, Stage } from "../stage.ts";
import type { Scenario } from "../scenario.ts";

const SECOND_MS = 1_000;
const LOAD = 10;
const CAPACITY_PER_SECOND = 50;
const DOWN_MS = 60 * SECOND_MS;
const STARTED_AT_MS = 1_800_000_000_000;
/** Nobody waits for a drill for ever. */
const MAX_SECONDS = 4 * 3_600;

/** From the first scan to the first link that is complete: people compare. */
const FIRST_LINKS_S = 15;
const CHAT_EVERY_S = 5;
/** Clients come back spread over this (docs/PROTOCOL.md, "Keeping alive"). */
const RECONNECT_WITHIN_MS = 30 * SECOND_MS;
const count = (value: number): string => value.toLocaleString("en");

export const relinkStorm: Scenario = {
  name: "relink-storm",
  title: "Everybody links again at once: ten times what the server takes, and it goes down in the middle",
  peers: [
    "27 February 2026: a day of “try again”; nobody was told when (reports of the day)",
    "one peer allows a burst of 6 and one link more every 2 minutes (its source)",
  ],
  cast: [
    "two people who chat beside it; in the simulator on a server of their own whose link role goes out at the same time",
    "people with a phone and a computer: the real linking machines, the real admission, limits and rendezvous; cryptography is symbolic here, signatures and first connections take fixed times",
  ],
  engines: ["simulator", "real"],
  size: { what: "accounts", test: 3_000, full: 100_000, real: REAL_STORM_PEOPLE },
  goals: [
    { figure: "linked", what: "links that worked in the end", unit: "%", peer: "after ~24 h", atLeast: 100, engine: "simulator" },
    { figure: "capacity", what: "links a second that the server completed without the storm", unit: "", peer: "–", atLeast: 1, engine: "real" },
    { figure: "goodputPercent", what: "links a second while there was a line, of the capacity", unit: "%", peer: "–", atLeast: 90 },
    { figure: "afterPercent", what: "… the same after the process was killed", unit: "%", peer: "–", atLeast: 90, engine: "real" },
    { figure: "peak", what: "most links let in in a second after the outage, of the capacity", unit: "×", peer: "–", atMost: 1.2, engine: "simulator" },
    { figure: "peak", what: "most links let in over five seconds after the outage, of the capacity", unit: "×", peer: "–", atMost: 1.2, engine: "real" },
    { figure: "signedOut", what: "devices signed out", unit: "", peer: "not published", atMost: 0 },
    { figure: "usableSeconds", what: "from “confirm” to a linked computer, slowest, the outage included", unit: "s", peer: "after ~24 h", atMost: 120 },
    { figure: "toldSeconds", what: "until a person knew a place or a time, slowest", unit: "s", peer: "never", atMost: 5, engine: "simulator" },
    { figure: "toldSeconds", what: "until a person knew a place or a time, slowest, the kill included", unit: "s", peer: "never", atMost: 60, engine: "real" },
    { figure: "tries", what: "scans that the unluckiest needed", unit: "", peer: "all day", atMost: 40, engine: "simulator" },
    { figure: "late", what: "messages beside it that came later than 2 s", unit: "", peer: "–", atMost: 0, engine: "real" },
    { figure: "lost", what: "messages beside it lost", unit: "", peer: "–", atMost: 0 },
    { figure: "duplicates", what: "messages beside it shown twice", unit: "", peer: "–", atMost: 0 },
  ], // prettier-ignore
  async play(stage) {
    if (stage.engine === "real") return playRealStorm(stage);
    const { story, size } = stage;
    const random = new SeededRandom(`storm ${size}`);
    const queue = new TickQueue();
    const clock = queue.clock(STARTED_AT_MS);
    const server = new LinkServer(queue, clock, random.fork("server"), { perSecond: CAPACITY_PER_SECOND });
    const spreadMs = (size / (LOAD * CAPACITY_PER_SECOND)) * SECOND_MS;
    const begunPerSecond: number[] = [];
    const errors = new Map<string, number>();
    let [linked, sentAway] = [0, 0];
    const waits: Wait[] = [];
    const beside = await chatBeside(stage);
    const people: PersonLinking[] = [];
    for (let n = 0; n < size; n++) {
      const beginsAtMs = random.fraction() * spreadMs;
      const wait = new Wait(queue, beginsAtMs);
      waits.push(wait);
      const person = new PersonLinking(n, {
        time: queue,
        service: server,
        random: random.fork(`person ${n}`),
        events: {
          confirmed: () => wait.confirmed(),
          linked() {
            wait.linked();
            linked++;
          },
          placed: () => wait.word(),
          sentAway() {
            wait.word();
            sentAway++;
          },
          failed(error) {
            errors.set(error, (errors.get(error) ?? 0) + 1);
          },
        },
      });
      people.push(person);
      queue.after(beginsAtMs, () => person.begin());
    }
    story.fault(
      `${count(size)} people link within ${Math.round(spreadMs / SECOND_MS)} s; the server takes ${CAPACITY_PER_SECOND} links a second`,
    );
    const downFromS = Math.ceil((size / CAPACITY_PER_SECOND) * 0.4);
    const upFromS = downFromS + DOWN_MS / SECOND_MS;
    const progress = (): string => {
      const { waiting, underWay } = server.load;
      return `${count(linked)} linked, ${count(waiting)} in the line, ${count(underWay)} at it, ${count(sentAway)} times told when to come back`;
    };
    let second = 0;
    let [busySeconds, busyLinks] = [0, 0];
    const everySeconds = Math.ceil(size / CAPACITY_PER_SECOND / 6);
    for (; second < MAX_SECONDS && linked < size; second++) {
      if (second === downFromS) story.fault(`the link role is gone for ${DOWN_MS / SECOND_MS} s; ${count(linked)} are linked`);
      if (second === downFromS) {
        await stage.takeOut("rendezvous");
        for (const person of people) if (!person.isDone) person.cutOff();
      }
      if (second === upFromS) {
        await stage.putBack("rendezvous");
        story.fault("it is back");
        for (const person of people)
          if (!person.isDone)
            for (const side of ["phone", "companion"] as const)
              queue.after(random.fraction() * RECONNECT_WITHIN_MS, () => person.reconnected(side));
      }
      server.isDown = second >= downFromS && second < upFromS;
      const [before, begunBefore] = [linked, server.begun];
      queue.run(SECOND_MS);
      begunPerSecond[second] = server.begun - begunBefore;
      const isSettled =
        second >= FIRST_LINKS_S && (second < downFromS || second >= upFromS + RECONNECT_WITHIN_MS / SECOND_MS + FIRST_LINKS_S);
      if (isSettled && server.load.waiting >= CAPACITY_PER_SECOND)
        [busySeconds, busyLinks] = [busySeconds + 1, busyLinks + linked - before];
      if (second % CHAT_EVERY_S === 0) await beside.chat(second);
      await stage.wait(SECOND_MS);
      if (second % everySeconds === 0 && second > 0) story.act("people", progress());
    }
    server.close();
    await beside.tally();
    const peak = Math.max(...begunPerSecond.slice(upFromS));
    stage.measure("linked", (100 * linked) / size);
    stage.measure("goodputPercent", (100 * busyLinks) / busySeconds / CAPACITY_PER_SECOND);
    stage.measure("peak", peak / CAPACITY_PER_SECOND);
    stage.measure("usableSeconds", slowestLinkMs(waits) / SECOND_MS);
    stage.measure("toldSeconds", slowestWordMs(waits) / SECOND_MS);
    stage.measure("tries", Math.max(...people.map(({ tries }) => tries)));
    stage.measure("minutes", second / 60);
    stage.measure("requestsPerLink", server.requests / Math.max(1, linked));
    for (const [error, times] of errors) story.act("people", `${count(times)} attempts ended with ${error}`);
    story.check(
      "all",
      linked === size,
      `${count(linked)} are linked after ${Math.round(second / 60)} min, ${(server.requests / Math.max(1, linked)).toFixed(1)} requests each`,
    );
  },
};

/** Two people with a computer, who do not link: what becomes of them and of what they write. */
async function chatBeside(stage: Stage) {
  const [elif, mert]: readonly Person[] = [await stage.person("elif", "android"), await stage.person("mert", "ios")];
  const computer = await stage.newCompanion(elif!, "browser");
  await tryLink(stage, elif!, computer);
  return {
    async chat(second: number): Promise<void> {
      await say(stage, elif!, mert!, `Beside the storm, ${second}.`, computer);
      await say(stage, mert!, elif!, `I can read ${second}.`);
    },
    async tally(): Promise<void> {
      await stage.wait(SECOND_MS);
      const { lost, duplicates } = await stage.ledger.tally(stage);
      stage.measure("signedOut", await countSignedOut(stage, [elif!.phone, mert!.phone, computer]));
      stage.measure("lost", lost.length);
      stage.measure("duplicates", duplicates.length);
    },
  };
}
