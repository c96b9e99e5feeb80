/** What the exit status of `hawser` means. Append only: scripts depend on it. docs/CLI.md, "Exit codes". */
export const EXIT = {
  ok: 0,
  /** A fault of this program, or something nobody foresaw. */
  fault: 1,
  /** The command line, or a value in it, is not valid. */
  usage: 2,
  /** A person or the server said no. */
  refused: 3,
  /** The server cannot be reached, or what was waited for did not happen in time. Nothing is lost. */
  offline: 4,
  /** This device was signed out by the account. */
  revoked: 5,
  /** The profile has no account yet, or the other kind of device is needed. */
  wrongPhase: 6,
  notFound: 7,
  /** Another process has the profile or the data folder open. */
  locked: 8,
  /** This program or the server is too old. */
  updateNeeded: 9,
  /** A file or the disk: unreadable, full, damaged. */
  storage: 10,
  /** What `doctor` found, by whose trouble it is. */
  troubleHere: 20,
  troubleOnTheWay: 21,
  troubleAtServer: 22,
  troubleUnclear: 23,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
