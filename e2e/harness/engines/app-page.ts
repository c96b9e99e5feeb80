/**
 * What the stories ask of a page, whichever engine draws it. A Playwright page is one as it stands; `RemotePage` is one for the engines
 * that Playwright does not drive. The words mean here what they mean there: waiting, strictness and visibility are the same.
 */
export type TextPattern = string | RegExp;

export interface RoleOptions {
  readonly name?: TextPattern;
  readonly exact?: boolean;
  readonly level?: number;
}

export interface TextOptions {
  readonly exact?: boolean;
}

export interface WaitOptions {
  readonly timeout?: number;
}

export interface FilterOptions {
  readonly has?: AppLocator;
  readonly hasText?: TextPattern;
  readonly hasNotText?: TextPattern;
}

/** A file as a person would choose it: from the disk, or made up for the purpose. */
export type ChosenFile = string | { readonly name: string; readonly mimeType: string; readonly buffer: Buffer };

interface Finder {
  locator(selector: string): AppLocator;
  getByRole(role: string, options?: RoleOptions): AppLocator;
  getByLabel(text: TextPattern, options?: TextOptions): AppLocator;
  getByText(text: TextPattern, options?: TextOptions): AppLocator;
  getByPlaceholder(text: TextPattern, options?: TextOptions): AppLocator;
}

export interface AppLocator extends Finder {
  filter(options?: FilterOptions): AppLocator;
  first(): AppLocator;
  last(): AppLocator;
  waitFor(options?: { readonly state?: "attached" | "detached" | "visible" | "hidden"; readonly timeout?: number }): Promise<void>;
  click(options?: WaitOptions): Promise<void>;
  fill(text: string, options?: WaitOptions): Promise<void>;
  selectOption(value: string): Promise<unknown>;
  setInputFiles(file: ChosenFile): Promise<void>;
  hover(): Promise<void>;
  count(): Promise<number>;
  isVisible(): Promise<boolean>;
  innerText(options?: WaitOptions): Promise<string>;
  allInnerTexts(): Promise<string[]>;
  inputValue(): Promise<string>;
  getAttribute(name: string, options?: WaitOptions): Promise<string | null>;
  /** Sent as text, like a page's. */
  evaluate<Result>(run: (element: HTMLElement) => Result | Promise<Result>): Promise<Result>;
  boundingBox(): Promise<{ x: number; y: number; width: number; height: number } | null>;
}

export interface AppPage extends Finder {
  readonly mouse: { wheel(deltaX: number, deltaY: number): Promise<void> };
  goto(url: string): Promise<unknown>;
  reload(): Promise<unknown>;
  close(): Promise<void>;
  /** `run` is sent as text: it sees nothing but the page and what it is given. */
  evaluate<Given, Result>(run: (given: Given) => Result | Promise<Result>, given: Given): Promise<Result>;
  evaluate<Result>(run: () => Result | Promise<Result>): Promise<Result>;
  /** PNG of what is in view, one pixel a CSS pixel. */
  screenshot(options?: {
    readonly type?: "png";
    readonly scale?: "css";
    readonly animations?: "allow";
    readonly path?: string;
    readonly timeout?: number;
  }): Promise<Buffer>;
}
