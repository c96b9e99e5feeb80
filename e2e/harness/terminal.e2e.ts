/** The instrument itself: a code of characters, drawn as a terminal draws it, can be read from the screen. */
import { expect } from "vitest";
import { renderUnicodeCompact } from "uqr";
import { codeOnScreen } from "./read-code.ts";
import { scenario } from "./scenario.ts";
import { renderTerminal } from "./terminal.ts";

scenario("a code printed in a terminal can be read from its picture", async (world) => {
  const page = await (await world.companion()).page();
  const uri = `https://hawser.example/link#1.${"C".repeat(107)}`;
  await renderTerminal(page, `Scan this:\n\n${renderUnicodeCompact(uri, { border: 2 })}\n\nWaiting …`);
  expect(await codeOnScreen(page)).toBe(uri);
});
