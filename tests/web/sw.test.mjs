import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import vm from "node:vm";
import { keepOffline } from "../../paradiddle/web/offline.js";

const CODE = readFileSync(new URL("../../paradiddle/web/sw.js", import.meta.url), "utf8");
const HERE = "http://127.0.0.1:8765";

/** The worker among caches and a network that are ours. */
function worker() {
  const stores = new Map([["paradiddle-0", new Map()], ["other", new Map()]]);
  const handlers = {};
  const world = { stores, up: true, asked: [], status: 200 };
  const key = (request) => request.url ?? request;
  const cacheOf = (name) => {
    if (!stores.has(name)) stores.set(name, new Map());
    const store = stores.get(name);
    return {
      match: async (request) => store.get(key(request))?.clone(),
      put: async (request, response) => void store.set(key(request), response),
      add: async (url) => store.set(url, await world.fetch(url)),
    };
  };
  world.fetch = async (request) => {
    world.asked.push(key(request));
    if (!world.up) throw new TypeError("offline");
    const response = new Response(`${key(request)} ${world.asked.length}`, { status: world.status });
    Object.defineProperty(response, "type", { value: "basic" });
    const { clone } = response;
    response.clone = () => Object.defineProperty(clone.call(response), "type", { value: "basic" });
    return response;
  };
  const self = {
    addEventListener: (name, handler) => (handlers[name] = handler),
    skipWaiting: () => {},
    clients: { claim: async () => {} },
    location: { origin: HERE },
  };
  const caches = { open: async (name) => cacheOf(name), keys: async () => [...stores.keys()], delete: async (name) => stores.delete(name) };
  vm.runInNewContext(CODE, { self, caches, fetch: (...args) => world.fetch(...args), URL, AbortSignal, Promise });
  const fire = async (name, fields) => {
    const waits = [];
    let answer = null;
    handlers[name]({ ...fields, waitUntil: (wait) => waits.push(wait), respondWith: (made) => (answer = made) });
    const response = await answer;
    await Promise.all(waits);
    return response;
  };
  world.fire = fire;
  world.get = async (path, extra = {}) => {
    const url = path.startsWith("http") ? path : HERE + path;
    const response = await fire("fetch", { request: { method: "GET", url, ...extra } });
    return response ? response.text() : null;
  };
  world.kept = () => [...(stores.get("paradiddle-1")?.keys() ?? [])].map((url) => url.replace(HERE, ""));
  return world;
}

test("page files come from the network while there is one, and then from the cache", async () => {
  const sw = worker();
  assert.match(await sw.get("/main.js"), /main.js 1/);
  assert.match(await sw.get("/main.js"), /main.js 2/);
  sw.up = false;
  assert.match(await sw.get("/main.js"), /main.js 2/);
  await assert.rejects(sw.get("/unseen.js"));
});

test("sounds of the kit come from the cache, which is refreshed behind them", async () => {
  const sw = worker();
  for (const answer of [/ 1$/, / 1$/, / 2$/]) assert.match(await sw.get("/api/kit/kick/2.wav"), answer);
  sw.up = false;
  for (const _ of [1, 2]) assert.match(await sw.get("/api/kit/kick/2.wav"), / 3$/);
  await assert.rejects(sw.get("/api/kit/snare/0.wav"));
  sw.up = true;
  sw.status = 503;
  for (const _ of [1, 2]) assert.match(await sw.get("/api/kit/kick/2.wav"), / 3$/);
});

test("the rest of the API, other origins and everything but GET are left alone", async () => {
  const sw = worker();
  for (const path of ["/api/styles", "/api/health", "/api/models", "/docs", "/openapi.json", "http://elsewhere/x.js"]) {
    assert.equal(await sw.get(path), null, path);
  }
  for (const method of ["POST", "HEAD"]) assert.equal(await sw.get("/api/kit", { method }), null);
  assert.deepEqual([sw.asked, sw.kept()], [[], []]);
});

test("an error is shown but never kept", async () => {
  const sw = worker();
  sw.status = 503;
  assert.match(await sw.get("/main.js"), /main.js/);
  assert.deepEqual(sw.kept(), []);
});

test("the page tells what it has loaded, and only what may be kept is", async () => {
  const sw = worker();
  const keep = ["/", "/main.js", "/api/kit", "/api/kit/ride/0.wav", "/api/styles"].map((path) => HERE + path);
  await sw.fire("message", { data: { keep: [...keep, "http://elsewhere/x.js"] } });
  assert.deepEqual(sw.kept(), ["/", "/main.js", "/api/kit", "/api/kit/ride/0.wav"]);
  sw.up = false;
  assert.match(await sw.get("/", { mode: "navigate" }), /8765\//);
  await sw.fire("message", { data: null });
});

test("caches of older forms go, others' stay", async () => {
  const sw = worker();
  await sw.fire("activate", {});
  assert.deepEqual([...sw.stores.keys()], ["other"]);
});

test("the page registers the worker, and does without where it may not", async () => {
  const sent = [];
  const active = { postMessage: (message) => sent.push(message) };
  const serviceWorker = { register: async () => {}, ready: Promise.resolve({ active }) };
  assert.equal(await keepOffline({ serviceWorker }, () => ["a", "a", "b"]), true);
  assert.deepEqual(sent, [{ keep: ["a", "b"] }]);
  assert.equal(await keepOffline({}, () => []), false);
  const refused = { register: async () => { throw new Error("no"); } };
  assert.equal(await keepOffline({ serviceWorker: refused }, () => []), false);
});
