/** The page opens again without the server: register the service worker and fill its cache. */

/** @param {Navigator} navigator @param {() => string[]} loaded addresses of what the page has loaded */
export async function keepOffline(navigator, loaded) {
  if (!navigator.serviceWorker) return false;
  try {
    await navigator.serviceWorker.register("/sw.js");
    const { active } = await navigator.serviceWorker.ready;
    active?.postMessage({ keep: [...new Set(loaded())] });
    return true;
  } catch {
    return false; // private windows refuse it; the page works with the server all the same
  }
}

/** What this page has loaded, itself included. */
export const loadedHere = () => [
  location.href.split("#")[0] ?? location.href,
  ...performance.getEntriesByType("resource").map(({ name }) => name),
];
