/** `hawser contacts …`, `safety-number`, `contact-code`: the people one writes to. */
import type { Contact } from "@hawser/sdk";
import type { Command } from "commander";
import type { Context, DefineCommand, Run } from "../context.ts";
import { CliError } from "../error-text.ts";
import { findContact } from "../profile/find-person.ts";
import { untilSent } from "../profile/waits.ts";
import { withClient } from "../profile/with-client.ts";
import { qrCode } from "../terminal/qr-code.ts";
import { safeName } from "../terminal/safe-text.ts";
import { defineForks } from "./forks.ts";

export const contacts: DefineCommand = (program, run) => {
  const group = program.command("contacts").description("the people you write to");
  group
    .command("list", { isDefault: true })
    .description("all of them")
    .action(
      run(async (context) => {
        await withClient(context, { phase: "member" }, async ({ client }) => {
          const all = await client.contacts();
          for (const contact of all) showContact(context, contact);
          if (all.length === 0) context.output.note("Nobody yet. Add somebody: hawser contacts add HANDLE");
        });
      }),
    );
  group
    .command("add <handle-or-code>")
    .description("somebody by handle or by contact code")
    .option("--name <name>", "what you call them (default: the handle)")
    .action(run<{ readonly name?: string }>((context) => add(context, context.args[0]!, context.options.name)));
  change(group, run, "block", "drop what somebody sends, without telling them", (client, account) => client.setBlocked(account, true));
  change(group, run, "unblock", "take messages from somebody again", (client, account) => client.setBlocked(account, false));
  change(group, run, "verify", "you have compared the safety number", (client, account) => client.setVerified(account, true));
  change(group, run, "unverify", "take that back", (client, account) => client.setVerified(account, false));
  defineForks(program, group, run);

  program
    .command("safety-number <person>")
    .description("the digits to compare with somebody, over a call or face to face")
    .action(
      run(async (context) => {
        const { output } = context;
        await withClient(context, { phase: "member", online: true }, async ({ client }) => {
          const { account, name } = await findContact(client, context.args[0]!);
          const { digits, verified } = await client.safetyNumber(account);
          const groups = digits.match(/\d{5}/g) ?? [];
          const rows = [groups.slice(0, 4), groups.slice(4, 8), groups.slice(8)].map((row) => `  ${row.join(" ")}`);
          output.event(
            { event: "safety-number", account, digits: groups.join(" "), verified },
            `${rows.join("\n")}\n${verified ? "You have verified" : "Not verified yet:"} ${safeName(name)}.`,
          );
          if (!verified) output.note(`If they see the same digits: hawser contacts verify ${context.args[0]}`);
        });
      }),
    );

  program
    .command("contact-code")
    .description("a code by which others add you")
    .action(
      run(async (context) => {
        const { output } = context;
        const uri = await withClient(context, { phase: "member" }, ({ client }) => client.contactUri());
        output.event({ event: "contact-code", uri }, ["", ...qrCode(uri, { paint: output.paint }), "", uri].join("\n"));
      }),
    );
};

type Client = Parameters<typeof findContact>[0];

function change(
  group: Command,
  run: Run,
  name: string,
  description: string,
  apply: (client: Client, account: Contact["account"]) => Promise<void>,
): void {
  group
    .command(`${name} <person>`)
    .description(description)
    .action(
      run(async (context) => {
        await withClient(context, { phase: "member", online: true }, async ({ client }) => {
          const { account } = await findContact(client, context.args[0]!);
          await apply(client, account);
          await untilSent(client, context.signal);
          const contact = (await client.contacts()).find((candidate) => candidate.account === account);
          if (contact !== undefined) showContact(context, contact);
        });
      }),
    );
}

async function add(context: Context, text: string, name: string | undefined): Promise<void> {
  await withClient(context, { phase: "member", online: true }, async ({ client }) => {
    const found = text.includes("#") ? await client.openContactCode(text) : await client.findHandle(text.replace(/^@/, ""));
    if (found === undefined) throw new CliError("HANDLE_UNKNOWN", { detail: `Nobody on the server is called "${text}".` });
    const contact = await client.addContact({ account: found.account, handle: found.handle, name: name ?? found.handle });
    await untilSent(client, context.signal);
    showContact(context, contact);
  });
}

function showContact({ output }: Context, { account, name, handle, verified, blocked }: Contact): void {
  const notes = [verified ? output.paint.green("verified") : "", blocked ? output.paint.red("blocked") : ""].filter((note) => note !== "");
  output.event(
    { event: "contact", account, name, handle: handle ?? null, verified, blocked },
    `${output.paint.bold(safeName(name).padEnd(28))}  ${handle === undefined ? "" : `@${handle}`}  ${output.paint.dim(account)}  ${notes.join(", ")}`.trimEnd(),
  );
}
