/** The link page in plain DOM, on screen before the app has loaded. The app's own version has the same shape. */
import { FIRST_WORDS } from "@hawser/ui/catalogues/first-words";
import { LANGUAGE_NAMES, LANGUAGES, type Language } from "@hawser/ui/languages";
import { qrPath } from "../linking/qr-path.ts";

const SVG = "http://www.w3.org/2000/svg";

function element(tag: string, className: string, ...children: readonly (Node | string)[]): HTMLElement {
  const node = document.createElement(tag);
  if (className !== "") node.className = className;
  node.append(...children);
  return node;
}

function mark(sizePx: number): HTMLElement {
  const image = document.createElement("img");
  image.src = "/icon.svg";
  image.alt = "";
  image.width = sizePx;
  image.height = sizePx;
  return image;
}

function languagePicker(language: Language, label: string, pick: (language: string) => void): HTMLElement {
  const select = document.createElement("select");
  select.className = "lang-pick";
  select.setAttribute("aria-label", label);
  for (const name of LANGUAGES) select.append(new Option(LANGUAGE_NAMES[name], name, name === language, name === language));
  select.addEventListener("change", () => pick(select.value));
  return select;
}

export function drawLinkPage(root: HTMLElement, language: Language, uri: string | undefined, pick: (language: string) => void): void {
  const words = FIRST_WORDS[language];
  const plate = element("div", "qr-plate");
  if (uri !== undefined) {
    const { size, path } = qrPath(uri);
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", words["link.qrLabel"]);
    svg.setAttribute("shape-rendering", "crispEdges");
    const shape = document.createElementNS(SVG, "path");
    shape.setAttribute("d", path);
    shape.setAttribute("fill", "#0b2a33");
    svg.append(shape);
    plate.append(svg);
  }
  const steps = element(
    "ol",
    "steps",
    ...(["link.step1", "link.step2", "link.step3"] as const).map((key) => element("li", "", words[key])),
  );
  root.replaceChildren(
    element(
      "main",
      "berth",
      element(
        "header",
        "berth-top",
        mark(36),
        element("span", "wordmark", "Hawser"),
        languagePicker(language, words["app.language"], pick),
      ),
      element(
        "section",
        "berth-card",
        element("div", "berth-words", element("h1", "", words["link.title"]), steps, element("p", "berth-note", words["link.note"])),
        element("div", "qr-frame", plate, element("p", "qr-state", words["link.connecting"])),
      ),
      element("footer", "berth-foot", words["app.promise"]),
    ),
  );
}
