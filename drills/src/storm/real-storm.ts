/**
 * A storm against one real server process: its own admission, stores and sockets. What it takes is measured first, with just as many links
 * as it lets in; then ten times as many come, and in the middle of it the process is killed. Two people chat beside it all the time.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { RENDEZVOUS_LIFETIME_MS } from "@hawser/wire";
import { inProcesses } from "../engines/real/real-stage.ts";
import { countSignedOut, say } from "../people.ts";
import type { Person, Stage } from "../stage.ts";
import { peakPerSecond, ratePerSecond, type StormOptions, type StormReport } from "./storm-report.ts";

const SECOND_MS = 1_000;
const LOAD = 10;
/** One that a machine shared with the load keeps up with ten times of. */
const CAPACITY_PER_SECOND = 8;
const CALM_MS = 35 * SECOND_MS;
const BEFORE_KILL_MS = 25 * SECOND_MS;
const DOWN_MS = 4 * SECOND_MS;
const AFTER_KILL_MS = 41 * SECOND_MS;
/** People compare for ten seconds; before that nothing can be complete. */
const FIRST_LINKS_MS = 15 * SECOND_MS;
/** Clients come back spread over this. */
const RETURN_MS = 15 * SECOND_MS;
/** Who was let in writes when its process has its turn: on a machine that is shared with the load, in small heaps. */
const PEAK_WINDOW_MS = 5 * SECOND_MS;
const CHAT_EVERY_MS = 500;
const LATE_MS = 2 * SECOND_MS;
const STORM_MS = BEFORE_KILL_MS + DOWN_MS + AFTER_KILL_MS;
const CALM_PER_SECOND = 1.2 * CAPACITY_PER_SECOND;
/** Nobody links twice. */
export const REAL_STORM_PEOPLE = Math.ceil((CALM_PER_SECOND * CALM_MS + LOAD * CAPACITY_PER_SECOND * STORM_MS) / SECOND_MS);
const GENERATOR = fileURLToPath(new URL("./storm-process.ts", import.meta.url));

export async function playRealStorm(stage: Stage): Promise<void> {
  const real = inProcesses(stage);
  const { story } = stage;
  const options = { trustedProxies: ["127.0.0.1"], limits: { links: { perSecond: CAPACITY_PER_SECOND } } };
  const port = await real.serveWith(options);
  const elif = await stage.person("elif", "android");
  const mert = await stage.person("mert", "android");
  await say(stage, elif, mert, "Everybody is linking today.");
  const generator = new Generator(
    {
      url: `ws://127.0.0.1:${port}`,
      people: REAL_STORM_PEOPLE,
      calmPerSecond: CALM_PER_SECOND,
      calmMs: CALM_MS,
      stormPerSecond: LOAD * CAPACITY_PER_SECOND,
      stormMs: STORM_MS,
    },
    (text) => story.act("people", text),
  );
  try {
    await generator.said("ready");
    story.act("people", `${REAL_STORM_PEOPLE.toLocaleString("en")} accounts with connected phones`);
    const chat = chatAllTheTime(stage, elif, mert);
    generator.go();
    await generator.said("calm");
    const calmAtMs = Date.now();
    story.act("people", `${CALM_PER_SECOND.toFixed(1)} a second link; the server lets ${CAPACITY_PER_SECOND} a second in`);
    await generator.said("storm");
    const stormAtMs = Date.now();
    story.fault(`now ${LOAD * CAPACITY_PER_SECOND} a second`, "people");
    await stage.wait(BEFORE_KILL_MS);
    const killedAtMs = Date.now();
    const [killedMs] = [stage.nowMs(), await real.killServer()];
    story.fault("the server's process is killed");
    await stage.wait(DOWN_MS);
    await real.serveWith({ ...options, port });
    const backAtMs = Date.now();
    story.fault("it is back");
    await stage.until(
      async () => (await elif.phone.state())?.connection.kind === "online" && (await mert.phone.state())?.connection.kind === "online",
      60 * SECOND_MS,
    );
    const onlineMs = stage.nowMs();
    const report = await generator.result();
    const late = await chat.stop((atMs) => atMs < killedMs - LATE_MS || atMs > onlineMs);

    const capacity = ratePerSecond(report.linkedAtMs, calmAtMs + FIRST_LINKS_MS, stormAtMs);
    const goodput = ratePerSecond(report.linkedAtMs, stormAtMs + FIRST_LINKS_MS, killedAtMs);
    const peak = peakPerSecond(
      begunAtMs(real.dataFile("rendezvous.db")).filter((atMs) => atMs >= backAtMs),
      PEAK_WINDOW_MS,
    );
    const again = ratePerSecond(report.linkedAtMs, backAtMs + RETURN_MS + FIRST_LINKS_MS, Date.now());
    story.check(
      "server",
      goodput >= 0.9 * capacity,
      `${capacity.toFixed(1)} links a second without the storm, ${goodput.toFixed(1)} in it, ${again.toFixed(1)} after the kill`,
    );
    story.act(
      "people",
      `${report.started.toLocaleString("en")} came, ${report.linkedAtMs.length} are linked, ${report.sentAway.toLocaleString("en")} times somebody was told when to come back`,
    );
    for (const [error, times] of Object.entries(report.errors)) story.act("people", `${times} attempts ended with ${error}`);
    stage.measure("capacity", capacity);
    stage.measure("goodputPercent", (100 * goodput) / capacity);
    stage.measure("afterPercent", (100 * again) / capacity);
    stage.measure("peak", peak / capacity);
    stage.measure("late", late);
    const { messages, lost, duplicates } = await stage.ledger.tally(stage);
    story.check(
      "chat",
      late + lost.length + duplicates.length === 0,
      `${messages} messages beside it: ${late} later than 2 s, ${lost.length} lost`,
    );
    stage.measure("signedOut", report.revoked + (await countSignedOut(stage, [elif.phone, mert.phone])));
    stage.measure("usableSeconds", report.slowestLinkMs / SECOND_MS);
    stage.measure("toldSeconds", report.slowestWordMs / SECOND_MS);
    stage.measure("lost", lost.length);
    stage.measure("duplicates", duplicates.length);
  } finally {
    await generator.end();
  }
}

