import assert from "node:assert/strict";
import { test } from "node:test";
import { setHit } from "../../paradiddle/web/edits.js";
import { emptyDoc } from "../../paradiddle/web/pattern.js";
import { createRecent } from "../../paradiddle/web/recent.js";

function storage(first) {
  const kept = new Map(first ? [["paradiddle.recent", first]] : []);
  return { kept, getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
}

const doc = (step) => setHit(emptyDoc(1), step % 16, Math.floor(step / 16));

test("the newest comes first, and the same music only once", () => {
  const store = storage();
  const recent = createRecent(() => store, () => 7);
  for (const step of [1, 2, 1]) recent.add(doc(step), `p${step}`);
  assert.deepEqual(recent.list().map(({ name }) => name), ["p1", "p2"]);
  assert.deepEqual(recent.list()[0].doc, doc(1));
  assert.deepEqual(createRecent(() => store).list().map(({ at }) => at), [7, 7]);
});

test("24 are kept, each can be removed, and another tab's are not lost", () => {
  const store = storage();
  const [one, two] = [createRecent(() => store), createRecent(() => store)];
  for (let step = 0; step < 30; step++) one.add(doc(step), `p${step}`);
  assert.deepEqual([one.list().length, one.list()[0].name, one.list().at(-1).name], [24, "p29", "p6"]);
  const id = two.add(doc(40), "other");
  one.add(doc(41), "mine");
  assert.deepEqual(one.list().slice(0, 3).map(({ name }) => name), ["mine", "other", "p29"]);
  one.remove(id);
  assert.equal(one.list().some(({ name }) => name === "other"), false);
  assert.equal(new Set(one.list().map((entry) => entry.id)).size, one.list().length);
});

test("a tab lists what another has added, and removes no more than it is told", () => {
  const store = storage();
  const [one, two] = [createRecent(() => store), createRecent(() => store)];
  const id = one.add(doc(1), "mine");
  for (const step of [2, 3]) two.add(doc(step), `p${step}`);
  assert.deepEqual(one.list().map(({ name }) => name), ["p3", "p2", "mine"]);
  one.remove(id);
  assert.deepEqual(two.list().map(({ name }) => name), ["p3", "p2"]);
  for (const entry of two.list()) two.remove(entry.id);
  assert.deepEqual(one.list(), []);
});

test("a forbidden storage and a full one keep what there is for as long as the page", () => {
  const forbidden = createRecent(() => { throw new DOMException("no", "SecurityError"); });
  const full = createRecent(() => ({
    getItem: () => null,
    setItem: () => { throw new DOMException("full", "QuotaExceededError"); },
  }));
  for (const recent of [forbidden, full]) {
    recent.add(doc(1), "a");
    recent.add(doc(2), "b");
    assert.deepEqual(recent.list().map(({ name }) => name), ["b", "a"]);
  }
});

test("what somebody else left there is passed over", () => {
  for (const text of ["{", "null", "5", '{"a":1}', '[null,5,{"id":"x"}]', '[{"id":"x","name":"n","at":1,"share":"!!"}]']) {
    const store = storage(text);
    const recent = createRecent(() => store);
    assert.deepEqual(recent.list(), []);
    recent.add(doc(3), "mine");
    assert.equal(recent.list().length, 1);
  }
});
