/**
 * The wire, as one hash: schemas, hot layout, frame types, error codes and limits. A change of any of them fails here, so
 * that nobody changes the protocol without deciding what that means for programs already out there.
 */
import { createHash } from "node:crypto";
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { file_hawser_v1_content } from "./gen/hawser/v1/content_pb.js";
import { file_hawser_v1_hot } from "./gen/hawser/v1/hot_pb.js";
import { file_hawser_v1_identity } from "./gen/hawser/v1/identity_pb.js";
import { file_hawser_v1_link } from "./gen/hawser/v1/link_pb.js";
import { file_hawser_v1_rpc } from "./gen/hawser/v1/rpc_pb.js";
import { CLOSE_CODES, ERROR_CODES, FRAME_TYPES, HOT_LAYOUT, LIST_HASH_PREFIX_BYTES, PROTOCOL_MAX, PROTOCOL_MIN } from "./index.ts";
import * as limits from "./limits.ts";

const RECORDED = { protocolMin: 1, protocolMax: 1, hash: "9369f6cd766eb34d3d62c4e5059b7613aaafa572298c2e6f4c3a066f37baf96b" };

const MESSAGE = `The wire changed. Decide first:
  - An older program ignores the change and loses nothing (a new optional field, a new error code, a new request that is
    asked for only after a capability said so): keep PROTOCOL_MAX.
  - An older program would misread it, refuse it or do harm: raise PROTOCOL_MAX, keep speaking the old version to old
    programs, and raise PROTOCOL_MIN only when no supported release needs it any more.
Never renumber a field, never reuse an error code. Then write the decision into docs/PROTOCOL.md and record the new hash:`;

const fieldLine = (field: DescField): string => {
  const type = field.fieldKind === "message" ? field.message.typeName : field.fieldKind === "enum" ? field.enum.typeName : "";
  const scalar = "scalar" in field ? field.scalar : "";
  return `${field.number} ${field.name} ${field.fieldKind} ${type} ${String(scalar)} ${field.oneof?.name ?? ""}`;
};

function describeMessage(message: DescMessage): unknown {
  return [message.typeName, message.fields.map(fieldLine), message.nestedMessages.map(describeMessage)];
}

test("the wire is the one this version was recorded with", () => {
  const files = [file_hawser_v1_content, file_hawser_v1_hot, file_hawser_v1_identity, file_hawser_v1_link, file_hawser_v1_rpc];
  const described = {
    messages: files.map((file) => file.messages.map(describeMessage)),
    enums: files.map((file) => file.enums.map((kind) => [kind.typeName, kind.values.map((value) => [value.number, value.name])])),
    hot: { HOT_LAYOUT, FRAME_TYPES, LIST_HASH_PREFIX_BYTES },
    errors: { ERROR_CODES, CLOSE_CODES },
    limits: Object.entries(limits).map(([name, value]) => [name, String(value)]),
  };
  const hash = createHash("sha256").update(JSON.stringify(described)).digest("hex");
  expect({ protocolMin: PROTOCOL_MIN, protocolMax: PROTOCOL_MAX, hash }, `${MESSAGE} ${hash}`).toEqual(RECORDED);
});
