/**
 * What happens to single requests where frames go over HTTP: lost, repeated, answered by a proxy, answers lost or cut. Drawn from a source of
 * its own, in worlds whose devices have all three transports, so that a seed's operations are the same with and without it.
 */
import { GOOD_HTTP } from "../engine/network.ts";
import type { HttpTrouble } from "../engine/virtual-exchange.ts";
import { SeededRandom } from "../engine/seeded-random.ts";
import type { Cast } from "./cast.ts";

/** Of the worlds with all three transports; in the others they are connections of another kind. */
const SHARE_OVER_HTTP = 0.5;
const SHARES = [0, 0, 0.03, 0.15, 0.4] as const;
const CUT_SHARES = [0, 0.1, 0.5, 1] as const;

export interface HttpPlan extends HttpTrouble {
  /** Upgrades are refused on every way from the beginning: whoever is behind no other proxy uses HTTP. */
  readonly stripsUpgrades: boolean;
}

/** `undefined`: nothing goes over HTTP in this world. */
export function drawHttpTrouble(seed: number, calm: boolean): HttpPlan | undefined {
  const random = new SeededRandom(`frames over http ${seed}`);
  if (!random.chance(SHARE_OVER_HTTP)) return undefined;
  const share = (shares: readonly number[]): number => (calm ? 0 : random.pick(shares));
  return {
    lostRequests: share(SHARES),
    repeatedRequests: share(SHARES),
    lostAnswers: share(SHARES),
    cutAnswers: share(CUT_SHARES),
    proxyAnswers: share(SHARES),
    stripsUpgrades: random.chance(0.5),
  };
}

/** What goes astray ends when the world heals. Proxies that strip upgrades stay, and go on repeating and cutting: that is no outage. */
export function healFrameHttp({ world }: Cast): void {
  const { http, usualManners } = world.network;
  const stays = usualManners.websocket !== "works";
  world.network.http = stays ? { ...GOOD_HTTP, repeatedRequests: http.repeatedRequests, cutAnswers: http.cutAnswers } : GOOD_HTTP;
  world.httpFaults.repeatedRequests = 0;
}

/** From here on. */
export function meetHttpTrouble({ world }: Cast, trouble: HttpPlan): void {
  world.network.http = trouble;
  world.httpFaults.repeatedRequests = trouble.repeatedRequests;
}
