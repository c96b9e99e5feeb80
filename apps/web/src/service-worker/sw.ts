/**
 * Keeps the app's own files, so that it opens without a network. One cache per build: an update is downloaded whole beside
 * the running one and waits until a person agrees. Requests to the server's interfaces are never touched.
 */
interface Precache {
  readonly version: string;
  readonly files: readonly string[];
}
interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface InstallEvent extends ExtendableEvent {
  /** Chromium only. */
  addRoutes?(routes: readonly { readonly condition: object; readonly source: object }[]): Promise<void>;
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface ClickEvent extends ExtendableEvent {
  readonly notification: { close(): void };
}
interface WorkerScope {
  addEventListener(type: "install", listener: (event: InstallEvent) => void): void;
  addEventListener(type: "activate", listener: (event: ExtendableEvent) => void): void;
  addEventListener(type: "fetch", listener: (event: FetchEvent) => void): void;
  addEventListener(type: "notificationclick", listener: (event: ClickEvent) => void): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
  skipWaiting(): Promise<void>;
  readonly clients: {
    claim(): Promise<void>;
    matchAll(options: { readonly type: "window" }): Promise<readonly { focus(): Promise<unknown> }[]>;
    openWindow(url: string): Promise<unknown>;
  };
}
declare const __PRECACHE__: Precache;

const scope = globalThis as unknown as WorkerScope;
const precache = __PRECACHE__;
const CACHE = `hawser-${precache.version}`;
const PAGES = /^\/(?:|index\.html|phone(?:\/.*)?|link|link-me|add|diagnosis)$/;

scope.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(precache.files.map((file) => new Request(file, { cache: "reload" })))));
  // A browser that knows this takes the files out of the cache by itself, without starting this worker first: it is on the way of every
  // opening. What the cache has lost comes from the network; pages under other addresses come through `fetch` below.
  event.waitUntil(
    event
      .addRoutes?.(
        precache.files.map((pathname) => ({ condition: { urlPattern: { pathname, search: "" } }, source: { cacheName: CACHE } })),
      )
      .catch(() => undefined) ?? Promise.resolve(),
  );
});

scope.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith("hawser-") && name !== CACHE).map((name) => caches.delete(name))))
      .then(() => scope.clients.claim()),
  );
});

// Of `resume-reminder.tsx`: back to the app, whose work goes on by itself.
scope.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(
    scope.clients.matchAll({ type: "window" }).then(([open]) => (open === undefined ? scope.clients.openWindow("/phone") : open.focus())),
  );
});

scope.addEventListener("message", (event) => {
  if (event.data === "activate") void scope.skipWaiting();
});

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  const key = request.mode === "navigate" && PAGES.test(url.pathname) ? "/" : url.pathname;
  if (!precache.files.includes(key)) return;
  event.respondWith(
    caches
      .open(CACHE)
      .then((cache) => cache.match(key))
      .then((kept) => kept ?? fetch(request)),
  );
});
