/** Which engines this machine has, and what to install for those that it has not. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { EXECUTABLE } from "../chromium.ts";
import { XVFB } from "./display.ts";
import { FIREFOX } from "./firefox.ts";
import type { EngineName } from "./profile.ts";
import { WEBKIT_DRIVER } from "./webkit.ts";

const PYTHON = "/usr/bin/python3";
const BINDINGS =
  "import gi; gi.require_version('Gtk', '3.0'); gi.require_version('WebKit2', '4.1'); from gi.repository import Gtk, WebKit2";

const CHECKS: Readonly<Record<EngineName, () => string | undefined>> = {
  chromium: () => missing(EXECUTABLE, 'the package "chromium", or set HAWSER_CHROMIUM'),
  firefox: () => missing(FIREFOX, 'the package "firefox-esr", or set HAWSER_FIREFOX'),
  webkit: () =>
    missing(WEBKIT_DRIVER, 'the package "webkit2gtk-driver", or set HAWSER_WEBKIT_DRIVER') ??
    missing(XVFB, 'the package "xvfb", or set HAWSER_XVFB') ??
    (spawnSync(PYTHON, ["-c", BINDINGS]).status === 0
      ? undefined
      : `no WebKit for ${PYTHON}; install the packages "python3-gi" and "gir1.2-webkit2-4.1"`),
};

const answers = new Map<EngineName, string | undefined>();

/** Why an engine cannot be used here and what would help; `undefined` when it can. */
export function whyNot(engine: EngineName): string | undefined {
  if (!answers.has(engine)) answers.set(engine, CHECKS[engine]());
  return answers.get(engine);
}

const missing = (path: string, remedy: string): string | undefined => (existsSync(path) ? undefined : `no ${path}; install ${remedy}`);