/** By the server's own store: when each rendezvous got its first slot, on the wall's clock. */
function begunAtMs(path: string): number[] {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare("SELECT expires_at_ms FROM rendezvous").all() as { readonly expires_at_ms: number }[];
  database.close();
  return rows.map((row) => row.expires_at_ms - RENDEZVOUS_LIFETIME_MS);
}

/** Two people who do not care about links. */
function chatAllTheTime(stage: Stage, elif: Person, mert: Person) {
  const sent: { readonly to: Person; readonly text: string; readonly atMs: number }[] = [];
  let over = false;
  const chatting = (async (): Promise<void> => {
    for (let n = 1; !over; n++) {
      const [from, to] = n % 2 === 0 ? [elif, mert] : [mert, elif];
      const text = `Beside the storm, ${n}.`;
      sent.push({ to, text, atMs: stage.nowMs() });
      await say(stage, from, to, text);
      await stage.wait(CHAT_EVERY_MS);
    }
  })();
  return {
    /** Of the messages that count: how many came late. */
    async stop(counts: (atMs: number) => boolean): Promise<number> {
      over = true;
      await chatting;
      const shown = ({ to, text }: (typeof sent)[number]): number => to.phone.screen.shownAtMs(text) ?? Number.POSITIVE_INFINITY;
      await stage.until(() => sent.every((each) => Number.isFinite(shown(each))), 30 * SECOND_MS);
      return sent.filter((each) => counts(each.atMs) && shown(each) - each.atMs > LATE_MS).length;
    },
  };
}

class Generator {
  readonly #child;
  readonly #lines: string[] = [];
  readonly #wakes = new Set<() => void>();
  #ended = false;

  constructor(options: StormOptions, onProgress: (text: string) => void) {
    this.#child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", GENERATOR], {
      env: { ...process.env, DRILL_STORM: JSON.stringify(options) },
      stdio: ["pipe", "pipe", "inherit"],
    });
    const wake = (): void => this.#wakes.forEach((each) => each());
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      this.#lines.push(line);
      if (line.startsWith("progress ")) onProgress(line.slice("progress ".length));
      wake();
    });
    this.#child.once("exit", () => {
      this.#ended = true;
      wake();
    });
  }

  go(): void {
    this.#child.stdin.write("go\n");
  }

  async said(word: string): Promise<string> {
    for (;;) {
      const line = this.#lines.find((each) => each.startsWith(word));
      if (line !== undefined) return line;
      if (this.#ended) throw new Error("the load's process ended before its time");
      await new Promise<void>((resolve) => this.#wakes.add(resolve));
    }
  }

  async result(): Promise<StormReport> {
    return JSON.parse((await this.said("result ")).slice("result ".length)) as StormReport;
  }

  async end(): Promise<void> {
    if (this.#ended) return;
    const gone = new Promise<void>((resolve) => this.#child.once("exit", () => resolve()));
    this.#child.kill("SIGKILL");
    await gone;
  }
}
