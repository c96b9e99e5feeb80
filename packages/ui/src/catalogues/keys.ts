/** Every key there is: those of the English catalogue. */
import type { messages } from "./en/index.ts";

export type MessageKey = keyof typeof messages;
