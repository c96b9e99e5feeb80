/**
 * The only globals beyond the language itself that pure packages may use: deterministic, free of I/O, and present in
 * every runtime. Anything else (clock, random, timers, console, network) comes in as a port.
 */
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}

declare class TextDecoder {
  constructor(encoding?: "utf-8", options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(bytes?: Uint8Array): string;
}
