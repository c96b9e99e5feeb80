/**
 * A drill as one page that can be opened, printed or sent: its day as a picture with a lane for each who, the timeline in words, and the
 * figures with bars. HTML and SVG in one file, light and dark, without scripts or anything to fetch.
 */
import type { DrillResult } from "../run-drill.ts";
import type { Verdict } from "../scenario.ts";
import type { Line, LineKind } from "../story.ts";
import { clock, goalOf, measured } from "./text.ts";

const LANE_HEIGHT_PX = 30;
const NAMES_WIDTH_PX = 170;
const STEP_PX = 15;
const PX_PER_DOUBLING = 7;
const MAX_LANES = 14;
const MARK_PX = 5;
const BAR_PX = 120;

const KIND_NAMES: Readonly<Record<LineKind, string>> = {
  fault: "fails, or is mended",
  act: "what people do",
  screen: "what a screen says",
  good: "held",
  bad: "did not hold",
};

const STYLE = `
:root { color-scheme: light dark; --bg: #fbfaf7; --ink: #1d2a33; --soft: #6b7780; --line: #dcdad2; --card: #fff;
  --fault: #b3261e; --act: #3b6ea5; --screen: #8a6d1d; --good: #1b7f4d; --bad: #b3261e; --bar: #2f6f8f; }
@media (prefers-color-scheme: dark) { :root { --bg: #10171c; --ink: #e6ebee; --soft: #93a1ab; --line: #2a363e; --card: #172127;
  --fault: #ff8a80; --act: #8ab8e6; --screen: #e0c36a; --good: #69d39d; --bad: #ff8a80; --bar: #6fb3d2; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1120px; padding: 40px 24px 64px; background: var(--bg); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; text-wrap: balance; }
h2 { font-size: 15px; margin: 36px 0 10px; color: var(--soft); font-weight: 600; }
.sub, .legend, footer { color: var(--soft); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 16px; overflow-x: auto; }
.legend span { margin-inline-end: 18px; white-space: nowrap; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg .soft { fill: var(--soft); font-variant-numeric: tabular-nums; }
svg .rule { stroke: var(--line); }
.fault { color: var(--fault); } .act { color: var(--act); } .screen { color: var(--screen); } .good { color: var(--good); } .bad { color: var(--bad); }
table { border-collapse: collapse; width: 100%; }
th { text-align: start; color: var(--soft); font-weight: 600; font-size: 13px; }
td, th { padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
td.num { font-variant-numeric: tabular-nums; white-space: nowrap; }
.day td { padding-block: 3px; border: 0; }
.day td:nth-child(1) { color: var(--soft); white-space: nowrap; font-variant-numeric: tabular-nums; }
.day td:nth-child(3) { white-space: nowrap; font-weight: 600; }
.track { display: inline-block; width: ${BAR_PX}px; height: 7px; border-radius: 4px; background: var(--line); overflow: hidden; }
.track i { display: block; height: 100%; background: var(--bar); }
@media print { body { max-width: none; } .card { overflow: visible; } }`;

export function writePicture(result: DrillResult): string {
  const { scenario, engine, seed, size, lines, verdicts, drillMs, elapsedMs } = result;
  const missed = verdicts.filter(({ held }) => !held).length;
  const where = engine === "simulator" ? `simulator, seed ${seed}` : "real processes";
  const kind = scenario.size === undefined ? "" : `, ${size.toLocaleString("en")} ${scenario.size.what}`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(scenario.name)}</title>
<style>${STYLE}</style>
<h1>${escaped(scenario.title)}</h1>
<p class="sub">${escaped(`${scenario.name} · ${where}${kind} · ${clock(drillMs, undefined).trim()} of its time in ${(elapsedMs / 1_000).toFixed(0)} s`)} ·
<b class="${missed === 0 ? "good" : "bad"}">${missed === 0 ? "every goal held" : `${missed} of ${verdicts.length} goals missed`}</b></p>
<div class="card">${drawDay(lines, scenario.clockStartsAt)}</div>
<p class="legend">${Object.entries(KIND_NAMES)
    .map(([name, text]) => `<span class="${name}"><svg width="14" height="12">${mark(name as LineKind, 7, 6)}</svg> ${text}</span>`)
    .join("")}</p>
