/**
 * What one device has shown, and when: fed by the client's events, by the rules of the app's pages. Invariant: a line about the connection
 * counts from the moment at which the app shows it, not from the moment at which the client knew.
 */
import type { ClientEvent, ClientState, LinkStage, LinkStatus } from "@hawser/client";
import { connectionSaying, linkSaying, type Saying } from "./sayings.ts";

/** The app says nothing about shorter hiccups (apps/web/src/app/connection-banner.tsx). */
const SAY_AFTER_MS = 1_500;

interface World {
  nowMs(): number;
  after(delayMs: number, act: () => void): void;
}

interface Said extends Saying {
  readonly atMs: number;
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
  newestLink: LinkStatus | undefined;
  #connection: Saying | undefined;
  #change = 0;

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

  state(state: ClientState): void {
    if (this.#phases.at(-1)?.phase !== state.phase) this.#phases.push({ atMs: this.#world.nowMs(), phase: state.phase });
    const saying = connectionSaying(state);
    if (saying?.code === this.#connection?.code) return;
    this.#connection = saying;
    const change = ++this.#change;
    if (saying === undefined) return;
    this.#world.after(state.connection.kind === "offline" ? SAY_AFTER_MS : 0, () => {
      if (this.#change === change) this.#say(saying);
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
