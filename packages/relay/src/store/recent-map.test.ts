import { expect, test } from "vitest";
import { seededRandom } from "../test-world.ts";
import { RecentMap } from "./recent-map.ts";

test("forgets what was used longest ago, whatever happened before", () => {
  const random = seededRandom(77);
  const map = new RecentMap<number, number>(8);
  /** The model: the same, slowly. The one used last is last. */
  let model: [number, number][] = [];
  for (let i = 0; i < 20_000; i++) {
    const [kind, key, value] = random.bytes(3) as unknown as [number, number, number];
    const id = key % 24;
    const known = model.find(([other]) => other === id);
    const others = model.filter(([other]) => other !== id);
    if (kind % 3 === 0) {
      map.set(id, value);
      model = [...others, [id, value] as [number, number]].slice(-8);
    } else if (kind % 3 === 1) {
      expect(map.get(id)).toBe(known?.[1]);
      if (known !== undefined) model = [...others, known];
    } else {
      expect(map.delete(id)).toBe(known !== undefined);
      model = others;
    }
    expect(map.size).toBe(model.length);
  }
});
