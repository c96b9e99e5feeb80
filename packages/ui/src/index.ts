/** Components, tokens and catalogues. Knows nothing about messages, keys or servers. */
export * from "./components/avatar.tsx";
export * from "./components/button.tsx";
export * from "./components/delivery-mark.tsx";
export * from "./components/dialog.tsx";
export * from "./components/feedback.tsx";
export * from "./components/field.tsx";
export * from "./components/highlight.tsx";
export * from "./components/icon.tsx";
export * from "./components/menu.tsx";
export * from "./components/toast.tsx";
export * from "./catalogues/load.ts";
export * from "./dates.ts";
export * from "./languages.ts";
export * from "./message-format.ts";
export * from "./text.tsx";
export type { MessageKey } from "./catalogues/keys.ts";
