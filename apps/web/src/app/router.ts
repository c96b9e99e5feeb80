/** Places inside the app, kept in the address's fragment so that Back works and no server learns who is written to. */
import { useSyncExternalStore } from "react";

export const PAGES = [
  "chats",
  "contacts",
  "devices",
  "scan",
  "settings",
  "import",
  "recovery",
  "my-code",
  "move",
  "history",
  "diagnosis",
] as const;
export type Page = (typeof PAGES)[number];

export type Route = { readonly page: Page } | { readonly page: "chat"; readonly conversation: string; readonly around: string | undefined };

export function parseRoute(fragment: string): Route {
  const [page, conversation, around] = fragment.replace(/^#\/?/, "").split("/");
  if (page === "chat" && conversation !== undefined && conversation !== "") {
    return {
      page: "chat",
      conversation: decodeURIComponent(conversation),
      around: around === undefined || around === "" ? undefined : around,
    };
  }
  return { page: PAGES.find((known) => known === page) ?? "chats" };
}

export function formatRoute(route: Route): string {
  if (route.page !== "chat") return `#/${route.page}`;
  return `#/chat/${encodeURIComponent(route.conversation)}${route.around === undefined ? "" : `/${route.around}`}`;
}

const subscribe = (changed: () => void): (() => void) => {
  addEventListener("hashchange", changed);
  return () => removeEventListener("hashchange", changed);
};

export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, () => location.hash));
}

/** `replace` leaves no trace for Back: for steps that are over. */
export function go(route: Route, how: "push" | "replace" = "push"): void {
  const target = formatRoute(route);
  if (target === location.hash) return;
  if (how === "replace") history.replaceState(null, "", target);
  else history.pushState(null, "", target);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

export const goChat = (conversation: string, around?: string): void => go({ page: "chat", conversation, around });
export const goPage = (page: Page): void => go({ page });

/** Back where the person came from; where there is no such place, to the list. */
export function goBack(): void {
  if (history.length > 1) history.back();
  else goPage("chats");
}
