/**
 * Passkeys in a real browser with virtual authenticators: made on the phone, shown on the new computer; a fake login page that relays the
 * genuine code is refused, whatever it does; who has none gets in by the digits, unless the account insists.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { HawserClient, PasskeyAnswer, PasskeyRequest } from "@hawser/sdk";
import { openNodeClient } from "@hawser/sdk/node";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { VirtualAuthenticator } from "./harness/authenticator.ts";
import { faultsOf } from "./harness/axe.ts";
import { CompanionApp } from "./harness/companion-app.ts";
import { startServerAtName } from "./harness/local-name.ts";
import { PhoneApp } from "./harness/phone-app.ts";
import { codeOnScreen } from "./harness/read-code.ts";
import { scenario, type World } from "./harness/scenario.ts";
import type { ServerProcess } from "./harness/server-process.ts";
import { Terminal } from "./harness/terminal.ts";
import { until } from "./harness/until.ts";
import { say } from "./harness/words.ts";

interface Phone {
  readonly server: ServerProcess;
  readonly phone: PhoneApp<Page>;
  readonly authenticator: VirtualAuthenticator;
}

async function phoneWithPasskey(world: World): Promise<Phone> {
  const server = await startServerAtName(world);
  const phone = await PhoneApp.open(await (await world.phone()).page(), server.url);
  const authenticator = await VirtualAuthenticator.plugInto(phone.page);
  await phone.signUp({ handle: "elif", name: "Elif Kaya" });
  await phone.goTo("settings");
  await phone.page.getByRole("button", { name: say("passkey.create") }).click();
  await phone.page.getByRole("button", { name: say("passkey.remove"), exact: true }).waitFor();
  expect(await authenticator.credentials()).toHaveLength(1);
  return { server, phone, authenticator };
}

const insist = (phone: PhoneApp<Page>): Promise<void> => phone.page.getByRole("switch", { name: say("passkey.required") }).click();

const sees = (page: Page, key: Parameters<typeof say>[0], values = {}): Promise<void> => page.getByText(say(key, values)).waitFor();

scenario("made on the phone, shown on the new computer, asked for on the phone before anything is signed", async (world) => {
  const { server, phone, authenticator } = await phoneWithPasskey(world);
  await insist(phone);
  const page = await (await world.companion()).page();
  const companion = await CompanionApp.open(page, server.url);
  await VirtualAuthenticator.plugInto(page, await authenticator.credentials());
  await phone.pasteCode(await codeOnScreen(page));
  await sees(phone.page, "passkey.awaited");
  expect(await faultsOf(phone.page, "a passkey is awaited")).toEqual([]);
  await page.getByRole("button", { name: say("passkey.use") }).waitFor();
  expect(await faultsOf(page, "a passkey is asked for")).toEqual([]);
  expect(await phone.page.getByRole("button", { name: say("approve.confirm") }).isDisabled()).toBe(true);
  expect(await companion.matchCode()).toBe(await phone.matchCode());
  await page.getByRole("button", { name: say("passkey.use") }).click();
  await sees(phone.page, "passkey.verified");
  const before = (await authenticator.credentials())[0]!.signCount;
  await phone.confirmLink();
  expect((await authenticator.credentials())[0]!.signCount).toBeGreaterThan(before);
  await companion.chats.isReady();
});

/** A page of somebody else's, at another port or another name. */
async function fakePage(world: World, page: Page, host: string): Promise<void> {
  const site = createServer((_request, response) => response.setHeader("content-type", "text/html").end("<h1>Hawser</h1>"));
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  world.atEnd(() => void site.close());
  await page.goto(`http://${host}:${(site.address() as AddressInfo).port}/`);
}

/** What the fake page does with the question that its accomplice got: it asks the victim's own authenticator. */
const askVictim = (page: Page, request: PasskeyRequest): Promise<PasskeyAnswer | string> =>
  page.evaluate(async ({ rpId, challenge, credentialIds }) => {
    const bytes = (text: string) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const text = (buffer: ArrayBuffer) =>
      btoa(String.fromCharCode(...new Uint8Array(buffer)))
        .replaceAll("+", "-")
        .replaceAll("/", "_")
        .replaceAll("=", "");
    try {
      const shown = (await navigator.credentials.get({
        publicKey: {
          rpId,
          challenge: bytes(challenge),
          allowCredentials: credentialIds.map((id) => ({ type: "public-key" as const, id: bytes(id) })),
          userVerification: "required",
        },
      })) as PublicKeyCredential;
      const { clientDataJSON, authenticatorData, signature } = shown.response as AuthenticatorAssertionResponse;
      return {
        credentialId: text(shown.rawId),
        clientDataJson: text(clientDataJSON),
        authenticatorData: text(authenticatorData),
        signature: text(signature),
      };
    } catch (error) {
      return (error as Error).name;
    }
  }, request);

