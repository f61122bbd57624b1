import assert from "node:assert/strict";
import { test } from "node:test";

import {
  fillCells,
  firstSteps,
  roomToContinue,
  seedOf,
  takeBetween,
  takeContinuation,
  takeOpen,
  takePiece,
  takeRepeated,
  takeTouch,
} from "../../paradiddle/web/answers.js";
import { lean, padName, timing } from "../../paradiddle/web/cells.js";
import { heard, putBar } from "../../paradiddle/web/drummer-panel.js";
import { setBars, setHit, setLocked, setSplit } from "../../paradiddle/web/edits.js";
import { cellAt, emptyDoc, fromPattern, hitCount, toPattern, V } from "../../paradiddle/web/pattern.js";
import { between, holds, inWords } from "../../paradiddle/web/selection.js";

const given = [[0, 0], [4, 1], [20, 2]].reduce((doc, [step, voice]) => setHit(doc, step, voice), emptyDoc(2));
const answer = (hits, steps = 32) => ({ ...toPattern(emptyDoc(1)), steps, hits });

test("fill opens what is selected and not locked", () => {
  const doc = setLocked(given, 0, true);
  const selection = between({ step: 2, voice: 0 }, { step: 3, voice: 1 });
  assert.deepEqual(fillCells(doc, selection), [[2, 1], [3, 1]]);
  assert.equal(fillCells(doc, null).length, 32 * (V - 1));
});

test("an answer for open cells leaves all others the very objects they were", () => {
  const open = new Set([1 * V + 0]);
  const next = takeOpen(open)(given, answer([[1, 0, 0.5, 0.25], [8, 3, 1, 0]]));
  assert.deepEqual(cellAt(next, 1, 0), { velocity: 0.5, offset: 0.25, by: "machine" });
  assert.equal(cellAt(next, 8, 3), null);
  assert.equal(cellAt(next, 4, 1), cellAt(given, 4, 1));
});

test("a continuation keeps the seed, and is cut to the grid", () => {
  const doc = setSplit(given, 18);
  assert.deepEqual(seedOf(doc).hits.map(([step]) => step), [0, 4]);
  assert.equal(seedOf(doc).steps, 18);
  const next = takeContinuation(18)(doc, answer([[0, 5, 1, 0], [19, 0, 0.5, 0], [33, 0, 1, 0]], 34));
  assert.equal(next.steps, 32);
  assert.equal(cellAt(next, 0, 5), null);
  assert.equal(cellAt(next, 0, 0), cellAt(doc, 0, 0));
  assert.equal(cellAt(next, 19, 0).by, "machine");
  assert.equal(cellAt(next, 20, 2), null);
});

test("with the arrow at the end there is as much room again, up to the most bars", () => {
  assert.equal(roomToContinue(setSplit(given, 32)).steps, 64);
  assert.equal(roomToContinue(given), given);
  const full = setBars(given, 8);
  assert.equal(roomToContinue(setSplit(full, 128)).steps, 128);
});

test("a human touch changes dynamics and timing, not hits nor whose they are", () => {
  const doc = setLocked(given, 1, true);
  const next = takeTouch(null)(doc, answer([[0, 0, 0.5, 0.125], [4, 1, 0.25, 0], [5, 5, 1, 0]]));
  assert.deepEqual(cellAt(next, 0, 0), { velocity: 0.5, offset: 0.125, by: "you" });
  assert.equal(cellAt(next, 4, 1), cellAt(doc, 4, 1));
  assert.equal(hitCount(next), 3);
});

test("a touch that changes nothing leaves the very document", () => {
  const same = answer([[0, 0, 0.8, 0], [4, 1, 0.8, 0], [20, 2, 0.8, 0]]);
  assert.equal(takeTouch(null)(given, same), given);
  const locked = [0, 1, 2].reduce((doc, voice) => setLocked(doc, voice, true), given);
  assert.equal(takeTouch(null)(locked, answer([[0, 0, 0.5, 0.125], [4, 1, 0.25, 0]])), locked);
});

test("between two docs a hit just as in one of them is whose it is there, the nearer first", () => {
  const drawn = setHit(emptyDoc(2), 0, 0, { velocity: 0.5 });
  const played = [[0, 0], [4, 1]].reduce((doc, [step, voice]) => setHit(doc, step, voice, { velocity: 0.5, by: "machine" }), emptyDoc(2));
  const pattern = answer([[0, 0, 0.5, 0], [4, 1, 0.5, 0], [8, 2, 1, 0]]);
  const by = (doc) => [[0, 0], [4, 1], [8, 2]].map(([step, voice]) => cellAt(doc, step, voice).by);
  assert.deepEqual(by(takeBetween([drawn, played])(given, pattern)), ["you", "machine", "machine"]);
  assert.deepEqual(by(takeBetween([played, drawn])(given, pattern)), ["machine", "machine", "machine"]);
  assert.equal(by(takeBetween([drawn, played])(given, answer([[0, 0, 0.5, 0.25], [4, 1, 0.5, 0], [8, 2, 1, 0]])))[0], "machine");
  const locked = setLocked(played, 0, true);
  assert.equal(cellAt(takeBetween([drawn, played])(locked, pattern), 0, 0), cellAt(played, 0, 0));
});

