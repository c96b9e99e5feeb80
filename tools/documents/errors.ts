/** docs/ERRORS.md, from the registry of the wire and the terminal's texts, which have an entry for every code there is. */
import { ERROR_CODES, type ErrorName } from "@hawser/wire";
import { ERROR_TEXTS } from "../../apps/cli/src/error-text.ts";

const HEAD = `# Errors

Generated from \`packages/wire/src/errors.ts\` and \`apps/cli/src/error-text.ts\` by \`npm run generate\`; do not edit.

Every code has one name everywhere: on the wire, in the SDK (\`OperationalError.code\`), in outcomes and reports, in \`hawser --json\`. Those with a
number travel; the registry is append only. Their class says what a client does: \`retry\` later, nothing changes (also for a number it does not
know); \`update\` this program or the server; \`ask\` a person; \`revoked\`: look for the signed revocation; \`fault\`: do not repeat the request. "exit" is
the status of \`hawser\`, the text what it says and advises where nothing more precise is known. The web app's texts stand in the catalogues.

## On the wire

| code | number | class | exit | text |
|---|---|---|---|---|
`;

const textOf = (name: keyof typeof ERROR_TEXTS): string => {
  const [exit, message, next] = ERROR_TEXTS[name];
  return `${exit} | ${`${message} ${next}`.trim().replaceAll("|", "\\|")} |`;
};

export function errors(): string {
  const travelling = Object.keys(ERROR_CODES) as ErrorName[];
  const wire = travelling
    .toSorted((a, b) => ERROR_CODES[a].code - ERROR_CODES[b].code)
    .map((name) => `| \`${name}\` | ${ERROR_CODES[name].code} | ${ERROR_CODES[name].class} | ${textOf(name)}`);
  const others = (Object.keys(ERROR_TEXTS) as (keyof typeof ERROR_TEXTS)[])
    .filter((name) => !(name in ERROR_CODES))
    .map((name) => `| \`${name}\` | ${textOf(name)}`);
  return `${HEAD}${wire.join("\n")}\n\n## Of links, of the client, of the terminal program\n\n| code | exit | text |\n|---|---|---|\n${others.join("\n")}\n`;
}
