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

export function describePlatform(userAgent: string): PlatformWords {
  const browser = BROWSERS.map(([pattern, name]) => ({ name, version: pattern.exec(userAgent)?.[1] })).find(
    ({ version }) => version !== undefined,
  );
  const system = SYSTEMS.find(([pattern]) => pattern.test(userAgent))?.[1] ?? "";
  const name = browser?.name ?? "Browser";
  return {
    platform: `${name}${browser?.version === undefined ? "" : ` ${browser.version}`}${system === "" ? "" : ` on ${system}`}`,
    deviceName: system === "" ? name : `${name}, ${system}`,
  };
}