/** Whoever stands behind the fake page, with a genuine program: its code is what the page shows. */
async function accomplice(world: World, server: ServerProcess): Promise<{ client: HawserClient; uri: string }> {
  const profileDir = join(world.folder, `accomplice-${Math.random()}`);
  const client = openNodeClient({ profileDir, serverUrl: `http://127.0.0.1:${server.port}`, origin: server.url });
  world.atEnd(() => client.close());
  await client.startLink({ deviceName: "Chromium, Linux", platform: "Chromium 156 on Linux", passkeys: true });
  const uri = await until("the accomplice has a code", async () => (await client.linkStatus())?.uri);
  return { client, uri };
}

scenario("a fake login page at another port relays the code, and gets a genuine passkey: refused, and told why", async (world) => {
  const { server, phone, authenticator } = await phoneWithPasskey(world);
  const page = await (await world.companion({ name: "victim" })).page();
  await fakePage(world, page, "localhost");
  await VirtualAuthenticator.plugInto(page, await authenticator.credentials());
  const { client, uri } = await accomplice(world, server);
  await phone.pasteCode(uri);
  const request = await until("it is asked for the passkey", async () => (await client.linkStatus())?.passkeyRequest);
  const answer = await askVictim(page, request);
  if (typeof answer === "string") throw new Error(`the authenticator refused already: ${answer}`);
  await client.answerLinkPasskey(answer);
  await phone.hasFailedToLink();
  await sees(phone.page, "error.PASSKEY_OTHER_ORIGIN");
  expect(await until("the accomplice hears it", async () => (await client.linkStatus())?.error?.name)).toBe("PASSKEY_OTHER_ORIGIN");
  expect((await client.state()).self).toBeUndefined();
  await phone.closeSheet();
  expect(await phone.deviceCount()).toBe(1);
});

scenario("at another name the browser gives no passkey at all, and an account that insists lets nobody in", async (world) => {
  const { server, phone, authenticator } = await phoneWithPasskey(world);
  await insist(phone);
  const page = await (await world.companion({ name: "victim" })).page();
  await fakePage(world, page, "127.0.0.1");
  await VirtualAuthenticator.plugInto(page, await authenticator.credentials());
  const { client, uri } = await accomplice(world, server);
  await phone.pasteCode(uri);
  const request = await until("it is asked for the passkey", async () => (await client.linkStatus())?.passkeyRequest);
  expect(await askVictim(page, request)).toBe("SecurityError");
  await client.answerLinkPasskey();
  await phone.hasFailedToLink();
  await sees(phone.page, "error.PASSKEY_REQUIRED");
  expect((await client.state()).self).toBeUndefined();
});

scenario("a terminal has none: the digits of its screen let it in, others do not", async (world) => {
  const { server, phone } = await phoneWithPasskey(world);
  const terminal = new Terminal([
    "link",
    "--profile",
    join(world.folder, "terminal"),
    "--server",
    server.url,
    "--device-name",
    "Build server",
  ]);
  world.atEnd(() => terminal.close());
  const [uri] = await terminal.sees(/http:\/\/localhost:\d+\/link#1\.[\w-]{107}/);
  await phone.pasteCode(uri);
  await sees(phone.page, "passkey.missing", { origin: new URL(server.url).host });
  expect(await faultsOf(phone.page, "digits are asked for")).toEqual([]);
  const [code] = await terminal.sees(/\d{3} \d{3}/);
  const digits = phone.page.getByLabel(say("passkey.digits"));
  await digits.fill(code === "000 000" ? "111111" : "000000");
  await phone.confirm();
  await sees(phone.page, "error.MATCH_CODE_WRONG");
  await digits.fill(code);
  await phone.confirmLink();
  await terminal.ends();
  expect(await phone.deviceCount()).toBe(2);
  await phone.goTo("settings");
  expect(await faultsOf(phone.page, "settings with a passkey")).toEqual([]);
  await phone.page.getByRole("button", { name: say("passkey.remove"), exact: true }).click();
  await phone.page
    .getByRole("dialog")
    .getByRole("button", { name: say("passkey.remove"), exact: true })
    .click();
  await phone.page.getByRole("dialog").waitFor({ state: "detached" });
  await phone.page.getByRole("button", { name: say("passkey.remove"), exact: true }).waitFor({ state: "detached" });
});
