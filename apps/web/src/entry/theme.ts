/** Applies light or dark before the first paint, and follows the system while nobody chose. */
import { rememberedTheme } from "./remembered.ts";

const dark = matchMedia("(prefers-color-scheme: dark)");

export function applyTheme(theme: string | null = rememberedTheme()): void {
  const resolved = theme === "dark" || theme === "light" ? theme : dark.matches ? "dark" : "light";
  document.documentElement.dataset["theme"] = resolved;
  for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]'))
    meta.content = resolved === "dark" ? "#0a171d" : "#f4f1ea";
}

export const followSystemTheme = (): void => dark.addEventListener("change", () => applyTheme());
