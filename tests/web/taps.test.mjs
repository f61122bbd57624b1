import assert from "node:assert/strict";
import { test } from "node:test";
import { beatTempo, tapsFree, tapsOnGrid } from "../../paradiddle/web/taps.js";
import { random } from "./helpers.mjs";

const struck = (velocities) => velocities.flatMap((velocity, step) => (velocity ? [step] : []));

test("taps in time with the loop go to their nearest 16th, the loudest of two staying", () => {
  const placeAt = (time) => time / 0.125;
  const taps = [{ time: 0.01, velocity: 0.5 }, { time: 0.49 }, { time: 4.01, velocity: 0.9 }, { time: 3.99, velocity: 0.2 }];
  const velocities = tapsOnGrid(taps, placeAt, 2);
  assert.equal(velocities.length, 32);
  assert.deepEqual(struck(velocities), [0, 4]);
  assert.deepEqual([velocities[0], velocities[4]], [0.9, 0.7]);
});

test("a tap just before the loop begins is its first step, and one bar folds two", () => {
  assert.deepEqual(struck(tapsOnGrid([{ time: -0.02 }], (time) => time / 0.125, 1)), [0]);
  assert.deepEqual(struck(tapsOnGrid([{ time: 2.5 }], (time) => time / 0.125, 1)), [4]);
  assert.deepEqual(struck(tapsOnGrid([{ time: 1.99 }], (time) => time / 0.125, 1)), [0]);
});

test("a rhythm tapped by a human hand gives its steps and its tempo", () => {
  const draw = random(50);
  for (const qpm of [84, 100, 120, 140]) {
    for (const rhythm of [
      [0, 4, 8, 12, 16, 20, 24, 28],
      [0, 3, 6, 8, 12, 16, 19, 22, 24, 28],
      [0, 2, 4, 6, 8, 10, 12, 14, 15],
    ]) {
      const taps = rhythm.map((step) => ({ time: 50 + (step * 15) / qpm + (draw() - 0.5) * 0.016 }));
      const found = tapsFree(taps, { qpm: qpm + 8 });
      assert.deepEqual(struck(found.velocities), rhythm, `${qpm}: ${found.qpm}`);
      assert.ok(Math.abs(found.qpm / qpm - 1) < 0.03, `${qpm}: ${found.qpm}`);
      assert.equal(found.bars, rhythm.at(-1) < 16 ? 1 : 2);
    }
  }
});

test("one tap, none, and a length that is forced", () => {
  assert.deepEqual(tapsFree([], { qpm: 90 }), { velocities: Array(16).fill(0), qpm: 90, bars: 1 });
  assert.deepEqual(struck(tapsFree([{ time: 9 }], { qpm: 90 }).velocities), [0]);
  const long = Array.from({ length: 40 }, (_, beat) => ({ time: beat * 0.5 }));
  const found = tapsFree(long, { qpm: 120, bars: 1 });
  assert.deepEqual([struck(found.velocities), found.velocities.length], [[0, 4, 8, 12], 16]);
});

test("tap tempo needs two taps, forgets after a pause, and stays in range", () => {
  assert.deepEqual([beatTempo([]), beatTempo([1]), beatTempo([1, 1])], [null, null, null]);
  assert.equal(beatTempo([1, 1.5, 2, 2.5]), 120);
  assert.equal(beatTempo([1, 1.5, 9, 9.75]), 80);
  assert.equal(beatTempo([1, 1.5, 9]), null);
  assert.equal(beatTempo([0, 0.1]), 300);
});
