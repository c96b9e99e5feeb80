/** What is asked of elements inside the page; sent there as text beside `findElements`. Waiting is the caller's business. */
import type { Query } from "./find-elements.ts";

/** Where the one element that the query names is, as far as the wish goes; `wait` says what is still missing. */
export type Probe = { readonly at: "ready"; readonly value: unknown } | { readonly at: "wait"; readonly why: string };

export type Wish =
  | { readonly want: "count" | "visible" | "hidden" | "attached" | "detached" | "texts" | "text" | "value" | "box" | "press" | "scroll-to" }
  | { readonly want: "attribute" | "fill" | "select"; readonly value: string };

export function actOnElement(find: (query: Query) => Element[], query: Query, wish: Wish): Probe {
  const ready = (value: unknown = true): Probe => ({ at: "ready", value });
  const wait = (why: string): Probe => ({ at: "wait", why });
  const isVisible = (element: Element): boolean => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && getComputedStyle(element).visibility === "visible";
  };
  const write = (element: HTMLElement, value: string): void => {
    const prototype = Object.getPrototypeOf(element) as object;
    Object.getOwnPropertyDescriptor(prototype, "value")!.set!.call(element, value);
    element.dispatchEvent(new InputEvent("input", { bubbles: true, data: value, inputType: "insertText" }));
    element.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const found = find(query);
  if (wish.want === "count") return ready(found.length);
  if (wish.want === "texts") return ready(found.map((element) => (element as HTMLElement).innerText));
  if (found.length > 1)
    throw new Error(`${found.length} elements fit, one was meant: ${found.map((one) => one.outerHTML.slice(0, 80)).join(" | ")}`);
  const element = found[0] as HTMLElement | undefined;
  if (wish.want === "detached") return element === undefined ? ready() : wait("it is still there");
  if (wish.want === "hidden") return element === undefined || !isVisible(element) ? ready() : wait("it is still in sight");
  if (element === undefined) return wait("it is not there");
  if (wish.want === "attached") return ready();
  if (wish.want === "text") return ready(element.innerText);
  if (wish.want === "attribute") return ready(element.getAttribute(wish.value));
  if (wish.want === "value") return ready((element as HTMLInputElement).value);
  if (!isVisible(element)) return wait("it is not in sight");
  if (wish.want === "visible") return ready();
  const box = element.getBoundingClientRect();
  if (wish.want === "box") return ready({ x: box.x, y: box.y, width: box.width, height: box.height });
  if (wish.want === "scroll-to") return ready(element.scrollIntoView({ block: "nearest" }));
  if ((element as HTMLButtonElement).disabled) return wait("it is disabled");
  if (wish.want === "fill") {
    element.focus();
    return ready(write(element, wish.value));
  }
  if (wish.want === "select") {
    const option = [...(element as HTMLSelectElement).options].find((one) => one.value === wish.value || one.label === wish.value);
    return option === undefined ? wait(`it does not offer ${wish.value}`) : ready(write(element, option.value));
  }
  // A press: in view, at rest since the last look, and nothing lies over its middle.
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  if (x < 0 || y < 0 || x >= innerWidth || y >= innerHeight) {
    element.scrollIntoView({ block: "center", inline: "center" });
    return wait("it was out of view");
  }
  const seen = element as HTMLElement & { lastSeenAt?: string };
  const place = `${box.x},${box.y},${box.width},${box.height}`;
  const isResting = seen.lastSeenAt === place;
  seen.lastSeenAt = place;
  if (!isResting) return wait("it moves");
  const top = document.elementFromPoint(x, y);
  if (top === null || !element.contains(top)) return wait(`${top?.outerHTML.slice(0, 80)} lies over it`);
  return ready({ x, y });
}
