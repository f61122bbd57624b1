/**
 * Edits: pure functions from a document to a document.
 *
 * An edit that changes nothing returns the very document it was given. Rows that are locked never
 * change; unlock them first. What a hand changes becomes `by: "you"`.
 *
 * @typedef {{from: number, to: number, voices: ReadonlyArray<boolean>} | null} Selection
 * @typedef {Readonly<{steps: number, voices: ReadonlyArray<boolean>,
 *   cells: ReadonlyArray<readonly [step: number, voice: number, cell: Cell]>}>} Clip
 */

import {
  MAX_BARS,
  MAX_QPM,
  MAX_SWING,
  MIN_QPM,
  MIN_SWING,
  STEPS_PER_BAR,
  V,
  cellAt,
  checkBars,
  clamp,
  fromPattern,
  makeCell,
  makeDoc,
} from "./pattern.js";

export function setHit(doc, step, voice, { velocity = 0.8, offset = 0, by = "you" } = {}) {
  return put(doc, [[step, voice, makeCell(velocity, offset, by)]]);
}

export const clearHit = (doc, step, voice) => put(doc, [[step, voice, null]]);

export function toggle(doc, step, voice) {
  return cellAt(doc, step, voice) ? clearHit(doc, step, voice) : setHit(doc, step, voice);
}

export function setVelocity(doc, step, voice, velocity) {
  const cell = cellAt(doc, step, voice);
  return cell ? setHit(doc, step, voice, { velocity, offset: cell.offset }) : doc;
}

/** @param {Doc} doc @param {number} step @param {number} voice @param {number} delta in steps */
export function nudge(doc, step, voice, delta) {
  const cell = cellAt(doc, step, voice);
  if (!cell) return doc;
  return setHit(doc, step, voice, { velocity: cell.velocity, offset: cell.offset + delta });
}

/**
 * Strike the empty cells of a list, or clear the struck ones.
 * @param {Doc} doc @param {ReadonlyArray<readonly [number, number]>} cells @param {boolean} on
 * @param {{velocity?: number}} [hit]
 */
export function paint(doc, cells, on, { velocity = 0.8 } = {}) {
  const wrong = cells.filter(([step, voice]) => Boolean(cellAt(doc, step, voice)) !== on);
  const cell = on ? makeCell(velocity, 0, "you") : null;
  return put(doc, wrong.map(([step, voice]) => [step, voice, cell]));
}

/** @param {Doc} doc @param {{selection?: Selection}} [options] */
export function clearAll(doc, { selection = null } = {}) {
  return put(doc, places(doc, selection).map(([step, voice]) => [step, voice, null]));
}

/** Move content later (or earlier, below 0); what leaves the selection falls off.
 * @param {Doc} doc @param {number} by in steps @param {{selection?: Selection}} [options] */
export function shift(doc, by, { selection = null } = {}) {
  const { from, to } = span(doc, selection);
  return moved(doc, selection, (step) => (step - by >= from && step - by < to ? step - by : null));
}

/** Move content later (or earlier); what leaves the selection comes in at its other end.
 * @param {Doc} doc @param {number} by in steps @param {{selection?: Selection}} [options] */
export function rotate(doc, by, { selection = null } = {}) {
  const { from, to } = span(doc, selection);
  const length = to - from;
  return moved(doc, selection, (step) => from + ((((step - from - by) % length) + length) % length));
}

/** Play it all twice. @param {Doc} doc */
export function double(doc) {
  if (doc.steps * 2 > MAX_BARS * STEPS_PER_BAR) {
    throw new Error(`${(doc.steps * 2) / STEPS_PER_BAR} bars are too many; the grid holds ${MAX_BARS}`);
  }
  return makeDoc({ ...doc, steps: doc.steps * 2, cells: [...doc.cells, ...doc.cells] });
}

/** Keep the first half, in whole bars. @param {Doc} doc */
export function halve(doc) {
  const bars = doc.steps / STEPS_PER_BAR;
  if (bars < 2) throw new Error("one bar cannot be halved; clear part of it instead");
  return setBars(doc, Math.ceil(bars / 2));
}

/** Cut the end off, or add empty bars. @param {Doc} doc @param {number} bars */
export function setBars(doc, bars) {
  checkBars(bars);
  const steps = bars * STEPS_PER_BAR;
  if (steps === doc.steps) return doc;
  const cells = Array.from({ length: steps * V }, (_, index) => doc.cells[index] ?? null);
  return makeDoc({ ...doc, steps, cells, split: Math.min(doc.split, steps) });
}

export function copy(doc, selection) {
  const { from, to, voices } = span(doc, selection);
  const cells = [];
  for (const [step, voice] of places(doc, selection)) {
    const cell = cellAt(doc, step, voice);
    if (cell) cells.push([step - from, voice, cell]);
  }
  return Object.freeze({ steps: to - from, voices: [...voices], cells });
}

