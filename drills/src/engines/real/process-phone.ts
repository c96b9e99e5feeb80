/** A phone whose program is a process of its own: its system freezes and kills it without a word. */
import type { ClientState } from "@hawser/client";
import { type ClientOptions, ClientProcess } from "./remote-client.ts";
import { SdkDevice, type SdkDeviceParts } from "./sdk-device.ts";

export class ProcessPhone extends SdkDevice {
  readonly #options: ClientOptions;
  #program: ClientProcess | undefined;
  #isFrozen = false;

  constructor(parts: Omit<SdkDeviceParts, "open">, { profileDir, serverUrl, origin }: ClientOptions) {
    super({
      ...parts,
      open: () => {
        this.#program = new ClientProcess(this.#options);
        return this.#program.client;
      },
    });
    this.#options = { profileDir, serverUrl, origin };
  }

  /** Nobody sees a screen of a phone that does not run. */
  override state(): Promise<ClientState | undefined> {
    return this.#isFrozen ? Promise.resolve(undefined) : super.state();
  }

  freeze(): void {
    this.#isFrozen = true;
    this.#program?.freeze();
  }

  thaw(): void {
    this.#program?.thaw();
    this.#isFrozen = false;
  }
}
