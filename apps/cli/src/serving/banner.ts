/** What `hawser serve` says once it serves: where to go, and what next. */
import type { RegistrationMode } from "@hawser/server";
import type { DemoAccount } from "../demo/demo.ts";
import type { Output } from "../terminal/output.ts";
import { qrCode } from "../terminal/qr-code.ts";

export interface Serving {
  readonly origin: string;
  readonly data: string;
  readonly registration: RegistrationMode;
  readonly hasWebApp: boolean;
  /** Of the certificate this server made for the local network. */
  readonly fingerprint: string | undefined;
  readonly loopbackOnly: boolean;
}

const WHO: Readonly<Record<RegistrationMode, string>> = {
  open: "whoever can reach this server may make an account",
  invitation: "by invitation; make one with: npm run hawser -- invite",
  code: "by one-time code, which this server writes to its log",
  closed: "closed",
};

export function showServing(output: Output, serving: Serving): void {
  const { origin, data, registration, hasWebApp, fingerprint, loopbackOnly } = serving;
  const { bold, cyan, dim } = output.paint;
  const phonePage = `${origin}/phone`;
  const companionPage = `${origin}/`;
  output.event({ event: "serving", url: origin, phonePage, companionPage, data, registration });
  output.line("");
  output.line(`  ${bold("Hawser is running.")}`);
  output.line("");
  if (!hasWebApp) {
    output.line(`  Server           ${cyan(origin)}`);
    output.line("  The web app is not built, so there are no pages. Build it with: npm start");
  } else {
    output.line(`  Phone page       ${cyan(phonePage)}`);
    output.line(`  Companion page   ${cyan(companionPage)}`);
    output.line("");
    output.line("  1. Open the phone page and make an account.");
    output.line("  2. Open the companion page in another browser or on another computer. It shows a code.");
    output.line("  3. On the phone page: Devices, Link a device. Scan the code, or paste it.");
  }
  output.line("");
  output.line(dim(`  data      ${data}`));
  output.line(dim(`  accounts  ${WHO[registration]}`));
  if (loopbackOnly) output.line(dim("  reach     this computer only; for phones on this network: npm start -- --lan"));
  if (fingerprint !== undefined) showLan(output, phonePage, fingerprint);
  output.line("");
}

function showLan(output: Output, phonePage: string, fingerprint: string): void {
  output.line("");
  for (const line of qrCode(phonePage, { paint: output.paint })) output.line(`  ${line}`);
  output.line("");
  output.line("  Scan this with a phone on the same network: it opens the phone page.");
  output.line("  The certificate was made by this server, so each browser warns once. That is expected here");
  output.line("  and nowhere else. Choose Advanced, then Proceed, after you compared its fingerprint (SHA-256):");
  for (const half of [fingerprint.slice(0, 48), fingerprint.slice(48)]) output.line(`    ${half}`);
}

export function showDemo(output: Output, accounts: readonly DemoAccount[]): void {
  const { bold, cyan, dim } = output.paint;
  for (const { name, handle, profile, recoveryCode, state } of accounts) {
    output.event({ event: "demo", name, handle, profile, recoveryCode: recoveryCode ?? null, state });
  }
  output.line(`  ${bold("Two people live here for you to try things with.")} Their phones run inside this server's process.`);
  output.line("");
  for (const account of accounts) {
    output.line(
      `  ${bold(account.name)}  @${account.handle}${account.state === "taken-over" ? dim("  (somebody restored the account; that phone is in charge now)") : ""}`,
    );
    output.line(`    recovery code  ${account.recoveryCode ?? dim("not known any more")}`);
  }
  const [first] = accounts;
  if (first === undefined) return;
  output.line("");
  output.line(`  ${bold("See a history arrive.")} Open the companion page, copy the link under its code, and let it in:`);
  output.line(`    ${cyan(`npm run hawser -- approve --profile ${first.profile} 'LINK'`)}`);
  output.line(`  Then write to ${accounts[1]?.name ?? "somebody"}: an answer comes by itself after a moment.`);
  output.line(`  ${bold("Or get an account back.")} On the phone page choose "I have a recovery code". As in real life, that signs`);
  output.line("  the old phone out; the history comes from a companion, which also runs in here.");
  output.line(`  ${bold("Or make your own account")} and write to @${accounts[1]?.handle ?? first.handle}.`);
  output.line("");
}
