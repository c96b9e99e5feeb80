/** A second, third and fourth device of one account, while the service tells the earlier ones that they are out. R11, R13–R15. */
import { countSignedOut, say, tryLink, usableSeconds } from "../people.ts";
import type { Scenario } from "../scenario.ts";
import type { Device } from "../stage.ts";
import { toldOfOutages } from "../told.ts";

const LINKS = 4;

export const secondDevice: Scenario = {
  name: "second-device",
  title: "A second device is linked, and the service tells the first one that it is out",
  peers: [
    "27 February 2026: Android users were thrown out of their first computer when they linked a second one (Sözcü); “can only log in to one device at a time” right after the scan (waha#1936).",
    "An unsigned 401 cost one bot about 35 % of its sessions, with no reason or actor to be seen (whatsmeow PR 1211).",
  ],
  cast: ["Elif: Android phone, a browser and then more browsers", "Mert: Android phone"],
  engines: ["simulator", "real"],
  goals: [
    { figure: "signedOut", what: "devices signed out", unit: "", peer: "the first computer, every time", atMost: 0 },
    { figure: "linked", what: "devices linked one after another", unit: "", peer: "one at a time", atLeast: LINKS },
    { figure: "lies", what: "unsigned “you are revoked” that devices heard", unit: "", peer: "believed", atLeast: 1 },
    { figure: "lost", what: "messages lost", unit: "", peer: "–", atMost: 0 },
    { figure: "duplicates", what: "messages shown twice", unit: "", peer: "–", atMost: 0 },
    { figure: "usableSeconds", what: "from “confirm” to usable chats, slowest of them", unit: "s", peer: "–", atMost: 15 },
    { figure: "toldSeconds", what: "from a lie to its screen saying that the service refuses it, slowest", unit: "s", peer: "“logged out”", atMost: 60 },
    { figure: "backOnlineSeconds", what: "until the first computer is online again", unit: "s", peer: "scan again", atMost: 60 },
  ], // prettier-ignore
  async play(stage) {
    const { story, front } = stage;
    const elif = await stage.person("elif", "android");
    const mert = await stage.person("mert", "android");
    await say(stage, elif, mert, "Hello Mert, this is my new number.");
    const linked: Device[] = [];
    const first = await stage.newCompanion(elif, "browser");
    const firstLink = await tryLink(stage, elif, first);
    if (firstLink.outcome === "linked") linked.push(first);
    let slowestSeconds = usableSeconds(firstLink);
    story.check(first.name, linked.length === 1, "is linked and shows the chats");
    front.faults.newLinkEvicts = true;
    story.fault("from now on, a new device makes the service tell the others that they are revoked: without a signature");
    const liesFromMs = stage.nowMs();
    for (let n = 2; n <= LINKS; n++) {
      const next = await stage.newCompanion(elif, n === LINKS ? "terminal" : "browser");
      const link = await tryLink(stage, elif, next);
      const { outcome } = link;
      slowestSeconds = Math.max(slowestSeconds, usableSeconds(link));
      if (outcome === "linked") linked.push(next);
      story.check(next.name, outcome === "linked", `device ${n}: ${outcome}`);
      await say(stage, mert, elif, `Did number ${n} work?`);
      await stage.wait(2_000);
    }
    stage.measure("lies", front.lies);
    stage.measure("usableSeconds", slowestSeconds);
    await stage.wait(5_000);
    stage.measure("toldSeconds", toldOfOutages(linked, liesFromMs, stage.nowMs()));
    front.heal();
    story.fault("the service stops lying");
    const healedAtMs = stage.nowMs();
    const backAtMs = await stage.until(async () => (await first.state())?.connection.kind === "online", 120_000);
    if (backAtMs !== undefined) stage.measure("backOnlineSeconds", (backAtMs - healedAtMs) / 1_000);
    await say(stage, elif, mert, "Still here, on all of them.", first);
    await stage.until(() => mert.phone.screen.shownAtMs("Still here, on all of them.") !== undefined, 30_000);
    await stage.wait(10_000);
    stage.measure("linked", linked.length);
    stage.measure("signedOut", await countSignedOut(stage, [elif.phone, mert.phone, ...linked]));
    const { lost, duplicates } = await stage.ledger.tally(stage);
    stage.measure("lost", lost.length);
    stage.measure("duplicates", duplicates.length);
  },
};
