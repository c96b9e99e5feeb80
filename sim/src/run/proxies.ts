/**
 * Proxies with bad manners on single devices' ways to the server: they strip upgrades, let them hang, hold streams back. Drawn from a source
 * of its own, so that a seed's operations are the same with and without them. At least one transport gets through, or it would be an outage.
 */
import { type Carrier, CARRIERS, GOOD_MANNERS, type Manner, type Path } from "../engine/network.ts";
import { SeededRandom } from "../engine/seeded-random.ts";
import type { Cast } from "./cast.ts";

export interface ProxyStep {
  /** After the world was set up. */
  readonly atMs: number;
  /** Which of the devices that are there then, from 0 to 1. */
  readonly device: number;
  readonly manners: Path["manners"];
  /** A new name: the device has changed networks. Otherwise the same network behaves differently. */
  readonly network: string | undefined;
  /** Whether what was open is cut, as when somebody walks out of a building. */
  readonly cuts: boolean;
}

const SHARE_WITH_FALLBACKS = 0.4;
const MAX_PROXIES = 8;
const BAD: Readonly<Record<Carrier, readonly Manner[]>> = {
  websocket: ["works", "refused", "hangs", "hangs"],
  sse: ["works", "works", "holds back", "hangs", "refused"],
  poll: ["works"],
};

/** `undefined`: this world's devices have WebSockets only. */
export function drawProxies(seed: number, untilMs: number): ProxyStep[] | undefined {
  const random = new SeededRandom(`proxies ${seed}`);
  if (!random.chance(SHARE_WITH_FALLBACKS)) return undefined;
  const steps = Array.from({ length: untilMs > 0 ? 1 + random.below(MAX_PROXIES) : 0 }, (): ProxyStep => {
    const manners = Object.fromEntries(CARRIERS.map((carrier) => [carrier, random.pick(BAD[carrier])])) as Record<Carrier, Manner>;
    return {
      atMs: random.fraction() * untilMs,
      device: random.fraction(),
      manners: random.chance(0.25) ? GOOD_MANNERS : manners,
      network: random.chance(0.5) ? random.pick(["", "home", "office"]) : undefined,
      cuts: random.chance(0.6),
    };
  });
  return steps.toSorted((a, b) => a.atMs - b.atMs);
}

export function meetProxy(cast: Cast, step: ProxyStep): void {
  const { devices, network } = cast.world;
  const device = devices[Math.floor(step.device * devices.length)]!;
  network.path(device.name).manners = step.manners;
  if (step.network !== undefined) device.network = step.network;
  const { websocket, sse } = step.manners;
  cast.note(
    `${device.name} meets a proxy: upgrade ${websocket}, stream ${sse}${step.network === undefined ? "" : `, network "${step.network}"`}`,
  );
  if (step.cuts) network.cut(device.name, "reset");
  if (step.network !== undefined && !device.machine.suspended) void device.client?.networkHint("changed");
}
