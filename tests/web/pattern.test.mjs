import assert from "node:assert/strict";
import { test } from "node:test";
import {
  cellAt,
  emptyDoc,
  fromPattern,
  hitCount,
  makeCell,
  MAX_BARS,
  STEPS_PER_BAR,
  toPattern,
  V,
  validatePattern,
  VOICES,
} from "../../paradiddle/web/pattern.js";
import { setSwing, setLocked, setSplit } from "../../paradiddle/web/edits.js";
import { fixture, random, randomDoc } from "./helpers.mjs";

test("what Python wrote comes back number for number", () => {
  const pattern = fixture();
  assert.deepEqual(toPattern(fromPattern(pattern)), pattern);
  assert.equal(hitCount(fromPattern(pattern)), pattern.hits.length);
});

test("numbers of the fixture are float32 and kept bit for bit", () => {
  const doc = fromPattern(fixture());
  for (const [step, voice, velocity, offset] of fixture().hits) {
    assert.ok(Object.is(cellAt(doc, step, voice).velocity, velocity));
    assert.ok(Object.is(cellAt(doc, step, voice).offset, offset));
    assert.equal(Math.fround(offset), offset);
  }
});

test("a thousand hits of any numbers survive the way to JSON and back", () => {
  const draw = random(1);
  for (let round = 0; round < 20; round++) {
    const doc = randomDoc(draw);
    const again = fromPattern(JSON.parse(JSON.stringify(toPattern(doc))), { base: doc, by: "you" });
    assert.deepEqual({ ...again, cells: 0 }, { ...doc, cells: 0 });
    again.cells.forEach((cell, index) => {
      const was = doc.cells[index];
      assert.deepEqual(cell && [cell.velocity, cell.offset], was && [was.velocity, was.offset]);
    });
  }
});

test("a cell is frozen, float32, inside its ranges, and without a minus zero", () => {
  const cell = makeCell(0.8, 0.7, "you");
  assert.ok(Object.isFrozen(cell));
  assert.deepEqual(cell, { velocity: Math.fround(0.8), offset: 0.5 - 2 ** -25, by: "you" });
  assert.deepEqual(makeCell(-1, -3, "you"), { velocity: 0, offset: -0.5, by: "you" });
  assert.ok(Object.is(makeCell(0.5, -0, "you").offset, 0));
  assert.ok(makeCell(0.5, 0.4999999999, "you").offset < 0.5);
});

test("an empty document is frozen and has its arrow at a bar line", () => {
  const doc = emptyDoc(4);
  assert.equal(doc.cells.length, 4 * STEPS_PER_BAR * V);
  assert.ok(Object.isFrozen(doc) && Object.isFrozen(doc.cells) && Object.isFrozen(doc.locked));
  assert.deepEqual([1, 2, 3, 8].map((bars) => emptyDoc(bars).split), [16, 16, 16, 64]);
  assert.throws(() => emptyDoc(0), /bars must be a whole number in \[1, 8\], got 0/);
  assert.throws(() => emptyDoc(MAX_BARS + 1), /got 9/);
});

test("what a Pattern does not hold comes from the base", () => {
  const base = setSplit(setLocked(setSwing(emptyDoc(4), 0.6), 2, true), 60);
  const doc = fromPattern(fixture(), { base, by: "you" });
  assert.deepEqual([doc.swing, doc.locked[2], doc.split, doc.steps], [0.6, true, 32, 32]);
  assert.ok(doc.cells.every((cell) => !cell || cell.by === "you"));
});

test("cells outside the grid are none", () => {
  const doc = fromPattern(fixture());
  assert.deepEqual([cellAt(doc, -1, 0), cellAt(doc, 32, 0), cellAt(doc, 0, 9), cellAt(doc, 0, -1)], [
    null, null, null, null,
  ]);
});

const wrong = [
  [{ format: 2 }, /needs format 1, got 2/],
  [{ voices: VOICES.slice(1) }, /nine voices/],
  [{ steps_per_quarter: 3 }, /4\/4 in 16ths, the pattern has bars of 4 quarters of 3 steps/],
  [{ quarters_per_bar: 3.5 }, /3.5 quarters/],
  [{ steps: 144, hits: [] }, /1 to 8 whole bars of 16 steps, the pattern has 144 steps/],
  [{ steps: 20, hits: [] }, /20 steps/],
  [{ steps: 0, hits: [] }, /0 steps/],
  [{ steps: "32" }, /"32" steps/],
  [{ qpm: null }, /qpm above 0, got null/],
  [{ qpm: Infinity }, /qpm/],
  [{ qpm: -5 }, /qpm/],
  [{ hits: {} }, /a list of hits/],
  [{ hits: [[0, 0, 0.5]] }, /four numbers/],
  [{ hits: [[32, 0, 0.5, 0]] }, /inside the grid, got \[32,0,0.5,0\]/],
  [{ hits: [[0.5, 0, 0.5, 0]] }, /inside the grid/],
  [{ hits: [[0, 9, 0.5, 0]] }, /inside the grid/],
  [{ hits: [[0, 0, 1.1, 0]] }, /velocities in \[0, 1\], got 1.1/],
  [{ hits: [[0, 0, NaN, 0]] }, /velocities/],
  [{ hits: [[0, 0, "1", 0]] }, /velocities/],
  [{ hits: [[0, 0, 0.5, 0.5]] }, /offsets in \[-0.5, 0.5\), got 0.5/],
  [{ hits: [[0, 0, 0.5, null]] }, /offsets/],
];

test("a wrong Pattern is refused in one line that names it", () => {
  for (const [change, message] of wrong) {
    assert.throws(() => fromPattern({ ...fixture(), ...change }), message);
    assert.throws(() => validatePattern({ ...fixture(), ...change }), (error) => {
      return error instanceof Error && !error.message.includes("\n") && error.message.length < 200;
    });
  }
  for (const nothing of [null, undefined, 3, "x", [], {}]) {
    assert.throws(() => fromPattern(nothing), /not a pattern/);
  }
});
