/**
 * The program's version: the release that this tree becomes. Everything that says which version it is takes it from here: outcomes, the
 * diagnosis and its report, the change log, the server. `node tools/set-version.mjs` changes it, with every package.json.
 */
export const PROGRAM_VERSION = "0.5.0";
