/**
 * The load of a storm, in a process of its own. First as many links as the server can just take, then ten times as many; the server may
 * be killed meanwhile. Says when which part begins, and at the end when each link was complete.
 */
import { createInterface } from "node:readline";
import { systemRandom } from "@hawser/io-node";
import { PersonLinking } from "./person-linking.ts";
import { realTime, SocketService } from "./socket-service.ts";
import type { StormOptions, StormReport } from "./storm-report.ts";
import { slowestLinkMs, slowestWordMs, Wait } from "./waits.ts";

const PREPARED_AT_ONCE = 50;
const PROGRESS_EVERY_MS = 10_000;
const { url, people, calmPerSecond, calmMs, stormPerSecond, stormMs } = JSON.parse(process.env["DRILL_STORM"] ?? "{}") as StormOptions;
const tell = (line: string): void => void process.stdout.write(`${line}\n`);
const wait = (durationMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, durationMs));

const orders = createInterface({ input: process.stdin });
orders.once("close", () => process.exit(1));
const persons: (PersonLinking | undefined)[] = [];
const service = new SocketService(url, (person, side) => persons[person]?.reconnected(side));
const waits: Wait[] = [];
const report: StormReport = { linkedAtMs: [], slowestWordMs: 0, slowestLinkMs: 0, revoked: 0, sentAway: 0, started: 0, errors: {} };

let next = 0;
for (let n = 0; n < people; n += PREPARED_AT_ONCE)
  await Promise.all(Array.from({ length: Math.min(PREPARED_AT_ONCE, people - n) }, (_, i) => service.prepare(n + i)));
tell("ready");
const progress = setInterval(() => {
  const { started, linkedAtMs, sentAway } = report;
  tell(
    `progress ${started} came, ${service.begun} were let in, ${linkedAtMs.length} are linked, ${sentAway} were told when to come back; ${service.connected} sockets`,
  );
}, PROGRESS_EVERY_MS);
progress.unref();
await new Promise<void>((resolve) => orders.once("line", () => resolve()));
tell("calm");
await load(calmPerSecond, calmMs);
tell("storm");
await load(stormPerSecond, stormMs);
Object.assign(report, { slowestWordMs: slowestWordMs(waits), slowestLinkMs: slowestLinkMs(waits), revoked: service.revoked });
tell(`result ${JSON.stringify(report)}`);
process.exit(0);

async function load(perSecond: number, durationMs: number): Promise<void> {
  const beganMs = realTime.nowMs;
  for (let count = 0; realTime.nowMs - beganMs < durationMs; count++) {
    await wait(Math.max(0, beganMs + (count * 1_000) / perSecond - realTime.nowMs));
    if (next < people) begin(next++);
  }
}

function begin(n: number): void {
  report.started++;
  const wait = new Wait(realTime, realTime.nowMs);
  waits.push(wait);
  const person = new PersonLinking(n, {
    time: realTime,
    service,
    random: systemRandom,
    events: {
      confirmed: () => wait.confirmed(),
      linked() {
        wait.linked();
        report.linkedAtMs.push(Date.now());
      },
      placed: () => wait.word(),
      sentAway() {
        wait.word();
        report.sentAway++;
      },
      failed: (error) => void (report.errors[error] = (report.errors[error] ?? 0) + 1),
    },
  });
  persons[n] = person;
  person.begin();
}
