/**
 * First script of every page: theme, language, and for a browser that is not linked yet the QR code, all before the app and
 * long before the server. Keep it small: everything here is on the way to the first code.
 */
import "@hawser/ui/styles.css";
import { loadCatalogue } from "@hawser/ui/catalogues/load";
import { chooseLanguage, directionOf } from "@hawser/ui/languages";
import type { StartOptions } from "../app/start.tsx";
import { destination, DIAGNOSIS_PATH } from "./face.ts";
import { startWorker } from "../engine/start-worker.ts";
import { drawLinkPage } from "./link-page.ts";
import { linkUri, makeLinkSeed, type LinkSeed } from "./link-seed.ts";
import { isLinkStuck, isSettled, rememberedLanguage, rememberLanguage, rememberSettled } from "./remembered.ts";
import { applyTheme, followSystemTheme } from "./theme.ts";

const root = document.querySelector<HTMLElement>("#root")!;
const { face, intent } = destination(new URL(location.href), { phone: isSettled("phone"), companion: isSettled("companion") });
const language = chooseLanguage(rememberedLanguage(), navigator.languages);

applyTheme();
followSystemTheme();
document.documentElement.lang = language;
document.documentElement.dir = directionOf(language);
if (location.pathname.replace(/\/+$/, "") === DIAGNOSIS_PATH) {
  void import("../diagnosis/standalone.tsx").then(({ showDiagnosis }) => showDiagnosis(root, face, language));
} else await openApp();

async function openApp(): Promise<void> {
  // What stands behind the # is a secret: it leaves the address bar, and the history, at once.
  if (intent !== undefined || (face === "phone") !== location.pathname.startsWith("/phone"))
    history.replaceState(null, "", face === "phone" ? "/phone" : "/");
  if (mayBePhone()) void findPhone();
  const early = isSettled(face) || isLinkStuck(face) ? openEarly() : {};
  const seed = await firstCode();
  const open = (): void => {
    void import("../app/start.tsx").then(({ start }) => start({ root, face, intent, language, seed, ...early }));
  };
  // One frame first, so that parsing the app never delays the code.
  if (seed === undefined) open();
  else requestAnimationFrame(open);
}

/** An installed app opens `/` whatever it holds: where the marks that say so were cleared, it may be the phone's. */
function mayBePhone(): boolean {
  return intent === undefined && location.search === "" && !isSettled("companion") && !isSettled("phone") && face === "companion";
}

/** Beside the first paint: the page with the code may be there for a moment. */
async function findPhone(): Promise<void> {
  const { keepsIdentity } = await import("@hawser/io-web/identity-vault");
  if (!(await keepsIdentity("phone")) || (await keepsIdentity("companion"))) return;
  rememberSettled("phone", true);
  location.reload();
}

/** Where an account is known, or a link that is stuck, the engine and the words are loaded beside the app's own script, not after it. */
function openEarly(): Pick<StartOptions, "engine" | "catalogue"> {
  const worker = startWorker(face);
  return {
    engine: import("../engine/open-client.ts").then(({ openClient }) => openClient(face, worker)),
    catalogue: loadCatalogue(language),
  };
}

async function firstCode(): Promise<LinkSeed | undefined> {
  if (face !== "companion" || isSettled("companion") || isLinkStuck("companion")) return undefined;
  const seed = await makeLinkSeed();
  drawLinkPage(root, language, seed && linkUri(seed, location.origin), (chosen) => {
    rememberLanguage(chosen);
    location.reload();
  });
  performance.mark("hawser-qr");
  return seed;
}
