/** What this browser is, in words the phone can show. Said by itself, so nobody trusts it. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/Edg\/(\d+)/, "Edge"],
  [/OPR\/(\d+)/, "Opera"],
  [/Firefox\/(\d+)/, "Firefox"],
  [/Chromium\/(\d+)/, "Chromium"],
  [/Chrome\/(\d+)/, "Chrome"],
  [/Version\/(\d+).*Safari/, "Safari"],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/Android/, "Android"],
  [/iPhone|iPad/, "iOS"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
];

export interface PlatformWords {
  /** e.g. "Firefox 153 on Linux": technical, the same in every language. */
  readonly platform: string;
  /** e.g. "Firefox, Linux": a first name for the device. */
  readonly deviceName: string;
}

/** The browser's name alone, for a device whose kind is known from elsewhere. */
export const browserName = (userAgent: string): string => BROWSERS.find(([pattern]) => pattern.test(userAgent))?.[1] ?? "Browser";

/** The engine behind whatever the browser is called. */
export const engineName = (userAgent: string): string =>
  /Firefox\//.test(userAgent)
    ? "firefox"
    : /Chrom(e|ium)\//.test(userAgent)
      ? "chromium"
      : /AppleWebKit\//.test(userAgent)
        ? "webkit"
        : "other";

/** The word of docs/OUTCOMES.md. An iPad that asks for desktop pages calls itself a Mac. */
export function systemWord(userAgent: string): string {
  const system = SYSTEMS.find(([pattern]) => pattern.test(userAgent))?.[1].toLowerCase() ?? "other";
  return system === "chromeos" ? "other" : system;
}

export function describePlatform(userAgent: string): PlatformWords {
  const version = BROWSERS.map(([pattern]) => pattern.exec(userAgent)?.[1]).find((found) => found !== undefined);
  const system = SYSTEMS.find(([pattern]) => pattern.test(userAgent))?.[1] ?? "";
  const name = browserName(userAgent);
  return {
    platform: `${name}${version === undefined ? "" : ` ${version}`}${system === "" ? "" : ` on ${system}`}`,
    deviceName: system === "" ? name : `${name}, ${system}`,
  };
}
