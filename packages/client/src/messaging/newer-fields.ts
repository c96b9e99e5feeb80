/**
 * Fields of shared state that a newer release wrote and this one does not know. Invariant: a device that changes what it knows of a value
 * hands on what it does not; a device that was updated reads again what it kept. docs/PROTOCOL.md, "Shared state".
 */
import { fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { BlockStateSchema, ChatStateSchema, ContactStateSchema, ProfileSchema, SettingsStateSchema } from "@hawser/wire";

/** Collections whose values are written anew as a whole when one field changes. Others are signed, or say one thing once. */
const REWRITTEN: Readonly<Record<string, GenMessage<Message>>> = {
  contact: ContactStateSchema,
  block: BlockStateSchema,
  chat: ChatStateSchema,
  settings: SettingsStateSchema,
  profile: ProfileSchema,
};

/** Changes whenever a release knows more fields than the one before. */
export const KNOWN_FIELDS = Object.entries(REWRITTEN)
  .map(([collection, { fields }]) => `${collection} ${fields.map(({ number }) => number).join(" ")}`)
  .join(", ");

/** `value` with the unknown fields of the value that it replaces. */
export function carryNewerFields(collection: string, before: Uint8Array | undefined, value: Uint8Array): Uint8Array {
  const schema = REWRITTEN[collection];
  if (schema === undefined || before === undefined || before.length === 0 || value.length === 0) return value;
  try {
    const { $unknown: newer = [] } = fromBinary(schema, before);
    if (newer.length === 0) return value;
    const next = fromBinary(schema, value);
    next.$unknown = [...newer];
    return toBinary(schema, next);
  } catch {
    return value;
  }
}
