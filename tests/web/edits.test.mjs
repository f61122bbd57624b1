import assert from "node:assert/strict";
import { test } from "node:test";
import * as edits from "../../paradiddle/web/edits.js";
import { cellAt, emptyDoc, hitCount, toPattern, V } from "../../paradiddle/web/pattern.js";
import { createStore } from "../../paradiddle/web/state.js";
import { random, randomDoc, whole } from "./helpers.mjs";

const hit = (doc, step, voice) => {
  const cell = cellAt(doc, step, voice);
  return cell && [cell.velocity, cell.offset, cell.by];
};
const steps = (doc, voice) =>
  Array.from({ length: doc.steps }, (_, step) => step).filter((step) => cellAt(doc, step, voice));
const row = (voice) => Array.from({ length: V }, (_, index) => index === voice);

test("a hit is set, changed, nudged and cleared, and its document left alone", () => {
  const empty = emptyDoc(1);
  let doc = edits.setHit(empty, 3, 1);
  assert.deepEqual(hit(doc, 3, 1), [Math.fround(0.8), 0, "you"]);
  doc = edits.setVelocity(doc, 3, 1, 0.25);
  doc = edits.nudge(doc, 3, 1, -0.125);
  assert.deepEqual(hit(doc, 3, 1), [0.25, -0.125, "you"]);
  doc = edits.nudge(doc, 3, 1, -2);
  assert.equal(hit(doc, 3, 1)[1], -0.5);
  assert.deepEqual(edits.clearHit(doc, 3, 1).cells, empty.cells);
  assert.equal(hitCount(empty), 0);
});

test("toggle strikes and clears; a machine's hit that is changed becomes yours", () => {
  const doc = edits.setHit(emptyDoc(1), 0, 0, { by: "machine" });
  assert.equal(hit(edits.setVelocity(doc, 0, 0, 0.5), 0, 0)[2], "you");
  assert.equal(cellAt(edits.toggle(doc, 0, 0), 0, 0), null);
  assert.equal(hit(edits.toggle(edits.toggle(doc, 0, 0), 0, 0), 0, 0)[2], "you");
});

test("painting strikes only what is empty, and erasing clears only what is struck", () => {
  const doc = edits.setHit(emptyDoc(1), 1, 2, { velocity: 0.25 });
  const line = [[0, 2], [1, 2], [2, 2], [99, 2]];
  const painted = edits.paint(doc, line, true, { velocity: 0.5 });
  assert.deepEqual(steps(painted, 2), [0, 1, 2]);
  assert.equal(cellAt(painted, 1, 2), cellAt(doc, 1, 2));
  assert.deepEqual(steps(edits.paint(painted, line, false), 2), []);
});

test("an edit that changes nothing gives back the very document", () => {
  const doc = edits.setHit(emptyDoc(2), 0, 0);
  for (const same of [
    edits.clearHit(doc, 5, 5),
    edits.setVelocity(doc, 5, 5, 1),
    edits.nudge(doc, 5, 5, 0.1),
    edits.setHit(doc, 0, 0),
    edits.setHit(doc, 99, 0),
    edits.setHit(doc, 0, 9),
    edits.paint(doc, [[0, 0]], true),
    edits.setQpm(doc, 120),
    edits.setQpm(doc, NaN),
    edits.setSwing(doc, 0.2),
    edits.setSplit(doc, 16.2),
    edits.setMuted(doc, 3, false),
    edits.setLocked(doc, 12, true),
    edits.setBars(doc, 2),
    edits.shift(doc, 0),
    edits.rotate(doc, 32),
  ]) {
    assert.equal(same, doc);
  }
});

test("shift lets content fall off, rotate brings it round, both within a selection", () => {
  const doc = edits.paint(emptyDoc(1), [[0, 0], [15, 0], [4, 1], [7, 1], [9, 1]], true);
  assert.deepEqual(steps(edits.shift(doc, 1), 0), [1]);
  assert.deepEqual(steps(edits.shift(doc, -1), 0), [14]);
  assert.deepEqual(steps(edits.rotate(doc, 1), 0), [0, 1]);
  assert.deepEqual(steps(edits.rotate(doc, -17), 0), [14, 15]);
  const selection = { from: 4, to: 8, voices: row(1) };
  const turned = edits.rotate(doc, 1, { selection });
  assert.deepEqual([steps(turned, 0), steps(turned, 1)], [[0, 15], [4, 5, 9]]);
  assert.deepEqual(steps(edits.shift(doc, 1, { selection }), 1), [5, 9]);
});

