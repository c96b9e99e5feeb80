/**
 * One story in one world. A scenario fails for anything a browser complained about that the story does not expect, and leaves
 * screenshots and the server's log behind when it fails.
 */
import { expect, test } from "vitest";
import { whyNot } from "./engines/installed.ts";
import type { EngineName } from "./engines/profile.ts";
import { World } from "./world.ts";

export type { World } from "./world.ts";

/** Skipped, with reason and remedy, where an engine it `needs` is not installed. */
export function scenario(title: string, story: (world: World) => Promise<void>, needs: readonly EngineName[] = ["chromium"]): void {
  // oxlint-disable-next-line vitest/valid-title -- it is a string, by its type
  test(title, async ({ skip }) => {
    const reason = needs.map(whyNot).find((why) => why !== undefined);
    if (reason !== undefined) skip(reason);
    const world = new World();
    try {
      await story(world);
      expect(world.faults, "what the browsers complained about").toEqual([]);
    } catch (error) {
      const folder = await world.keepEvidence(title, error);
      if (error instanceof Error) error.message += `\n(pictures and logs: ${folder})`;
      throw error;
    } finally {
      await world.close();
    }
  });
}
