import assert from "node:assert/strict";
import { test } from "node:test";
import { createApi } from "../../paradiddle/web/api.js";

const json = (body, init) => new Response(JSON.stringify(body), init);

/** An api whose server answers as told, and what it was asked. */
function asked(answer) {
  const calls = [];
  const api = createApi(async (url, init = {}) => {
    calls.push({ url, ...init });
    return answer(url, init);
  }, "http://here");
  return { api, calls };
}

test("questions go to their paths as JSON", async () => {
  const { api, calls } = asked(() => json({ patterns: [], seed: 5 }));
  assert.deepEqual(await api.generate({ bars: 2 }), { patterns: [], seed: 5 });
  for (const name of ["continue_", "fill", "humanize", "tap", "morph", "drum"]) await api[name]({});
  for (const name of ["styles", "models", "kit", "health"]) await api[name]();
  assert.deepEqual(calls.map(({ url }) => url.replace("http://here/api/", "")), [
    "generate", "continue", "fill", "humanize", "tap", "morph", "drum", "styles", "models", "kit", "health",
  ]);
  assert.deepEqual(
    [calls[0].method, calls[0].body, calls[0].headers["Content-Type"]],
    ["POST", '{"bars":2}', "application/json"],
  );
});

test("files come back as blobs, sounds as bytes, and a MIDI file goes as it is", async () => {
  const { api, calls } = asked((url) => (url.endsWith("import") ? json({ collided: 0 }) : new Response("abc")));
  assert.equal(await (await api.midi({})).text(), "abc");
  assert.equal((await api.wav({})).size, 3);
  assert.equal((await api.sound("kick", 2)).byteLength, 3);
  assert.deepEqual(await api.import(new Uint8Array([77])), { collided: 0 });
  assert.deepEqual(calls.map(({ url }) => url.split("/api/")[1]), ["midi", "wav", "kit/kick/2.wav", "import"]);
  assert.deepEqual([...calls[3].body], [77]);
});

test("a refusal is one line of the server's detail, with its field", async () => {
  const detail = [{ field: "bars", value: 0, message: "bars must be in [1, 64],\n got 0" }];
  const { api } = asked(() => json({ detail }, { status: 422 }));
  await assert.rejects(api.generate({}), (error) => {
    assert.deepEqual([error.message, error.field, error.status], ["bars must be in [1, 64], got 0", "bars", 422]);
    return !error.busy && !error.offline;
  });
});

test("refusals of other forms are one line too", async () => {
  for (const [body, message] of [
    [json({ detail: "Not Found" }, { status: 404 }), "Not Found"],
    [json({ detail: [{ msg: "x" }] }, { status: 422 }), "the server answered 422"],
    [new Response("<html>", { status: 500 }), "the server answered 500"],
    [json(null, { status: 413 }), "the server answered 413"],
  ]) {
    await assert.rejects(asked(() => body).api.styles(), { message });
  }
});

test("a busy server says so", async () => {
  const busy = (status) => asked(() => new Response("", { status })).api.drum({});
  await assert.rejects(busy(503), { busy: true, message: /busy/ });
  await assert.rejects(busy(429), { busy: true });
});

test("a server that is away is said in one line", async () => {
  const { api } = asked(() => {
    throw new TypeError("fetch failed");
  });
  for (const question of [api.health, api.kit, () => api.generate({}), () => api.sound("kick", 0)])
    await assert.rejects(question(), { offline: true, message: /^the server cannot be reached; start it/ });
});

test("a server that hangs, before its answer or within it, counts as away", async () => {
  const until = ({ signal }) => new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason)));
  const patience = { ready: 5, played: 5, sound: 5 };
  const within = (_url, init) => ({ ok: true, json: () => until(init), blob: () => until(init), arrayBuffer: () => until(init) });
  for (const hangs of [(_url, init) => until(init), async (...of) => within(...of)]) {
    const api = createApi(hangs, "", patience);
    const keptAwake = setInterval(() => {}, 1);
    for (const question of [api.health, api.generate, api.wav, () => api.sound("kick", 0), () => api.import(new Uint8Array())])
      await assert.rejects(question({}), { offline: true });
    clearInterval(keptAwake);
  }
});

test("what lies ready is waited for a few seconds, what is played longer than the 30 s at which the server gives up", async () => {
  const waits = {};
  const { timeout } = AbortSignal;
  const fetcher = async (url) => (waits[url] = waits.last, json({}));
  AbortSignal.timeout = (ms) => ((waits.last = ms), timeout.call(AbortSignal, ms));
  try {
    const api = createApi(fetcher);
    await api.health();
    await api.generate({});
  } finally {
    AbortSignal.timeout = timeout;
  }
  assert.ok(waits["/api/health"] <= 5_000 && waits["/api/generate"] > 30_000);
});
