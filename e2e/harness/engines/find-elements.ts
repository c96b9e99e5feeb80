/**
 * How an element is named, and how a page finds it. A query is data: steps from the document inwards. `findElements` runs inside the
 * page, sent there as text; it may use nothing from outside itself. Roles and names follow WAI-ARIA and HTML-AAM as far as the app goes.
 */
export interface Pattern {
  readonly source: string;
  /** A regular expression's flags; absent for plain text. */
  readonly flags?: string;
  readonly exact?: boolean;
}

export type QueryStep =
  | { readonly by: "css"; readonly selector: string }
  | { readonly by: "role"; readonly role: string; readonly name?: Pattern; readonly level?: number }
  | { readonly by: "label" | "text" | "placeholder"; readonly text: Pattern }
  | { readonly by: "has"; readonly query: Query }
  | { readonly by: "has-text"; readonly text: Pattern; readonly not: boolean }
  | { readonly by: "nth"; readonly index: number };

export type Query = readonly QueryStep[];

export function findElements(query: Query): Element[] {
  const IMPLICIT: Readonly<Record<string, string>> = {
    button: "button,summary,input[type=button],input[type=submit],input[type=file]",
    heading: "h1,h2,h3,h4,h5,h6",
    link: "a[href]",
    img: "img[alt]:not([alt=''])",
    navigation: "nav",
    main: "main",
    region: "section[aria-label],section[aria-labelledby]",
    article: "article",
    textbox: "textarea,input:not([type]),input[type=text],input[type=email],input[type=url],input[type=tel]",
    searchbox: "input[type=search]",
    combobox: "select",
    list: "ul,ol",
    listitem: "li",
    progressbar: "progress",
    dialog: "dialog",
    status: "output",
  };
  const normal = (text: string): string =>
    text
      .replaceAll(/[\u200b\u00ad]/g, "")
      .replaceAll(/\s+/g, " ")
      .trim();
  const matches = (text: string, pattern: { source: string; flags?: string; exact?: boolean }): boolean => {
    if (pattern.flags !== undefined) return new RegExp(pattern.source, pattern.flags.replace("g", "")).test(normal(text));
    const wanted = normal(pattern.source);
    return pattern.exact === true ? normal(text) === wanted : normal(text).toLowerCase().includes(wanted.toLowerCase());
  };
  const isHidden = (element: Element): boolean => {
    if (element.closest("[aria-hidden=true],[hidden]") !== null) return true;
    return element.getClientRects().length === 0 || getComputedStyle(element).visibility !== "visible";
  };
  const words = (node: Node): string => {
    if (node.nodeType === Node.TEXT_NODE) return node.textContent ?? "";
    if (!(node instanceof Element) || node.getAttribute("aria-hidden") === "true") return "";
    const label = node.getAttribute("aria-label") ?? (node instanceof HTMLImageElement ? node.alt : undefined);
    if (label !== undefined) return label;
    const inner = [...node.childNodes].map(words).join("");
    return getComputedStyle(node).display.startsWith("inline") ? inner : ` ${inner} `;
  };
  const labelled = (element: Element): string[] => {
    const ids = element.getAttribute("aria-labelledby")?.split(/\s+/) ?? [];
    const labels = (element as HTMLInputElement).labels ?? [];
    const own = element.getAttribute("aria-label");
    return [
      ...(own === null ? [] : [own]),
      ...ids.map((id) => document.querySelector(`#${CSS.escape(id)}`)?.textContent ?? ""),
      ...[...labels].map((label) => label.textContent ?? ""),
    ];
  };
  const nameOf = (element: Element): string => labelled(element)[0] ?? (words(element) || (element.getAttribute("title") ?? ""));
  const below = (roots: readonly Element[], selector: string): Element[] => {
    const found = new Set(roots.flatMap((root) => [...root.querySelectorAll(selector)]));
    return [...found].toSorted((a, b) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
  };

  const take = (roots: readonly Element[], step: QueryStep): Element[] => {
    switch (step.by) {
      case "css":
        return below(roots, step.selector);
      case "role": {
        const implicit = IMPLICIT[step.role];
        const selector = [`[role=${step.role}]`, ...(implicit?.split(",").map((one) => `${one}:not([role])`) ?? [])].join(",");
        return below(roots, selector).filter(
          (element) =>
            !isHidden(element) &&
            (step.level === undefined || element.localName === `h${step.level}`) &&
            (step.name === undefined || matches(nameOf(element), step.name)),
        );
      }
      case "label":
        return below(roots, "*").filter((element) => labelled(element).some((label) => matches(label, step.text)));
      case "placeholder":
        return below(roots, "[placeholder]").filter((element) => matches(element.getAttribute("placeholder") ?? "", step.text));
      case "text": {
        const fits = (element: Element): boolean =>
          !["SCRIPT", "STYLE", "NOSCRIPT"].includes(element.tagName) && matches(element.textContent ?? "", step.text);
        return below(roots, "body *").filter((element) => fits(element) && ![...element.children].some(fits));
      }
      case "has":
        return roots.filter((root) => run([root], step.query).length > 0);
      case "has-text":
        return roots.filter((root) => matches(root.textContent ?? "", step.text) !== step.not);
      case "nth": {
        const one = roots.at(step.index);
        return one === undefined ? [] : [one];
      }
    }
  };
  const run = (roots: readonly Element[], steps: Query): Element[] => steps.reduce<readonly Element[]>(take, roots) as Element[];
  // Between two documents there is none.
  const root = document.documentElement as Element | null;
  return root === null ? [] : run([root], query);
}
