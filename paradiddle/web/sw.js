/**
 * Service worker: the page opens and plays without the server, once it has been loaded.
 *
 * Files of the page come from the network first, so that a new version is seen at once; sounds of
 * the kit from the cache, which is refreshed behind them. Of the API nothing else is kept.
 */

const CACHE = "paradiddle-1"; // raise when what is kept changes its form
const PATIENCE_MS = 3000; // a server slower than this is taken as away

const isSound = (path) => /\/api\/kit\/[a-z-]+\/\d\.wav$/.test(path);
const isKit = (path) => path.endsWith("/api/kit");
const isApi = (path) => /\/(api|docs|openapi\.json)(\/|$)/.test(path);

/** How to answer a request: "cache" or "network" first, or null to leave it alone. */
function manner(request, origin) {
  const { origin: asked, pathname } = new URL(request.url);
  if (request.method !== "GET" || asked !== origin) return null;
  if (isSound(pathname)) return "cache";
  return isKit(pathname) || !isApi(pathname) ? "network" : null;
}

async function keep(request, response) {
  if (response.status !== 200 || response.type !== "basic") return;
  const cache = await caches.open(CACHE);
  await cache.put(request, response).catch(() => {}); // full: the page works all the same
}

async function fromCache(request) {
  const cache = await caches.open(CACHE);
  return cache.match(request, { ignoreSearch: request.mode === "navigate" });
}

async function fromNetwork(event, how) {
  const response = await fetch(event.request, how);
  event.waitUntil(keep(event.request, response.clone()));
  return response;
}

async function cacheFirst(event) {
  const fresh = fromNetwork(event, { cache: "no-cache" });
  event.waitUntil(fresh.catch(() => {})); // away: what is kept stays
  return (await fromCache(event.request)) ?? fresh;
}

async function networkFirst(event) {
  const kept = await fromCache(event.request);
  if (!kept) return fromNetwork(event);
  const signal = AbortSignal.timeout(PATIENCE_MS);
  return fromNetwork(event, { signal, cache: "no-cache" }).catch(() => kept);
}

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("activate", (event) => {
  const tidy = async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("paradiddle-") && name !== CACHE) await caches.delete(name);
    }
    await self.clients.claim();
  };
  event.waitUntil(tidy());
});

// The first visit loads the page before there is a worker: the page then says what it has loaded.
self.addEventListener("message", (event) => {
  const { keep: urls = [] } = event.data ?? {};
  const fetchAll = async () => {
    const cache = await caches.open(CACHE);
    for (const url of urls) {
      const wanted = manner({ method: "GET", url }, self.location.origin);
      if (wanted && !(await cache.match(url))) await cache.add(url).catch(() => {});
    }
  };
  event.waitUntil(fetchAll());
});

self.addEventListener("fetch", (event) => {
  const how = manner(event.request, self.location.origin);
  if (how === "cache") event.respondWith(cacheFirst(event));
  if (how === "network") event.respondWith(networkFirst(event));
});
