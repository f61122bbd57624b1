import assert from "node:assert/strict";
import { test } from "node:test";
import { setHit, setQpm, toggle } from "../../paradiddle/web/edits.js";
import { emptyDoc, hitCount } from "../../paradiddle/web/pattern.js";
import { createStore } from "../../paradiddle/web/state.js";

const strike = (step) => (doc) => setHit(doc, step, 0);

test("an edit is told with its label, and one that changes nothing is not", () => {
  const store = createStore(emptyDoc(1));
  const heard = [];
  const stop = store.subscribe((doc, label) => heard.push([hitCount(doc), label]));
  store.edit("hit", strike(0));
  store.edit("hit", strike(0));
  store.undo();
  store.redo();
  stop();
  store.edit("hit", strike(1));
  assert.deepEqual(heard, [[1, "hit"], [0, "Undo hit"], [1, "Redo hit"]]);
});

test("labels say what undo and redo would do, and an edit ends redo", () => {
  const store = createStore(emptyDoc(1));
  assert.deepEqual([store.labels, store.canUndo, store.canRedo], [{ undo: null, redo: null }, false, false]);
  store.edit("one", strike(0));
  store.edit("two", strike(1));
  store.undo();
  assert.deepEqual(store.labels, { undo: "one", redo: "two" });
  store.edit("three", strike(2));
  assert.deepEqual(store.labels, { undo: "three", redo: null });
  store.redo();
  assert.equal(hitCount(store.doc), 2);
});

test("undo and redo at the ends do nothing", () => {
  const store = createStore(emptyDoc(1));
  const { doc } = store;
  store.undo();
  store.redo();
  assert.equal(store.doc, doc);
});

test("a whole drag is one entry, and its start is known all along", () => {
  const store = createStore(emptyDoc(1));
  const first = store.doc;
  const drag = store.gesture("paint");
  for (let step = 0; step < 8; step++) {
    drag.update((doc, before) => {
      assert.equal(before, first);
      return strike(step)(doc);
    });
  }
  drag.end();
  drag.end();
  drag.update(strike(9));
  assert.equal(hitCount(store.doc), 8);
  store.undo();
  assert.equal(store.doc, first);
  assert.equal(store.canUndo, false);
});

test("a drag that is cancelled, or changes nothing, leaves no entry", () => {
  const store = createStore(emptyDoc(1));
  const first = store.doc;
  const drag = store.gesture("paint");
  drag.update(strike(0));
  drag.cancel();
  assert.deepEqual([store.doc, store.canUndo], [first, false]);
  const still = store.gesture("paint");
  still.update((doc) => doc);
  still.end();
  const round = store.gesture("toggle");
  round.update(strike(1));
  round.update((_, before) => before);
  round.end();
  assert.equal(store.canUndo, false);
});

test("an edit, an undo or another drag in the middle of a drag ends it first", () => {
  const store = createStore(emptyDoc(1));
  const drag = store.gesture("paint");
  drag.update(strike(0));
  store.edit("tempo", (doc) => setQpm(doc, 90));
  drag.update(strike(1));
  drag.end();
  assert.deepEqual([hitCount(store.doc), store.doc.qpm, store.labels.undo], [1, 90, "tempo"]);
  store.undo();
  assert.deepEqual([hitCount(store.doc), store.labels], [1, { undo: "paint", redo: "tempo" }]);
  const second = store.gesture("again");
  second.update(strike(5));
  store.undo();
  assert.equal(hitCount(store.doc), 1);
  store.gesture("third");
  second.cancel();
  assert.equal(hitCount(store.doc), 1);
});

test("replace shows another document without an entry", () => {
  const store = createStore(emptyDoc(1));
  store.edit("hit", strike(0));
  store.replace(emptyDoc(2));
  assert.equal(store.doc.steps, 32);
  store.undo();
  assert.deepEqual([store.doc.steps, hitCount(store.doc)], [16, 0]);
});

test("an edit that throws changes nothing", () => {
  const store = createStore(emptyDoc(1));
  const { doc } = store;
  assert.throws(() => store.edit("bad", () => { throw new Error("no"); }), /no/);
  assert.deepEqual([store.doc, store.canUndo], [doc, false]);
});

test("a thousand edits can be taken back, quickly", () => {
  const store = createStore(emptyDoc(8));
  const { doc } = store;
  const started = process.cpuUsage();
  for (let step = 0; step < 3000; step++) store.edit("t", (now) => toggle(now, step % 128, step % 9));
  while (store.canUndo) store.undo();
  assert.equal(store.doc, doc);
  const { user, system } = process.cpuUsage(started); // not the time of a busy machine
  assert.ok(user + system < 3_000_000);
});
