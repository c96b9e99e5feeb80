import type { AttachmentView, MessageView } from "@hawser/sdk";
import type { Translate } from "@hawser/ui";
import { expect, test } from "vitest";
import { absenceOf, isOmitted, previewOf } from "./message-preview.ts";

const t: Translate = (key) => key;
const message = (fields: Partial<MessageView>): MessageView => ({ text: "", kind: "text", attachments: [], ...fields }) as MessageView;
const attachment = (fields: Partial<AttachmentView>): AttachmentView =>
  ({ sizeBytes: 0, blob: undefined, local: false, mediaType: "image/jpeg", fileName: "IMG-1.jpg", ...fields }) as AttachmentView;

test("lines of which an export kept nothing say what they were", () => {
  expect(absenceOf(message({}))).toBe("mediaOmitted");
  expect(absenceOf(message({ kind: "system" }))).toBe("deleted");
  expect(previewOf(message({}), t)).toBe("message.mediaOmitted");
  expect(previewOf(message({ kind: "system" }), t)).toBe("message.deleted");
});

test("whatever has a text, a file or is still awaited is not absent", () => {
  expect(absenceOf(message({ text: "hello" }))).toBeUndefined();
  expect(absenceOf(message({ kind: "system", text: "Leyla changed the group's name" }))).toBeUndefined();
  expect(absenceOf(message({ kind: "undecryptable" }))).toBeUndefined();
  expect(absenceOf(message({ attachments: [attachment({})] }))).toBeUndefined();
});

test("a file is omitted only when no device can have its bytes", () => {
  expect(isOmitted(attachment({}))).toBe(true);
  expect(isOmitted(attachment({ local: true }))).toBe(false);
  expect(isOmitted(attachment({ sizeBytes: 12 }))).toBe(false);
  expect(isOmitted(attachment({ blob: "ab" as AttachmentView["blob"] }))).toBe(false);
});
