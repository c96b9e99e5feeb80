/**
 * The lines that `--json` prints: one object a line, `event` names its shape. This table is the schema: types, tests and
 * docs/CLI.md follow it. Append only; readers ignore events and fields they do not know.
 */
const FIELD_TYPES = {
  string: (value: unknown): value is string => typeof value === "string",
  number: (value: unknown): value is number => typeof value === "number" && Number.isFinite(value),
  boolean: (value: unknown): value is boolean => typeof value === "boolean",
  "string?": (value: unknown): value is string | null => value === null || typeof value === "string",
  "number?": (value: unknown): value is number | null => value === null || (typeof value === "number" && Number.isFinite(value)),
  strings: (value: unknown): value is readonly string[] => Array.isArray(value) && value.every((item) => typeof item === "string"),
  files: (value: unknown): value is readonly FileLine[] => Array.isArray(value) && value.every(isFileLine),
} as const;

/** A file that belongs to a message. */
export interface FileLine {
  readonly index: number;
  readonly fileName: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
}

function isFileLine(value: unknown): boolean {
  const { index, fileName, mediaType, sizeBytes } = (value ?? {}) as Partial<FileLine>;
  return typeof index === "number" && typeof fileName === "string" && typeof mediaType === "string" && typeof sizeBytes === "number";
}

type FieldType = keyof typeof FIELD_TYPES;
type ValueOf<T extends FieldType> = (typeof FIELD_TYPES)[T] extends ((value: unknown) => value is infer Value) ? Value : never;

const PERSON = { account: "string", name: "string", handle: "string?", verified: "boolean", blocked: "boolean" } as const;
const MESSAGE = {
  id: "string", chat: "string", outgoing: "boolean", sender: "string", text: "string", sentAtMs: "number", status: "string",
  kind: "string", files: "files",
} as const; // prettier-ignore

/** Times are milliseconds since 1970, sizes bytes; `?` may be null. */
export const EVENT_FIELDS = {
  serving: { url: "string", phonePage: "string", companionPage: "string", data: "string", registration: "string" },
  stopped: { reason: "string" },
  demo: { name: "string", handle: "string", profile: "string", recoveryCode: "string?", state: "string" },
  invitation: { code: "string", uses: "number", expiresAtMs: "number" },
  backup: { folder: "string" },
  restored: { folder: "string" },
  account: { account: "string", device: "number", role: "string", handle: "string", displayName: "string", deviceName: "string" },
  "recovery-code": { code: "string" },
  "code-sent": { address: "string" },
  link: {
    stage: "string", uri: "string?", matchCode: "string?", deadlineMs: "number?", peerName: "string?", peerPlatform: "string?",
    peerOrigin: "string?", error: "string?", typedCode: "string?", place: "number?", estimateMs: "number?",
    passkey: "string?", needsRemoval: "boolean",
  }, // prettier-ignore
  linked: { account: "string", device: "number" },
  moved: { account: "string", device: "number" },
  approved: { peerName: "string" },
  history: { state: "string", direction: "string?", done: "number", total: "number" },
  archive: {
    on: "boolean", messages: "number", waiting: "number", writtenAtMs: "number?", trouble: "string?", usedBytes: "number?", quotaBytes: "number?",
  }, // prettier-ignore
  device: {
    device: "number", name: "string", role: "string", isThis: "boolean", addedAtMs: "number", connected: "boolean", lastSeenMs: "number?",
    dormantSinceMs: "number?",
  }, // prettier-ignore
  "device-alert": {
    id: "string",
    kind: "string",
    device: "number",
    name: "string",
    role: "string",
    atMs: "number",
    byName: "string?",
    removing: "boolean",
  },
  "alert-answered": { id: "string", device: "number", answer: "string" },
  erased: { device: "number", told: "boolean" },
  dormancy: { months: "number" },
  renamed: { device: "number", name: "string" },
  revoked: { device: "number", name: "string" },
  contact: PERSON,
  "safety-number": { account: "string", digits: "string", verified: "boolean" },
  "contact-code": { uri: "string" },
  "list-branch": {
    account: "string",
    code: "string",
    number: "number",
    signedAtMs: "number",
    pinned: "boolean",
    rejected: "boolean",
    devices: "strings",
  },
  "list-trusted": { account: "string", number: "number", code: "string" },
  "list-code": { number: "number", code: "string" },
  chat: {
    chat: "string",
    title: "string",
    account: "string?",
    unread: "number",
    isRequest: "boolean",
    historyComplete: "boolean",
    lastText: "string?",
    lastAtMs: "number?",
  },
  message: MESSAGE,
  delivery: { id: "string", chat: "string", status: "string" },
  hit: { ...MESSAGE, chatTitle: "string", snippet: "string" },
  connection: { state: "string", error: "string?", clockOffsetMs: "number?" },
  "import-preview": {
    title: "string",
    participants: "strings",
    self: "string?",
    messages: "number",
    files: "number",
    firstAtMs: "number",
    lastAtMs: "number",
    dateOrder: "string",
    dateOrderCertain: "boolean",
  },
  "import-progress": { done: "number", total: "number" },
  imported: { chat: "string", imported: "number", alreadyThere: "number" },
  status: {
    phase: "string", role: "string?", handle: "string?", connection: "string", server: "string", profile: "string", unread: "number",
    queued: "number", history: "string", clockOffsetMs: "number?", notice: "string?",
  }, // prettier-ignore
  probe: { name: "string", finding: "string?", missing: "string?" },
  diagnosis: {
    whose: "string", cause: "string", confidence: "number", speaksFor: "strings", speaksAgainst: "strings", also: "strings",
    steps: "strings", since: "string?", sinceAtMs: "number?", tookMs: "number", report: "string",
  }, // prettier-ignore
  "signed-out": { revokedAtMs: "number", revokedBy: "number", revokedByName: "string", reason: "string" },
  notice: { notice: "string" },
  error: { code: "string", message: "string", next: "string", exit: "number" },
} as const satisfies Record<string, Record<string, FieldType>>;

export type EventName = keyof typeof EVENT_FIELDS;
type Fields<Name extends EventName> = {
  readonly [Field in keyof (typeof EVENT_FIELDS)[Name]]: ValueOf<(typeof EVENT_FIELDS)[Name][Field] & FieldType>;
};
export type CliEvent = { [Name in EventName]: { readonly event: Name } & Fields<Name> }[EventName];

/** What is wrong with one line of output, by the table; `undefined` when nothing is. */
export function checkEvent(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return "not an object";
  const { event, ...fields } = value as Record<string, unknown>;
  if (typeof event !== "string" || !Object.hasOwn(EVENT_FIELDS, event)) return `unknown event ${String(event)}`;
  const expected: Record<string, FieldType> = EVENT_FIELDS[event as EventName];
  for (const [name, type] of Object.entries(expected)) {
    if (!FIELD_TYPES[type](fields[name])) return `${event}.${name} is not ${type}`;
  }
  const extra = Object.keys(fields).find((name) => !Object.hasOwn(expected, name));
  return extra === undefined ? undefined : `${event}.${extra} is not in the table`;
}
