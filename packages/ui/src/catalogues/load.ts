/** The words of one language, fetched when it is known which. Needs no component: a page's first script may begin with it. */
import type { Language } from "../languages.ts";
import type { CompiledMessage } from "../message-format.ts";

export type Catalogue = Readonly<Record<string, CompiledMessage>>;

export async function loadCatalogue(language: Language): Promise<Catalogue> {
  switch (language) {
    case "en":
      return (await import("./en/index.ts")).messages;
    case "tr":
      return (await import("./tr/index.ts")).messages;
    case "az":
      return (await import("./az/index.ts")).messages;
    case "ar":
      return (await import("./ar/index.ts")).messages;
  }
}
