/**
 * What one device has shown, and when: fed by the client's events, by the rules of the app's pages. Invariant: a line counts from the
 * moment at which the app shows it, not from the moment at which the client knew.
 */
import type { ClientEvent, ClientState, LinkStage, LinkStatus } from "@hawser/client";
import { bannerSaying, historySaying, linkSaying, type Saying } from "./sayings.ts";

/** The app says nothing about shorter hiccups (apps/web/src/app/connection-banner.tsx). */
export const SAY_AFTER_MS = 1_500;
/** Nor about a pause of history (apps/web/src/app/sync-progress.tsx). */
const STALLED_AFTER_MS = 20_000;

interface World {
  nowMs(): number;
  after(delayMs: number, act: () => void): void;
}

interface Said extends Saying {
  readonly atMs: number;
}

/** A time in which a device that belongs to an account was on, and not connected. */
export interface Outage {
  readonly fromMs: number;
  untilMs: number | undefined;
  /** When its banner first said something in that time. */
  saidAtMs: number | undefined;
}

/** A place on the screen where a saying stands. */
interface Line {
  saying: Saying | undefined;
  /** Counts changes, so that what is announced late is not said when it is over. */
  change: number;
}

export class Screen {
  readonly #world: World;
  readonly #onSaying: (saying: Saying) => void;
  readonly said: Said[] = [];
  readonly stages: { readonly atMs: number; readonly stage: LinkStage; readonly error: string | undefined }[] = [];
  /** Codes that were drawn, each once. */
  readonly codes: { readonly atMs: number; readonly uri: string }[] = [];
  readonly #texts = new Map<string, number>();
  readonly #phases: { readonly atMs: number; readonly phase: ClientState["phase"] }[] = [];
  readonly outages: Outage[] = [];
  newestLink: LinkStatus | undefined;
  readonly #banner: Line = { saying: undefined, change: 0 };
  readonly #history: Line = { saying: undefined, change: 0 };
  #progress: { readonly messagesDone: number; readonly atMs: number } | undefined;

  constructor(world: World, onSaying: (saying: Saying) => void) {
    this.#world = world;
    this.#onSaying = onSaying;
  }

  event(event: ClientEvent): void {
    if (event.type === "state") this.state(event.state);
    else if (event.type === "link") this.link(event.link);
    else if (event.type === "message") this.shows(event.message.text);
  }

  shows(text: string): void {
    if (!this.#texts.has(text)) this.#texts.set(text, this.#world.nowMs());
  }

  shownAtMs(text: string): number | undefined {
    return this.#texts.get(text);
  }

  get wasSignedOut(): boolean {
    return this.#phases.some(({ phase }) => phase === "revoked");
  }

  phaseAtMs(phase: ClientState["phase"], sinceMs: number): number | undefined {
    return this.#phases.find((seen) => seen.phase === phase && seen.atMs >= sinceMs)?.atMs;
  }

  /** The first time from then on at which one of these words stood there. */
  saidAtMs(codes: readonly string[], sinceMs: number): number | undefined {
    return this.said.find(({ code, atMs }) => atMs >= sinceMs && codes.includes(code))?.atMs;
  }

  /** The first time from then on at which anything new stood there: words, a step of a link, another page. */
  newsAtMs(sinceMs: number): number | undefined {
    const times = [...this.said, ...this.stages, ...this.#phases].map(({ atMs }) => atMs).filter((atMs) => atMs >= sinceMs);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** What the client says of itself: the app shows it by its own rules. */
  state(state: ClientState): void {
    this.#see(state);
    const { connection, history } = state;
    const messagesDone = history.kind === "running" ? history.messagesDone : undefined;
    if (messagesDone === undefined) this.#progress = undefined;
    else if (this.#progress?.messagesDone !== messagesDone) this.#progress = { messagesDone, atMs: this.#world.nowMs() };
    // A try under way after one that failed is the same trouble, not its end.
    const isSame = connection.kind === "connecting" && connection.attempt > 1 && this.#banner.saying !== undefined;
    if (!isSame) this.#stand(this.#banner, bannerSaying(state), connection.kind === "offline" ? SAY_AFTER_MS : 0);
    const saying = historySaying(state);
    const stillMs = this.#world.nowMs() - (this.#progress?.atMs ?? 0);
    this.#stand(this.#history, saying, saying?.code === "history.stalled" ? Math.max(0, STALLED_AFTER_MS - stillMs) : 0);
  }

  /** What a page shows, read from it: the app's rules have been at work already. */
  shown(state: ClientState): void {
    this.#see(state);
    this.#stand(this.#banner, bannerSaying(state), 0);
    this.#stand(this.#history, historySaying(state), 0);
  }

  /** The device is off: nothing stands there any more. */
  off(): void {
    this.#endOutage();
    for (const line of [this.#banner, this.#history]) this.#stand(line, undefined, 0);
  }

  #see({ phase, connection }: ClientState): void {
    const nowMs = this.#world.nowMs();
    if (this.#phases.at(-1)?.phase !== phase) this.#phases.push({ atMs: nowMs, phase });
    if (phase !== "ready" || connection.kind === "online") return this.#endOutage();
    const last = this.outages.at(-1);
    if (last === undefined || last.untilMs !== undefined) this.outages.push({ fromMs: nowMs, untilMs: undefined, saidAtMs: undefined });
  }

  #endOutage(): void {
    const last = this.outages.at(-1);
    if (last !== undefined) last.untilMs ??= this.#world.nowMs();
  }

  #stand(line: Line, saying: Saying | undefined, delayMs: number): void {
    if (saying?.code === line.saying?.code) return;
    line.saying = saying;
    const change = ++line.change;
    if (saying === undefined) return;
    const say = (): void => {
      this.#say(saying);
      const outage = this.outages.at(-1);
      if (line === this.#banner && outage !== undefined && outage.untilMs === undefined) outage.saidAtMs ??= this.#world.nowMs();
    };
    if (delayMs === 0) return say();
    this.#world.after(delayMs, () => {
      if (line.change === change) say();
    });
  }

  link(link: LinkStatus): void {
    this.newestLink = link;
    const { stage, error, uri } = link;
    const last = this.stages.at(-1);
    if (last?.stage !== stage || last.error !== error?.name) this.stages.push({ atMs: this.#world.nowMs(), stage, error: error?.name });
    if (uri !== undefined && !this.codes.some((code) => code.uri === uri)) this.codes.push({ atMs: this.#world.nowMs(), uri });
    const saying = linkSaying(link);
    if (saying !== undefined && (last?.stage !== stage || last.error !== error?.name)) this.#say(saying);
  }

  #say(saying: Saying): void {
    const last = this.said.at(-1);
    this.said.push({ ...saying, atMs: this.#world.nowMs() });
    // The same words again, try after try, are one line for a reader.
    if (last?.code !== saying.code) this.#onSaying(saying);
  }
}
