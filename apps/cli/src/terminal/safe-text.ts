/**
 * Text that other people wrote, made harmless for a terminal: a message must not move the cursor, change the title or
 * answer a question in its reader's name.
 */
/** C0 (without tab and line feed), DEL and C1: escape sequences begin with them. */
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
/** Marks that reorder the text around a name. */
const DIRECTION = /[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/g;

/** A message's text; line breaks stay. */
export const safeText = (text: string): string => text.replaceAll(CONTROLS, "\u{fffd}");

/** A name, title or file name: one line, no direction marks. */
export const safeName = (text: string): string =>
  safeText(text)
    .replaceAll(DIRECTION, "")
    .replaceAll(/[\t\n\u2028\u2029]+/g, " ");
