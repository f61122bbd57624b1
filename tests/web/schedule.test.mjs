import assert from "node:assert/strict";
import { test } from "node:test";
import { paint, setHit, setMuted, setSoloed, setSwing } from "../../paradiddle/web/edits.js";
import { emptyDoc, makeDoc, V } from "../../paradiddle/web/pattern.js";
import {
  audible,
  endOf,
  eventsBetween,
  fromEvents,
  hitsBetween,
  resized,
  stepSeconds,
  swungPlace,
} from "../../paradiddle/web/schedule.js";
import { random, randomDoc } from "./helpers.mjs";

const places = (doc, from, to) => hitsBetween(doc, from, to).map(({ when }) => when);

test("a 16th at 120 bpm lasts an eighth of a second", () => {
  assert.equal(stepSeconds(120), 0.125);
});

test("swing moves the second 16th of each pair, by the definition the server shares", () => {
  assert.deepEqual([0, 1, 2, 3].map((step) => swungPlace(step, 0.5)), [0, 1, 2, 3]);
  assert.deepEqual([0, 1, 2, 3].map((step) => swungPlace(step, 0.75)), [0, 1.5, 2, 3.5]);
});

test("mute wins, and solo silences the others", () => {
  const doc = setMuted(setSoloed(setSoloed(emptyDoc(1), 0, true), 1, true), 1, true);
  assert.deepEqual([0, 1, 2].map((voice) => audible(doc, voice)), [true, false, false]);
  assert.ok(audible(emptyDoc(1), 5));
  const struck = paint(doc, [[0, 0], [0, 1], [0, 2]], true);
  assert.deepEqual(hitsBetween(struck, 0, 16).map(({ voice }) => voice), [0]);
});

test("an early hit of the first step plays before the seam, but at 0 the first time", () => {
  const doc = setHit(emptyDoc(1), 0, 0, { offset: -0.25 });
  assert.deepEqual(places(doc, 0, 32.1), [0, 15.75, 31.75]);
});

test("a late, swung hit of the last step plays across the seam", () => {
  const doc = setSwing(setHit(emptyDoc(1), 15, 0, { offset: 0.375 }), 0.75);
  assert.deepEqual(places(doc, 0, 33), [15.875, 31.875]);
  assert.deepEqual(places(setHit(doc, 15, 1, { offset: 0.49 }), 15.9, 16), [15.5 + Math.fround(0.49)]);
});

test("hits carry the step, the voice, the velocity, the pass and a key of their own", () => {
  const doc = setHit(emptyDoc(1), 4, 1, { velocity: 0.5 });
  assert.deepEqual(hitsBetween(doc, 16, 32), [
    { step: 4, voice: 1, velocity: 0.5, when: 20, key: 20 * V + 1, pass: 1 },
  ]);
});

test("however a line is cut into stretches, each hit is in just one of them", () => {
  const draw = random(7);
  for (let round = 0; round < 30; round++) {
    const silent = round % 3 === 0 ? {} : { muted: Array(V).fill(false), soloed: Array(V).fill(false) };
    const doc = makeDoc({ ...randomDoc(draw, { bars: 1 + (round % 3), share: 0.4 }), ...silent });
    const end = doc.steps * 3;
    const parts = [];
    for (let from = 0; from < end; ) {
      const to = Math.min(end, from + draw() * (round % 2 ? 9 : 0.7));
      parts.push(...hitsBetween(doc, from, to));
      from = to;
    }
    assert.deepEqual(parts.map(({ key }) => key), hitsBetween(doc, 0, end).map(({ key }) => key));
    assert.equal(new Set(parts.map(({ key }) => key)).size, parts.length);
    assert.ok(parts.every(({ when }, at) => at === 0 || when >= parts[at - 1].when));
  }
});

test("a place in a loop of another length keeps its beat", () => {
  for (const [place, was, is, wanted] of [
    [20, 32, 64, 20],
    [20, 32, 16, 20],
    [40, 32, 64, 72],
    [10, 64, 32, 10],
    [100, 64, 16, 20],
    [3, 16, 128, 3],
  ]) {
    const moved = place + resized(place, was, is);
    assert.equal(moved, wanted);
    assert.ok((moved - place) % 16 === 0);
  }
  assert.deepEqual([endOf(0, 16), endOf(15.9, 16), endOf(16, 16)], [16, 16, 32]);
});

test("the drummer's notes keep their ticks, and those of no voice are left out", () => {
  const score = fromEvents({
    notes: [36, 38, 99, 42],
    ticks: [0, 240, 60, 180],
    velocities: [1, 0.5, 0.5, 0.25],
    voices: [0, 1, null, 2],
    qpm: 120,
    ticks_per_quarter: 480,
  });
  assert.equal(score.steps, 16);
  const played = eventsBetween(score, 0, 32);
  assert.deepEqual(played.map(({ when }) => when), [0, 2, 4, 16, 18, 20]);
  assert.deepEqual(played.map(({ step }) => step), [0, 1, 3, 0, 1, 3]);
  assert.deepEqual(played.map(({ voice }) => voice), [0, 1, 2, 0, 1, 2]);
  assert.equal(new Set(played.map(({ key }) => key)).size, 6);
  assert.deepEqual(eventsBetween(score, 2, 4).map(({ velocity }) => velocity), [0.5]);
});
