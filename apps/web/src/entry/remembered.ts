/**
 * The few things that must be known before the engine runs. Small marks in localStorage, never secrets; losing them costs one
 * flash of the wrong page and nothing else.
 */
export type Face = "phone" | "companion";

function read(key: string): string | null {
  try {
    return localStorage.getItem(`hawser.${key}`);
  } catch {
    return null; // storage denied: everything here has a default
  }
}

function write(key: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(`hawser.${key}`);
    else localStorage.setItem(`hawser.${key}`, value);
  } catch {
    // storage denied
  }
}

export const rememberedLanguage = (): string | null => read("language");
export const rememberLanguage = (language: string | undefined): void => write("language", language);
export const rememberedTheme = (): string | null => read("theme");
export const rememberTheme = (theme: string): void => write("theme", theme === "system" ? undefined : theme);
/** Whether this browser holds an account in that face. */
export const isSettled = (face: Face): boolean => read(`${face}.settled`) === "yes";
export const rememberSettled = (face: Face, settled: boolean): void => write(`${face}.settled`, settled ? "yes" : undefined);
/** Whether links of that face failed until no new code is made: then a page draws none either. */
export const isLinkStuck = (face: Face): boolean => read(`${face}.stuck`) === "yes";
export const rememberLinkStuck = (face: Face, stuck: boolean): void => write(`${face}.stuck`, stuck ? "yes" : undefined);
/** The last link attempt whose end a person has read. */
export const readLink = (): string | null => read("link.read");
export const rememberReadLink = (attempt: string): void => write("link.read", attempt);