test("double repeats, halve undoes it, and both know their limits", () => {
  const draw = random(2);
  for (const bars of [1, 2, 3, 4]) {
    const doc = randomDoc(draw, { bars });
    const twice = edits.double(doc);
    assert.equal(twice.steps, doc.steps * 2);
    for (let index = 0; index < doc.cells.length; index++) {
      assert.equal(twice.cells[index + doc.cells.length], doc.cells[index]);
    }
    assert.deepEqual(edits.halve(twice), doc);
  }
  assert.equal(edits.halve(emptyDoc(3)).steps, 32);
  assert.throws(() => edits.double(emptyDoc(5)), /10 bars are too many; the grid holds 8/);
  assert.throws(() => edits.halve(emptyDoc(1)), /one bar cannot be halved/);
});

test("bars are added empty and cut off at the end, and the arrow stays inside", () => {
  const doc = edits.setSplit(edits.setHit(emptyDoc(2), 31, 0), 32);
  const longer = edits.setBars(doc, 3);
  assert.deepEqual([longer.steps, hitCount(longer), longer.cells.length], [48, 1, 48 * V]);
  const shorter = edits.setBars(doc, 1);
  assert.deepEqual([shorter.steps, hitCount(shorter), shorter.split], [16, 0, 16]);
  assert.throws(() => edits.setBars(doc, 9), /got 9/);
});

test("a clip is laid over with its rests, moves rows, and is cut at the edges", () => {
  const doc = edits.paint(emptyDoc(2), [[0, 0], [2, 0], [3, 1], [17, 2], [17, 8]], true);
  const clip = edits.copy(doc, { from: 0, to: 4, voices: row(0).map((on, at) => on || at === 1) });
  assert.deepEqual(clip.cells.map(([step, voice]) => [step, voice]), [[0, 0], [2, 0], [3, 1]]);
  const moved = edits.paste(doc, clip, 16, 1);
  assert.deepEqual([steps(moved, 1), steps(moved, 2)], [[3, 16, 18], [19]]);
  assert.equal(cellAt(moved, 16, 1), cellAt(doc, 0, 0));
  assert.deepEqual(steps(edits.paste(doc, clip, 30), 0), [0, 2, 30]);
  assert.equal(steps(edits.paste(doc, clip, 16, 8), 8).join(), "16,18");
  assert.deepEqual(edits.paste(emptyDoc(2), edits.copy(doc, null), 0).cells, doc.cells);
});

test("clear leaves what is outside the selection, and locked rows", () => {
  const doc = edits.setLocked(edits.paint(emptyDoc(1), [[0, 0], [9, 0], [0, 1]], true), 1, true);
  assert.deepEqual(steps(edits.clearAll(doc, { selection: { from: 0, to: 8, voices: row(0) } }), 0), [9]);
  assert.equal(hitCount(edits.clearAll(doc)), 1);
});

test("tempo, swing and arrow are kept inside their ranges", () => {
  const doc = emptyDoc(2);
  assert.deepEqual([edits.setQpm(doc, 5).qpm, edits.setQpm(doc, 999).qpm], [20, 300]);
  assert.deepEqual([edits.setSwing(doc, 1).swing, edits.setSwing(doc, 0.66).swing], [0.75, 0.66]);
  assert.deepEqual([edits.setSplit(doc, -1).split, edits.setSplit(doc, 40).split], [0, 32]);
});

test("merge keeps the very cells that are kept or locked, and takes all else", () => {
  const draw = random(3);
  for (let round = 0; round < 40; round++) {
    const doc = randomDoc(draw, { share: 0.4 });
    const answer = toPattern(randomDoc(draw, { share: 0.4 }));
    const kept = new Set(doc.cells.map((_, index) => index).filter(() => draw() < 0.5));
    const keep = (step, voice) => kept.has(step * V + voice);
    const merged = edits.merge(doc, answer, { keep });
    const played = new Map(answer.hits.map(([step, voice, ...rest]) => [step * V + voice, rest]));
    assert.deepEqual([merged.steps, merged.qpm], [answer.steps, doc.qpm]);
    merged.cells.forEach((cell, index) => {
      if (index < doc.cells.length && (kept.has(index) || doc.locked[index % V])) {
        assert.equal(cell, doc.cells[index]);
      } else {
        assert.deepEqual(cell && [cell.velocity, cell.offset], played.get(index) ?? null);
        assert.equal(cell?.by ?? "machine", "machine");
      }
    });
  }
});