test("a piece is laid around locked rows, and leaves them locked", () => {
  const doc = setLocked(setLocked(given, 0, true), 2, true);
  const piece = setHit(setHit(emptyDoc(1), 2, 0), 3, 1);
  const next = takePiece(doc, piece);
  assert.deepEqual(toPattern(next).hits.map(([step, voice]) => [step, voice]), [[0, 0], [3, 1]]);
  assert.deepEqual([next.steps, next.locked], [16, doc.locked]);
  assert.equal(cellAt(takePiece(doc, setBars(piece, 4)), 20, 2), cellAt(doc, 20, 2));
});

test("first steps of a pattern", () => {
  assert.deepEqual(firstSteps(toPattern(given), 16).hits.length, 2);
});

test("a bar of the drummer replaces a bar of the grid", () => {
  const pattern = answer([[16, 0, 1, 0.25], [40, 1, 0.5, 0]], 48);
  const next = putBar(given, 0, pattern, 2);
  assert.equal(cellAt(next, 0, 0), null);
  assert.deepEqual(cellAt(next, 8, 1), { velocity: 0.5, offset: 0, by: "machine" });
  assert.equal(cellAt(next, 20, 2), cellAt(given, 20, 2));
});

test("what was heard ends where it stopped", () => {
  const events = { notes: [36, 38, 42], ticks: [0, 480, 480], velocities: [1, 1, 1], qpm: 120, ticks_per_quarter: 480, quarters_per_bar: 4 };
  assert.deepEqual(heard(events, 4).notes, [36, 38]);
  assert.deepEqual(heard(events, 3.9).ticks, [0]);
});

test("a core leans the way of its offset, more for more, and stays in its pad", () => {
  assert.equal(lean(0), 0);
  assert.ok(lean(-0.1) < 0 && lean(0.2) > lean(0.1));
  assert.ok(lean(0.5) <= 0.25);
});

test("names of pads", () => {
  assert.equal(padName(20, 1, { velocity: 0.8, offset: 0 }), "snare, bar 2, step 5, velocity 80 %");
  assert.equal(padName(20, 1, { velocity: 0.8, offset: -0.124 }), "snare, bar 2, step 5, velocity 80 %, 12 % early");
  assert.equal(padName(20, 1, { velocity: 1, offset: 0.5 }, true), "snare, bar 2, step 5, velocity 100 %, 50 % late, locked");
  assert.equal(padName(0, 2, null, true), "closed hi-hat, bar 1, step 1, empty, locked");
  assert.deepEqual([0, 0.004, -0.004, 0.006].map(timing), ["on the grid", "on the grid", "on the grid", "1 % late"]);
  assert.equal(padName(0, 2, null), "closed hi-hat, bar 1, step 1, empty");
});

test("a selection is a rectangle, whichever corner came first", () => {
  const selection = between({ step: 5, voice: 3 }, { step: 2, voice: 1 });
  assert.equal(holds(selection, 2, 3), true);
  assert.equal(holds(selection, 6, 2), false);
  assert.equal(holds(null, 0, 0), false);
  assert.equal(inWords(selection), "Selected 3 rows, 4 steps");
});

test("a tapped rhythm's answer repeats to the end, and leaves locked rows and the length alone", () => {
  const doc = setLocked(setHit(emptyDoc(3), 40, 0), 0, true);
  const pattern = { ...toPattern(emptyDoc(2)), qpm: 93, hits: [[0, 0, 0.5, 0], [4, 1, 0.5, 0], [20, 1, 0.5, 0]] };
  const taken = takeRepeated(doc, pattern);
  assert.deepEqual([taken.steps, taken.qpm], [48, 93]);
  assert.deepEqual(toPattern(taken).hits.map(([step, voice]) => [step, voice]), [[4, 1], [20, 1], [36, 1], [40, 0]]);
  const short = takeRepeated(setLocked(emptyDoc(1), 0, true), pattern);
  assert.equal(short.steps, 32);
  assert.deepEqual(toPattern(short).hits.map(([step, voice]) => [step, voice]), [[4, 1], [20, 1]]);
});
