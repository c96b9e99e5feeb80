/**
 * Devices that run the newest frozen release and are updated at some later start, on the store that it left. Drawn from a source of its
 * own, so that a seed's operations are the same with and without them.
 */
import { createClient } from "@hawser/client";
import { SeededRandom } from "../engine/seeded-random.ts";

export type CreateClient = typeof createClient;

/** Which program a device starts as, by its name and how often it was started before. */
export type ProgramOf = (name: string, starts: number) => CreateClient;

export const TODAY: ProgramOf = () => createClient;

const SHARE_WITH_OLD_VERSIONS = 0.25;
const SHARE_OF_OLD_DEVICES = 0.5;
/** Updated at one of the first starts, or never. */
const UPDATES = [1, 1, 2, Number.POSITIVE_INFINITY];

export const hasOldVersions = (seed: number): boolean => new SeededRandom(`versions ${seed}`).chance(SHARE_WITH_OLD_VERSIONS);

export async function drawPrograms(seed: number): Promise<ProgramOf> {
  const old = await frozenClient();
  return (name, starts) => {
    const random = new SeededRandom(`version ${seed} ${name}`);
    const isOld = random.chance(SHARE_OF_OLD_DEVICES);
    return isOld && starts < random.pick(UPDATES) ? old : createClient;
  };
}

interface FrozenReleases {
  readonly newestFrozen: () => Promise<{ readonly client: { readonly createClient: CreateClient } }>;
}

/** Not imported as a module of this package: frozen releases belong to none. */
const FROZEN = new URL("../../../releases/frozen.ts", import.meta.url).href;
let loaded: Promise<CreateClient> | undefined;

function frozenClient(): Promise<CreateClient> {
  return (loaded ??= (import(/* @vite-ignore */ FROZEN) as Promise<FrozenReleases>)
    .then(({ newestFrozen }) => newestFrozen())
    .then(({ client }) => client.createClient));
}
