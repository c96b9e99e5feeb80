/** The stage in real time: the server in a process, devices on the SDK, companions in Chromium, the drill's front between their sockets. */
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { accountIdToBytes } from "@hawser/base";
import { type ProxyFromHell, startProxyFromHell } from "@hawser/server/proxy-from-hell";
import { restore, type ServerOptions } from "@hawser/server";
import { FaultyFront } from "../../front/faulty-front.ts";
import { Ledger } from "../../ledger.ts";
import type { Figure } from "../../scenario.ts";
import { Screen } from "../../screens/screen.ts";
import type { Device, Interruption, Moment, Person, Platform, RoleName, Stage, Way } from "../../stage.ts";
import { Story } from "../../story.ts";
import { accountIdOf } from "../client-acts.ts";
import { DROPPED } from "../server-figures.ts";
import { FaultProxy } from "./fault-proxy.ts";
import { type Program, programOf, TODAY } from "./frozen-releases.ts";
import { ProcessPhone } from "./process-phone.ts";
import { SdkDevice } from "./sdk-device.ts";
import { DrillServer } from "./server-process.ts";
import { SkewedClock } from "./skewed-clock.ts";

const WEB_ROOT = process.env["HAWSER_WEB_ROOT"] ?? fileURLToPath(new URL("../../../../apps/web/dist", import.meta.url));
/** The browser suite's own instruments; it is no package. */
const BROWSERS = new URL("../../../../e2e/drills/browser-device.ts", import.meta.url).href;
const WITH_OPTIONS = "with-options";
const LOOK_EVERY_MS = 50;
const SETTLE_LIMIT_MS = 60_000;
/** More than any answer that is not a stream. */
const HELD_BACK_BYTES = 16 * 1_048_576;

export interface RealStageOptions {
  readonly size: number;
  readonly behindProxies: boolean;
  /** iPhones have processes of their own. */
  readonly suspendsPhones: boolean;
  /** What hours become. */
  readonly longestPassMs: number;
}

export interface BrowserOptions {
  readonly name: string;
  readonly origin: string;
  readonly folder: string;
  readonly screen: Screen;
}
/** For drills that only processes can play: frozen releases are programs of their own. */
export function inProcesses(stage: Stage): RealStage {
  if (!(stage instanceof RealStage)) throw new Error("this part plays with real processes only");
  return stage;
}

interface Browsers {
  openBrowserDevice(options: BrowserOptions): Promise<Device>;
}

const sleep = (durationMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, durationMs));

