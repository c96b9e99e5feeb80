/** A browser of some engine, with a folder of its own, as the stories see it. */
import type { AppPage } from "./app-page.ts";
import type { ScreenName } from "./screen-sizes.ts";

export type EngineName = "chromium" | "firefox" | "webkit";

export interface EngineProfileOptions {
  readonly name: string;
  readonly folder: string;
  readonly screen: ScreenName;
  /** A window that forgets. */
  readonly isPrivate?: boolean;
}

export interface EngineProfile {
  readonly engine: EngineName;
  readonly name: string;
  readonly faults: readonly string[];
  /** The profile's first page, or another tab. */
  page(): Promise<AppPage>;
  newPage(): Promise<AppPage>;
  /** From now on, messages like this are part of what the story does on purpose. */
  expectFault(pattern: RegExp): void;
  saveScreenshots(folder: string): Promise<void>;
  close(): Promise<void>;
}