<h2>Measured</h2>
<div class="card"><table><tr><th></th><th>what</th><th>a peer on that day</th><th>Hawser, measured</th><th>goal</th><th>of the bound</th></tr>
${verdicts.map(row).join("\n")}</table></div>
<h2>The same in words</h2>
<div class="card"><table class="day">${lines.map((line) => wordsOf(line, scenario.clockStartsAt)).join("\n")}</table></div>
<h2>A peer on that day, or in that case</h2>
<ul>${scenario.peers.map((fact) => `<li>${escaped(fact)}</li>`).join("")}</ul>
<footer>Here: ${escaped(scenario.cast.join("; "))}</footer>
</html>
`;
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

function row(verdict: Verdict): string {
  const { held, what, peer, value, atMost, unit } = verdict;
  const share = typeof value !== "number" || atMost === undefined || atMost === 0 || unit === "" ? undefined : Math.min(1, value / atMost);
  const bar = share === undefined ? "" : `<span class="track"><i style="width:${(100 * share).toFixed(0)}%"></i></span>`;
  return `<tr><td class="${held ? "good" : "bad"}">${held ? "✓" : "✗"}</td><td>${escaped(what)}</td><td>${escaped(peer)}</td><td class="num">${measured(verdict)}</td><td class="num">${goalOf(verdict)}</td><td>${bar}</td></tr>`;
}

const wordsOf = ({ atMs, who, kind, text }: Line, startsAt: string | undefined): string =>
  `<tr><td>${clock(atMs, startsAt).trim()}</td><td class="${kind}"><svg width="14" height="12">${mark(kind, 7, 6)}</svg></td><td>${escaped(who)}</td><td dir="auto">${escaped(text)}</td></tr>`;

/** Quiet hours are short here: a gap takes the width of its logarithm. */
function drawDay(lines: readonly Line[], startsAt: string | undefined): string {
  const lanes = lanesOf(lines);
  const height = (lanes.length + 1) * LANE_HEIGHT_PX;
  let [x, beforeMs] = [NAMES_WIDTH_PX, lines[0]?.atMs ?? 0];
  const places = lines.map(({ atMs }) => {
    x += STEP_PX + PX_PER_DOUBLING * Math.log2(1 + Math.max(0, atMs - beforeMs) / 1_000);
    beforeMs = atMs;
    return x;
  });
  const width = Math.ceil(x + 40);
  const y = (who: string): number => (Math.max(0, lanes.indexOf(lanes.includes(who) ? who : lanes.at(-1)!)) + 0.5) * LANE_HEIGHT_PX;
  const rules = lanes.map(
    (who) =>
      `<line class="rule" x1="${NAMES_WIDTH_PX}" x2="${width}" y1="${y(who)}" y2="${y(who)}"/><text x="0" y="${y(who) + 4}">${escaped(who)}</text>`,
  );
  let clockX = 0;
  const marks = lines.map((line, index) => {
    const at = places[index]!;
    const isFault = line.kind === "fault";
    const fall = isFault
      ? `<line class="fault" x1="${at}" x2="${at}" y1="4" y2="${height - LANE_HEIGHT_PX}" stroke="currentColor" stroke-dasharray="2 4" opacity=".5"/>`
      : "";
    const shows = isFault && at - clockX > 62;
    if (shows) clockX = at;
    const time = shows
      ? `<text class="soft" x="${at}" y="${height - 8}" text-anchor="middle">${clock(line.atMs, startsAt).trim()}</text>`
      : "";
    return `${fall}${time}<g class="${line.kind}"><title>${escaped(`${clock(line.atMs, startsAt).trim()} ${line.who}: ${line.text}`)}</title>${mark(line.kind, at, y(line.who))}</g>`;
  });
  return `<svg width="${width}" height="${height}" role="img" aria-label="The day, a lane for each who">${rules.join("")}${marks.join("")}</svg>`;
}

/** Whoever fails first stands on top; when there are too many, the last lane is for the rest. */
function lanesOf(lines: readonly Line[]): string[] {
  const faults = lines.filter(({ kind }) => kind === "fault").map(({ who }) => who);
  const all = [...new Set([...faults, ...lines.map(({ who }) => who)])];
  return all.length <= MAX_LANES ? all : [...all.slice(0, MAX_LANES - 1), `${all.length - MAX_LANES + 1} others`];
}

function mark(kind: LineKind, x: number, y: number): string {
  const r = MARK_PX;
  const stroke = `fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"`;
  switch (kind) {
    case "fault":
      return `<path d="M${x + 1} ${y - r - 1}l-4 7h3l-1 6 5-8h-3z" fill="currentColor"/>`;
    case "act":
      return `<circle cx="${x}" cy="${y}" r="3.5" fill="currentColor"/>`;
    case "screen":
      return `<rect x="${x - r}" y="${y - r + 1}" width="${2 * r}" height="${2 * r - 2}" rx="2" ${stroke}/>`;
    case "good":
      return `<path d="M${x - r} ${y}l3.5 4 6-8" ${stroke}/>`;
    case "bad":
      return `<path d="M${x - 4} ${y - 4}l8 8m0-8l-8 8" ${stroke}/>`;
  }
}