export class RealStage implements Stage {
  readonly engine = "real";
  readonly size: number;
  readonly story: Story;
  readonly front = new FaultyFront();
  readonly ledger = new Ledger();
  readonly figures = new Map<string, Figure>();
  readonly people: Person[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), "hawser-drill-"));
  readonly #startedMs = performance.now();
  readonly #proxy = new FaultProxy(this.front);
  readonly #devices: Device[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #behindProxies: boolean;
  readonly #suspendsPhones: boolean;
  readonly #longestPassMs: number;
  /** By device. Browsers share the one that is their origin. */
  readonly #ways = new Map<string, ProxyFromHell>();
  readonly #programs = new Map<Device, Program>();
  readonly #profiles = new Map<Device, string>();
  /** Where the server keeps its data now. */
  #data = "";
  #origin = "";
  #copies = 0;
  #server: DrillServer | undefined;

  private constructor({ size, behindProxies, suspendsPhones, longestPassMs }: RealStageOptions) {
    this.size = size;
    this.#behindProxies = behindProxies;
    this.#suspendsPhones = suspendsPhones;
    this.#longestPassMs = longestPassMs;
    this.story = new Story(() => this.nowMs());
  }

  static async open(options: RealStageOptions): Promise<RealStage> {
    if (!existsSync(WEB_ROOT)) throw new Error("the web app is not built: npm start or npm test builds it");
    const stage = new RealStage(options);
    stage.#origin = await stage.#addressFor("browser", "browser");
    await stage.#serve(TODAY, "server");
    return stage;
  }

  async #serve(release: string, folder: string, options: Partial<ServerOptions> = {}): Promise<number> {
    const dataDir = join(this.#folder, folder);
    this.#data = folder;
    this.#server = new DrillServer({ port: 0, ...options, dataDir, origin: this.#origin, webRoot: WEB_ROOT, release });
    const port = await this.#server.port();
    this.#proxy.forwardTo(port);
    return port;
  }

  /** Today's server with other options, in a folder of its own. Gives its port. */
  async serveWith(options: Partial<ServerOptions>): Promise<number> {
    await this.#server?.stop();
    return this.#serve(TODAY, WITH_OPTIONS, options);
  }

  /** Where the server that was started with options keeps this. */
  dataFile(name: string): string {
    return join(this.#folder, WITH_OPTIONS, name);
  }

  async killServer(): Promise<void> {
    await this.#server?.kill();
  }

  /** Another release of the server, on the data of the one before unless `data` names another folder. */
  async replaceServer(release: string, data = "server"): Promise<void> {
    await this.#server?.stop();
    await this.#serve(release, data);
  }

  /** The device's program becomes another release; its profile stays. */
  async replaceProgram(device: Device, release: string): Promise<void> {
    const program = this.#programs.get(device);
    if (program === undefined || !(device instanceof SdkDevice)) throw new Error(`${device.name} has no program to replace`);
    await device.replaceProgram(await programOf(release, program));
  }

  nowMs(): number {
    return performance.now() - this.#startedMs;
  }

  measure(figure: string, value: Figure): void {
    this.figures.set(figure, value);
  }

  after(delayMs: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, delayMs);
    this.#timers.add(timer);
  }

  wait(durationMs: number): Promise<void> {
    return sleep(durationMs);
  }

  pass(durationMs: number): Promise<void> {
    return sleep(Math.min(durationMs, this.#longestPassMs));
  }

  async until(probe: () => boolean | Promise<boolean>, timeoutMs: number): Promise<number | undefined> {
    const endMs = this.nowMs() + timeoutMs;
    while (!(await probe())) {
      if (this.nowMs() >= endMs) return undefined;
      await sleep(LOOK_EVERY_MS);
    }
    return this.nowMs();
  }

  async settle<T>(promise: Promise<T>): Promise<T> {
    let late: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      late = setTimeout(() => reject(new Error("a device did not answer")), SETTLE_LIMIT_MS);
    });
    return Promise.race([promise, limit]).finally(() => clearTimeout(late));
  }

  /** The address for a device: the front's own, or that of a proxy before it. */
  async #addressFor(name: string, platform: Platform): Promise<string> {
    const address = await this.#proxy.address(platform);
    if (!this.#behindProxies) return address;
    const way = await startProxyFromHell(address);
    this.#ways.set(name, way);
    return way.url;
  }

  #wayOf(device: Device): ProxyFromHell {
    const way = this.#ways.get(device.platform === "browser" ? "browser" : device.name);
    if (way === undefined) throw new Error("the devices of this drill have no proxies");
    return way;
  }

  /** Neither Node nor a browser on a desk names its network. */
  moveTo(device: Device, _network: string, { upgrade, holdsBack, cutsAfterMs }: Way): void {
    const way = this.#wayOf(device);
    way.manners = {
      upgrade,
      ...(holdsBack === true ? { holdBackBytes: HELD_BACK_BYTES } : {}),
      ...(cutsAfterMs === undefined ? {} : { cutAfterMs: cutsAfterMs }),
    };
    way.cutAll();
  }

  upgradesTried(device: Device): number {
    return this.#wayOf(device).upgradesTried;
  }

  blobs(answers: "works" | "hangs" | number): void {
    this.#proxy.blobs = answers;
  }

  async limitMailboxes(maxMessages: number): Promise<void> {
    await this.#server?.stop();
    await this.#serve(TODAY, this.#data, { limits: { mailboxes: { maxMessages } } });
  }

  droppedMessages(): number {
    const database = new DatabaseSync(join(this.#folder, this.#data, "mailbox.db"), { readOnly: true });
    const { dropped } = database.prepare(DROPPED).get() as { dropped: number };
    database.close();
    return dropped;
  }

  async interrupt(person: Person, { step, when }: Moment, how: "killed" | "frozen", awayMs: number): Promise<Interruption> {
    const { phone } = person;
    if (!(phone instanceof ProcessPhone)) throw new Error(`${phone.name} has no process of its own`);
    const account = Buffer.from(accountIdToBytes(await accountIdOf(person))).toString("hex");
    const interruption: Interruption = { endedAtMs: undefined };
    const act = (): void => {
      if (how === "frozen") phone.freeze();
      else void phone.kill();
      this.after(awayMs, () => {
        interruption.endedAtMs = this.nowMs();
        if (how === "frozen") phone.thaw();
        else void phone.start();
      });
    };
    this.front.order = { account, framesLeft: step, when, act };
    return interruption;
  }

  async imageOf(device: Device): Promise<() => Promise<void>> {
    const profile = this.#profiles.get(device)!;
    const image = `${profile}-image-${++this.#copies}`;
    // A disk is copied while nothing is written to it.
    await device.kill();
    cpSync(profile, image, { recursive: true });
    await device.start();
    return () => {
      rmSync(profile, { recursive: true, force: true });
      cpSync(image, profile, { recursive: true });
      return Promise.resolve();
    };
  }

  async backUpServer(): Promise<() => Promise<void>> {
    const n = ++this.#copies;
    const copy = join(this.#folder, `backup-${n}`);
    await this.#server!.backup(copy);
    return async () => {
      await this.#server!.kill();
      restore(copy, join(this.#folder, `restored-${n}`));
      await this.#serve(TODAY, `restored-${n}`);
    };
  }

  cutAll(): void {
    this.#proxy.cutAll();
  }

  async takeOut(role: RoleName): Promise<void> {
    await this.#server?.role("out", role);
  }

  async putBack(role: RoleName): Promise<void> {
    await this.#server?.role("back", role);
  }

  async person(handle: string, platform: Platform, release = TODAY): Promise<Person> {
    const name = handle.charAt(0).toUpperCase() + handle.slice(1);
    const phone = await this.#sdkDevice(`${name}'s phone`, platform, release);
    await phone.client!.createAccount({ handle, displayName: name, deviceName: phone.name });
    const person: Person = { handle, name, phone, companions: [] };
    this.people.push(person);
    return person;
  }

  async newCompanion(person: Person, platform: Platform, release = TODAY): Promise<Device> {
    const name = `${person.name}'s ${platform}${person.companions.length === 0 ? "" : ` ${person.companions.length + 1}`}`;
    const device = platform === "browser" ? await this.#browser(name) : await this.#sdkDevice(name, platform, release);
    person.companions.push(device);
    return device;
  }

  #screen(name: string): Screen {
    return new Screen(this, (saying) => this.story.screen(name, `“${saying.text}”`));
  }

  #profile(name: string): string {
    return join(this.#folder, `${this.#devices.length}-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}`);
  }

  async #sdkDevice(name: string, platform: Platform, release: string): Promise<SdkDevice> {
    const clock = new SkewedClock();
    const profileDir = this.#profile(name);
    const program: Program = { profileDir, serverUrl: await this.#addressFor(name, platform), origin: this.#origin, clock };
    const parts = { name, platform, screen: this.#screen(name), nowMs: () => this.nowMs(), clock };
    const isProcess = this.#suspendsPhones && platform === "ios";
    const device = isProcess ? new ProcessPhone(parts, program) : new SdkDevice({ ...parts, open: await programOf(release, program) });
    this.#profiles.set(device, profileDir);
    this.#programs.set(device, program);
    this.#devices.push(device);
    await device.start();
    return device;
  }

  async #browser(name: string): Promise<Device> {
    const { openBrowserDevice } = (await import(BROWSERS)) as Browsers;
    const folder = this.#profile(name);
    const device = await openBrowserDevice({ name, origin: this.#origin, folder, screen: this.#screen(name) });
    this.#profiles.set(device, folder);
    this.#devices.push(device);
    return device;
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const device of this.#devices) await device.kill().catch(() => undefined);
    for (const way of this.#ways.values()) await way.stop();
    await this.#proxy.close();
    await this.#server?.stop();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