/**
 * Lay a clip over the grid, rests included; its first row comes to `voice`, or stays without one.
 * @param {Doc} doc @param {Clip} clip @param {number} step @param {number} [voice]
 */
export function paste(doc, clip, step, voice) {
  const down = voice === undefined ? 0 : voice - clip.voices.indexOf(true);
  const held = new Map(clip.cells.map(([at, row, cell]) => [at * V + row, cell]));
  const changes = [];
  for (let at = 0; at < clip.steps; at++) {
    for (let row = 0; row < V; row++) {
      if (clip.voices[row]) changes.push([step + at, row + down, held.get(at * V + row) ?? null]);
    }
  }
  return put(doc, changes);
}

export const setLocked = (doc, voice, on) => flag(doc, "locked", voice, on);
export const setMuted = (doc, voice, on) => flag(doc, "muted", voice, on);
export const setSoloed = (doc, voice, on) => flag(doc, "soloed", voice, on);

export const setQpm = (doc, qpm) => number(doc, "qpm", qpm, MIN_QPM, MAX_QPM);
export const setSwing = (doc, swing) => number(doc, "swing", swing, MIN_SWING, MAX_SWING);
export const setSplit = (doc, step) => number(doc, "split", Math.round(step), 0, doc.steps);

/**
 * Take a machine's answer. Cells that are kept, and those of locked rows, stay the very objects
 * they were; all others become those of the answer, whose length the document takes.
 * @param {Doc} doc @param {unknown} json a Pattern
 * @param {{keep?: (step: number, voice: number) => boolean, by?: Player}} [options]
 * @returns {Doc}
 */
export function merge(doc, json, { keep = () => false, by = "machine" } = {}) {
  const answer = fromPattern(json, { by, base: doc });
  const cells = answer.cells.map((cell, index) => {
    const [step, voice] = [Math.floor(index / V), index % V];
    const kept = step < doc.steps && (doc.locked[voice] || keep(step, voice));
    return kept ? (doc.cells[index]) : cell;
  });
  return makeDoc({ ...answer, cells, qpm: doc.qpm });
}

/** Whether locked rows keep cells from an edit that leaves the length alone. @param {Doc} doc @param {(doc: Doc) => Doc} edit */
export function heldBack(doc, edit) {
  if (!doc.locked.some(Boolean)) return false;
  const free = edit(makeDoc({ ...doc, locked: Array(V).fill(false) }));
  return doc.cells.some((cell, index) => doc.locked[index % V] && free.cells[index] !== cell);
}

/**
 * Change cells, leaving locked rows and what lies outside the grid alone.
 * @param {Doc} doc
 * @param {ReadonlyArray<readonly [number, number, Cell | null]>} changes
 * @returns {Doc}
 */
function put(doc, changes) {
  const cells = [...doc.cells];
  let changed = false;
  for (const [step, voice, cell] of changes) {
    if (step < 0 || step >= doc.steps || voice < 0 || voice >= V) continue;
    if (doc.locked[voice]) continue;
    const index = step * V + voice;
    if (same(cells[index], cell)) continue;
    cells[index] = cell;
    changed = true;
  }
  return changed ? makeDoc({ ...doc, cells }) : doc;
}

function same(a, b) {
  if (!a || !b) return a === b;
  return a.velocity === b.velocity && a.offset === b.offset && a.by === b.by;
}

/**
 * Fill each cell of a selection from another step of its row, or empty it.
 * @param {Doc} doc @param {Selection} selection @param {(step: number) => number | null} source
 */
function moved(doc, selection, source) {
  return put(
    doc,
    places(doc, selection).map(([step, voice]) => {
      const from = source(step);
      return [step, voice, from === null ? null : cellAt(doc, from, voice)];
    }),
  );
}

function span(doc, selection) {
  if (!selection) return { from: 0, to: doc.steps, voices: Array(V).fill(true) };
  const from = clamp(selection.from, 0, doc.steps);
  return { from, to: clamp(selection.to, from, doc.steps), voices: selection.voices };
}

function places(doc, selection) {
  const { from, to, voices } = span(doc, selection);
  const found = [];
  for (let step = from; step < to; step++) {
    for (let voice = 0; voice < V; voice++) if (voices[voice]) found.push([step, voice]);
  }
  return found;
}

function flag(doc, name, voice, on) {
  if (!(voice in doc[name]) || doc[name][voice] === on) return doc;
  return makeDoc({ ...doc, [name]: doc[name].map((was, row) => (row === voice ? on : was)) });
}

function number(doc, name, value, low, high) {
  const next = clamp(value, low, high);
  return Number.isNaN(next) || next === doc[name] ? doc : makeDoc({ ...doc, [name]: next });
}
