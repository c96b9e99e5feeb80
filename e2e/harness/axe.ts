import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";

/** Serious faults by axe's rules, in light and in dark. */
export async function faultsOf(page: Page, where: string): Promise<string[]> {
  const faults: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.locator(`html[data-theme="${colorScheme}"]`).waitFor();
    // Colours on their way from one scheme to the other are nobody's.
    await page.waitForFunction(() => !document.getAnimations().some((one) => one instanceof CSSTransition && one.playState === "running"));
    const axe = new AxeBuilder({ page });
    // Of all rules only that for contrast depends on the colours.
    const { violations } = await (colorScheme === "light" ? axe : axe.withRules(["color-contrast"])).analyze();
    for (const { id, impact, nodes } of violations) {
      if (impact !== "serious" && impact !== "critical") continue;
      faults.push(...nodes.map((node) => `${where}, ${colorScheme}: ${id}: ${node.html.slice(0, 120)}`));
    }
  }
  return faults;
}
