/** Colours, only where a terminal shows them. NO_COLOR and FORCE_COLOR are honoured (no-color.org, force-color.org). */
export interface Paint {
  readonly enabled: boolean;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

export function paintFor(stream: { readonly isTTY?: boolean | undefined }, environment: NodeJS.ProcessEnv): Paint {
  const { NO_COLOR: never = "", FORCE_COLOR: always = "", TERM: terminal = "" } = environment;
  const enabled = never === "" && (always === "" ? stream.isTTY === true && terminal !== "dumb" : always !== "0");
  const wrap = (open: number, close: number) => (text: string) => (enabled ? `\x1b[${open}m${text}\x1b[${close}m` : text);
  return { enabled, bold: wrap(1, 22), dim: wrap(2, 22), red: wrap(31, 39), green: wrap(32, 39), yellow: wrap(33, 39), cyan: wrap(36, 39) };
}
