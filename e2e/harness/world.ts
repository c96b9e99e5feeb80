/** One world: its own folder, server, browsers and clients, all gone afterwards. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Profile, type ProfileOptions } from "./chromium.ts";
import { type Display, openDisplay } from "./engines/display.ts";
import { FirefoxProfile } from "./engines/firefox.ts";
import type { EngineName, EngineProfile, EngineProfileOptions } from "./engines/profile.ts";
import { WebkitProfile } from "./engines/webkit.ts";
import { LiveCamera } from "./live-camera.ts";
import { type ServerOptions, ServerProcess } from "./server-process.ts";

const CLOSE_TIMEOUT_MS = 15_000;

export class World {
  readonly folder: string = mkdtempSync(join(tmpdir(), "hawser-e2e-"));
  readonly #profiles: EngineProfile[] = [];
  readonly #atEnd: (() => Promise<void> | void)[] = [];
  readonly #servers: ServerProcess[] = [];
  #camera: LiveCamera | undefined;
  #display: Promise<Display> | undefined;

  /** The phone's camera; every browser opened `withCamera` looks through it. */
  get camera(): LiveCamera {
    this.#camera ??= new LiveCamera(this.folder);
    return this.#camera;
  }

  async startServer(options: Omit<ServerOptions, "dataDir"> = {}): Promise<ServerProcess> {
    const server = new ServerProcess({ dataDir: join(this.folder, `server-${this.#servers.length}`), ...options });
    this.#servers.push(server);
    this.atEnd(() => server.stop());
    return server.start();
  }

  async phone(options: Partial<ProfileOptions> = {}): Promise<Profile> {
    return this.#open({ name: "phone", folder: this.folder, screen: "phone", camera: this.camera, ...options });
  }

  async companion(options: Partial<ProfileOptions> = {}): Promise<Profile> {
    return this.#open({ name: "companion", folder: this.folder, screen: "desktop", ...options });
  }

  /** A browser of any engine, as far as all of them are alike. */
  engine(engine: EngineName, options: Omit<EngineProfileOptions, "folder">): Promise<EngineProfile> {
    if (engine === "webkit") return this.webkit(options);
    return engine === "firefox" ? this.firefox(options) : this.#open({ folder: this.folder, ...options });
  }

  async firefox(options: Omit<EngineProfileOptions, "folder">): Promise<FirefoxProfile> {
    return this.#keep(await FirefoxProfile.open({ folder: this.folder, ...options }));
  }

  async webkit(options: Omit<EngineProfileOptions, "folder">): Promise<WebkitProfile> {
    this.#display ??= openDisplay().then((display) => {
      this.atEnd(() => display.close());
      return display;
    });
    const display = (await this.#display).name;
    return this.#keep(await WebkitProfile.open({ folder: this.folder, display, ...options }));
  }

  /** Runs when the story is over, last come first served. */
  atEnd(body: () => Promise<void> | void): void {
    this.#atEnd.push(body);
  }

  get faults(): readonly string[] {
    return this.#profiles.flatMap((profile) => profile.faults);
  }

  async keepEvidence(title: string, error: unknown): Promise<string> {
    const folder = join(tmpdir(), "hawser-e2e-failures", title.replaceAll(/[^a-z0-9]+/gi, "-").slice(0, 60));
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const profile of this.#profiles) await profile.saveScreenshots(folder);
    const faults = this.#profiles.flatMap((profile) => profile.faults);
    const logs = this.#servers.map((server) => server.log);
    writeFileSync(join(folder, "story.txt"), [String(error), "", "Faults:", ...faults, "", "Server:", ...logs].join("\n"));
    return folder;
  }

  async close(): Promise<void> {
    const bounded = async (body: () => Promise<void> | void): Promise<void> => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_TIMEOUT_MS)));
      await Promise.race([Promise.resolve(body()).catch(() => undefined), late]);
      clearTimeout(timer);
    };
    for (const profile of this.#profiles) await bounded(() => profile.close());
    for (const body of this.#atEnd.reverse()) await bounded(body);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  async #open(options: ProfileOptions): Promise<Profile> {
    return this.#keep(await Profile.open(options));
  }

  #keep<T extends EngineProfile>(profile: T): T {
    this.#profiles.push(profile);
    return profile;
  }
}
