/** From network to network, each with a proxy of its own manners, in the middle of what people write. R24, R25. */
import { countSignedOut, say, tryLink, usableSeconds } from "../people.ts";
import type { Scenario } from "../scenario.ts";
import type { Way } from "../stage.ts";
import { talkThrough } from "../talk.ts";
import { toldOfOutages } from "../told.ts";

const SECOND_MS = 1_000;
const PATIENCE_MS = 60 * SECOND_MS;
const PACE_MS = 300;
/** Long enough for some cuts. */
const SLOW_PACE_MS = 4_000;
/** Of messages in each network, in each direction. */
const ROUNDS = 5;

interface Stop {
  readonly network: string;
  readonly figure: string;
  readonly what: string;
  readonly way: Way;
}

const STOPS: readonly Stop[] = [
  { network: "office", figure: "strippedSeconds", what: "a proxy that strips Upgrade", way: { upgrade: "stripped" } },
  { network: "airport", figure: "refusedSeconds", what: "a proxy that answers 503 to Upgrade", way: { upgrade: "503" } },
  { network: "hospital", figure: "hangsSeconds", what: "a proxy that lets upgrades hang for ever", way: { upgrade: "hangs" } },
  { network: "train", figure: "cutSeconds", what: "a proxy that cuts every connection after 3 s", way: { upgrade: "works", cutsAfterMs: 3 * SECOND_MS } },
  { network: "hotel", figure: "heldBackSeconds", what: "a proxy that lets upgrades hang and holds streams back", way: { upgrade: "hangs", holdsBack: true } },
]; // prettier-ignore
const HOTEL = STOPS.at(-1)!;

export const proxyFromHell: Scenario = {
  name: "proxy-from-hell",
  title: "From network to network, each with a proxy that treats connections badly",
  peers: [
    "a proxy blocks the only route of a link: “connecting” for ever (Signal-Desktop#464, #6669; element-x-android#7694)",
    "a 503 on the upgrade left the client CONNECTING for ever (OpenWA#1546); a ghost socket that nobody noticed (wwebjs#201734)",
  ],
  cast: ["Elif: a phone and a computer, on the move together", "Mert: at home, writes to her all the time"],
  engines: ["simulator", "real"],
  behindProxies: true,
  goals: [
    ...STOPS.map(({ figure, what }) => ({ figure, what: `${what}: slowest message`, unit: "s" as const, peer: "“connecting” for ever", atMost: 15 })),
    { figure: "returnSeconds", what: "opened anew in the hotel: slowest message", unit: "s", peer: "–", atMost: 5 },
    { figure: "returnUpgrades", what: "… upgrades tried there again", unit: "", peer: "the same wait every time", atMost: 0 },
    { figure: "homeSeconds", what: "at home again, without a proxy: slowest message", unit: "s", peer: "–", atMost: 15 },
    { figure: "linked", what: "computers linked behind the worst of them", unit: "", peer: "blocked (Signal-Desktop#464)", atLeast: 1 },
    { figure: "usableSeconds", what: "… there from “confirm” to usable chats", unit: "s", peer: "never", atMost: 15 },
    { figure: "toldSeconds", what: "from losing the connection to the screen saying so, slowest", unit: "s", peer: "“connecting” for ever", atMost: 15 },
    { figure: "signedOut", what: "devices signed out", unit: "", peer: "–", atMost: 0 },
    { figure: "lost", what: "messages lost", unit: "", peer: "–", atMost: 0 },
    { figure: "duplicates", what: "messages shown twice", unit: "", peer: "–", atMost: 0 },
  ], // prettier-ignore
  async play(stage) {
    const { story } = stage;
    const elif = await stage.person("elif", "android");
    const mert = await stage.person("mert", "android");
    await say(stage, elif, mert, "I am on the road today.");
    const computer = await stage.newCompanion(elif, "browser");
    await tryLink(stage, elif, computer);
    const moving = [elif.phone, computer];
    const moveTo = (network: string, way: Way): void => {
      for (const device of moving) stage.moveTo(device, network, way);
    };

    /** Messages in both directions, with something happening in the middle of them. */
    const chat = (where: string, paceMs: number, happens: () => Promise<void> | void): Promise<number | undefined> =>
      talkThrough(stage, {
        rounds: ROUNDS,
        paceMs,
        patienceMs: PATIENCE_MS,
        happens,
        round: (n) => [
          { from: elif, device: computer, to: mert, text: `${where}, ${n}, from the computer`, seenOn: [mert.phone, elif.phone] },
          { from: mert, to: elif, text: `${where}, ${n}, from Mert`, seenOn: [computer, elif.phone] },
        ],
      });
    const note = (figure: string, seconds: number | undefined, where: string): void => {
      if (seconds !== undefined) stage.measure(figure, seconds);
      story.check(
        where,
        seconds !== undefined,
        seconds === undefined ? "messages stand still" : `every message is there, ${seconds.toFixed(1)} s at most on its way`,
      );
    };

    const leftHomeMs = stage.nowMs();
    for (const { network, figure, what, way } of STOPS) {
      story.act(elif.name, `walks into the ${network} in the middle of a chat`);
      const seconds = await chat(network, way.cutsAfterMs === undefined ? PACE_MS : SLOW_PACE_MS, () => {
        moveTo(network, way);
        story.fault(what, network);
      });
      note(figure, seconds, network);
    }

    const second = await stage.newCompanion(elif, "terminal");
    stage.moveTo(second, HOTEL.network, HOTEL.way);
    const link = await tryLink(stage, elif, second);
    const { outcome } = link;
    stage.measure("usableSeconds", usableSeconds(link));
    stage.measure("linked", outcome === "linked" ? 1 : 0);
    story.check(second.name, outcome === "linked", `a new device behind that proxy: ${outcome}`);
    moving.push(second);

    story.act(elif.name, "closes the computer in the hotel, and opens it again");
    const triedBefore = stage.upgradesTried(computer);
    const reopen = async (): Promise<void> => {
      await computer.kill();
      await computer.start();
    };
    note("returnSeconds", await chat("hotel again", PACE_MS, reopen), HOTEL.network);
    stage.measure("returnUpgrades", stage.upgradesTried(computer) - triedBefore);

    story.act(elif.name, "is at home again");
    note("homeSeconds", await chat("home", PACE_MS, () => moveTo("home", { upgrade: "works" })), "home");
    await stage.wait(5 * SECOND_MS);
    stage.measure("toldSeconds", toldOfOutages(moving, leftHomeMs, stage.nowMs()));
    stage.measure("signedOut", await countSignedOut(stage, [mert.phone, ...moving]));
    const { messages, lost, duplicates } = await stage.ledger.tally(stage);
    for (const text of [...lost, ...duplicates].slice(0, 5)) story.check("ledger", false, text);
    story.check("all", lost.length + duplicates.length === 0, `${messages} messages stand once on every device they belong to`);
    stage.measure("lost", lost.length);
    stage.measure("duplicates", duplicates.length);
  },
};