/** One edit of any kind, drawn. */
function anyEdit(draw) {
  const [step, voice] = [whole(draw, 130), whole(draw, 9)];
  const from = whole(draw, 64);
  const voices = Array.from({ length: V }, () => draw() < 0.5);
  const selection = draw() < 0.3 ? null : { from, to: from + whole(draw, 40), voices };
  const cells = Array.from({ length: 10 }, () => [whole(draw, 130), whole(draw, 9)]);
  const size = draw();
  const other = randomDoc(draw);
  const kinds = [
    (doc) => edits.setHit(doc, step, voice, { velocity: size, offset: size - 0.5 }),
    (doc) => edits.clearHit(doc, step, voice),
    (doc) => edits.toggle(doc, step, voice),
    (doc) => edits.setVelocity(doc, step, voice, size),
    (doc) => edits.nudge(doc, step, voice, size - 0.5),
    (doc) => edits.paint(doc, cells, size < 0.5),
    (doc) => edits.clearAll(doc, { selection }),
    (doc) => edits.shift(doc, step - 60, { selection }),
    (doc) => edits.rotate(doc, step - 60, { selection }),
    (doc) => edits.paste(doc, edits.copy(other, selection), step, size < 0.3 ? undefined : voice),
    (doc) => edits.merge(doc, toPattern(other), { keep: (at) => at < from }),
    (doc) => edits.setBars(doc, 1 + whole(() => size, 8)),
    (doc) => (doc.steps <= 64 ? edits.double(doc) : edits.halve(doc)),
    (doc) => edits.setQpm(doc, 20 + size * 200),
    (doc) => edits.setSwing(doc, 0.5 + size / 4),
    (doc) => edits.setSplit(doc, step),
    (doc) => edits.setMuted(doc, voice, size < 0.5),
    (doc) => edits.setSoloed(doc, voice, size < 0.5),
  ];
  return kinds[whole(draw, kinds.length)];
}

test("no edit of any kind changes a locked row", () => {
  const draw = random(4);
  for (let round = 0; round < 600; round++) {
    const doc = randomDoc(draw, { share: 0.3 });
    const after = anyEdit(draw)(doc);
    const both = Math.min(doc.steps, after.steps);
    for (let index = 0; index < both * V; index++) {
      if (doc.locked[index % V]) assert.equal(after.cells[index], doc.cells[index]);
    }
  }
});

test("what a lock keeps from an edit is known, and only that", () => {
  const doc = edits.setLocked([[0, 0], [4, 1]].reduce((made, [step, voice]) => edits.setHit(made, step, voice), emptyDoc(1)), 0, true);
  const held = (edit) => edits.heldBack(doc, edit);
  assert.equal(held((from) => edits.clearHit(from, 0, 0)), true);
  assert.equal(held((from) => edits.clearHit(from, 1, 0)), false);
  assert.equal(held((from) => edits.toggle(from, 1, 0)), true);
  assert.equal(held((from) => edits.toggle(from, 1, 1)), false);
  assert.equal(held((from) => edits.clearAll(from)), true);
  assert.equal(held((from) => edits.rotate(from, 1, { selection: { from: 0, to: 16, voices: row(1) } })), false);
  assert.equal(edits.heldBack(edits.setLocked(doc, 0, false), (from) => edits.clearAll(from)), false);
});

test("every edit leaves a whole, frozen document", () => {
  const draw = random(5);
  let doc = randomDoc(draw);
  for (let round = 0; round < 600; round++) {
    doc = anyEdit(draw)(doc);
    assert.ok(Object.isFrozen(doc) && Object.isFrozen(doc.cells));
    assert.equal(doc.cells.length, doc.steps * V);
    assert.ok(doc.steps % 16 === 0 && doc.split <= doc.steps);
    assert.ok(doc.cells.every((cell) => cell === null || Object.isFrozen(cell)));
  }
});

test("undoing all and redoing all walks through the very same documents", () => {
  const draw = random(6);
  const store = createStore(randomDoc(draw));
  const seen = [store.doc];
  for (let round = 0; round < 300; round++) {
    store.edit("edit", anyEdit(draw));
    if (store.doc !== seen.at(-1)) seen.push(store.doc);
  }
  assert.ok(seen.length > 100, `${seen.length} edits changed something`);
  for (const doc of seen.slice(0, -1).reverse()) {
    store.undo();
    assert.equal(store.doc, doc);
  }
  assert.equal(store.canUndo, false);
  for (const doc of seen.slice(1)) {
    store.redo();
    assert.equal(store.doc, doc);
  }
  assert.equal(store.canRedo, false);
});
