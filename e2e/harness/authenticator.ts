/** Chromium's virtual authenticator in one page, over its debugging protocol: the passkeys of a platform, with a person who says yes. */
import type { CDPSession, Page } from "playwright-core";

type Credential = Awaited<ReturnType<VirtualAuthenticator["credentials"]>>[number];

export class VirtualAuthenticator {
  readonly #session: CDPSession;
  readonly #authenticatorId: string;

  private constructor(session: CDPSession, authenticatorId: string) {
    this.#session = session;
    this.#authenticatorId = authenticatorId;
  }

  /** `prf`: whether it computes secrets for pages. Those stay in it: a credential that comes to another one computes others. */
  static async plugInto(page: Page, credentials: readonly Credential[] = [], { prf = false } = {}): Promise<VirtualAuthenticator> {
    const session = await page.context().newCDPSession(page);
    await session.send("WebAuthn.enable");
    const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        hasPrf: prf,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    // As a synchronised passkey comes to another computer of the same person.
    for (const credential of credentials) await session.send("WebAuthn.addCredential", { authenticatorId, credential });
    return new VirtualAuthenticator(session, authenticatorId);
  }

  /** Its person does not confirm: it is not theirs, or they do not want to. After some tries it asks no more. */
  async refuse(): Promise<void> {
    await this.#session.send("WebAuthn.setUserVerified", { authenticatorId: this.#authenticatorId, isUserVerified: false });
  }

  async unplug(): Promise<void> {
    await this.#session.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId: this.#authenticatorId });
  }

  async credentials() {
    return (await this.#session.send("WebAuthn.getCredentials", { authenticatorId: this.#authenticatorId })).credentials;
  }
}
