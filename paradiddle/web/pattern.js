/**
 * The document: one immutable drum grid, and its way to and from Pattern JSON.
 *
 * @typedef {"you" | "machine"} Player
 * @typedef {Readonly<{velocity: number, offset: number, by: Player}>} Cell
 * @typedef {Readonly<{
 *   cells: ReadonlyArray<Cell | null>, steps: number, qpm: number, swing: number,
 *   locked: ReadonlyArray<boolean>, muted: ReadonlyArray<boolean>,
 *   soloed: ReadonlyArray<boolean>, split: number}>} Doc
 * @typedef {[step: number, voice: number, velocity: number, offset: number]} Hit
 * @typedef {{format: 1, qpm: number, steps_per_quarter: number, quarters_per_bar: number,
 *   steps: number, voices: string[], hits: Hit[]}} Pattern
 */

export const VOICES = Object.freeze([
  "kick", "snare", "closed hi-hat", "open hi-hat", "low tom", "mid tom", "high tom", "crash", "ride",
]);
export const V = VOICES.length;
export const STEPS_PER_BAR = 16;
export const MAX_BARS = 8;
export const MIN_QPM = 20;
export const MAX_QPM = 300;
export const MIN_SWING = 0.5;
export const MAX_SWING = 0.75;

const BELOW_HALF = 0.5 - 2 ** -25; // the last float32 before 0.5
const NONE = Object.freeze(Array(V).fill(false));

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/**
 * A hit, its numbers rounded to float32 and brought into range.
 * @param {number} velocity @param {number} offset @param {Player} by @returns {Cell}
 */
export function makeCell(velocity, offset, by) {
  return Object.freeze({
    velocity: Math.fround(clamp(velocity, 0, 1)) + 0,
    offset: Math.fround(clamp(offset, -0.5, BELOW_HALF)) + 0,
    by,
  });
}

/** Freeze a document, its arrays included. @param {Doc} fields @returns {Doc} */
export function makeDoc(fields) {
  for (const name of ["cells", "locked", "muted", "soloed"]) Object.freeze(fields[name]);
  return Object.freeze({ ...fields });
}

export function emptyDoc(bars = 2) {
  checkBars(bars);
  const steps = bars * STEPS_PER_BAR;
  return makeDoc({
    cells: Array(steps * V).fill(null),
    steps,
    qpm: 120,
    swing: MIN_SWING,
    locked: NONE,
    muted: NONE,
    soloed: NONE,
    split: Math.max(1, bars >> 1) * STEPS_PER_BAR,
  });
}

export function checkBars(bars) {
  if (!Number.isInteger(bars) || bars < 1 || bars > MAX_BARS) {
    throw new Error(`bars must be a whole number in [1, ${MAX_BARS}], got ${shown(bars)}`);
  }
}

export function cellAt(doc, step, voice) {
  const inside = step >= 0 && step < doc.steps && voice >= 0 && voice < V;
  return inside ? (doc.cells[step * V + voice] ?? null) : null;
}

export const hitCount = (doc) => doc.cells.reduce((sum, cell) => sum + (cell ? 1 : 0), 0);

export function toPattern(doc) {
  const hits = [];
  doc.cells.forEach((cell, index) => {
    if (cell) hits.push([Math.floor(index / V), index % V, cell.velocity, cell.offset]);
  });
  return {
    format: 1,
    qpm: doc.qpm,
    steps_per_quarter: 4,
    quarters_per_bar: 4,
    steps: doc.steps,
    voices: [...VOICES],
    hits,
  };
}

/**
 * Make a document of a Pattern; what a Pattern does not hold comes from `base`.
 * @param {unknown} json
 * @param {{by?: Player, base?: Doc}} [options]
 * @returns {Doc}
 */
export function fromPattern(json, { by = "machine", base } = {}) {
  const pattern = validatePattern(json);
  const fresh = emptyDoc(pattern.steps / STEPS_PER_BAR);
  const cells = [...fresh.cells];
  for (const [step, voice, velocity, offset] of pattern.hits) {
    cells[step * V + voice] = makeCell(velocity, offset, by);
  }
  return makeDoc({
    ...fresh,
    ...base,
    cells,
    steps: fresh.steps,
    qpm: clamp(pattern.qpm, MIN_QPM, MAX_QPM),
    split: Math.min(base?.split ?? fresh.split, fresh.steps),
  });
}

/**
 * Check everything a Pattern says, and that the grid of this page can hold it.
 * @param {unknown} json @returns {Pattern}
 */
export function validatePattern(json) {
  const pattern = json;
  if (typeof pattern !== "object" || pattern === null) fail("an object", json);
  if (pattern.format !== 1) fail("format 1", pattern.format);
  if (JSON.stringify(pattern.voices) !== JSON.stringify(VOICES)) {
    fail("the nine voices", pattern.voices);
  }
  checkMetre(pattern);
  if (!Array.isArray(pattern.hits)) fail("a list of hits", pattern.hits);
  for (const hit of pattern.hits) checkHit(hit, pattern.steps);
  return pattern;
}

function checkMetre(pattern) {
  if (pattern.steps_per_quarter !== 4 || pattern.quarters_per_bar !== 4) {
    const metre = `${shown(pattern.quarters_per_bar)} quarters of ${shown(pattern.steps_per_quarter)} steps`;
    throw new Error(`this page plays 4/4 in 16ths, the pattern has bars of ${metre}`);
  }
  if (!Number.isFinite(pattern.qpm) || pattern.qpm <= 0) fail("a qpm above 0", pattern.qpm);
  const bars = Number.isInteger(pattern.steps) ? pattern.steps / STEPS_PER_BAR : NaN;
  if (!Number.isInteger(bars) || bars < 1 || bars > MAX_BARS) {
    const length = `${shown(pattern.steps)} steps`;
    throw new Error(`this page holds 1 to ${MAX_BARS} whole bars of 16 steps, the pattern has ${length}`);
  }
}

function checkHit(hit, steps) {
  if (!Array.isArray(hit) || hit.length !== 4) fail("hits of four numbers", hit);
  const [step, voice, velocity, offset] = hit;
  const placed = Number.isInteger(step) && step >= 0 && step < steps;
  if (!placed || !Number.isInteger(voice) || voice < 0 || voice >= V) fail("hits inside the grid", hit);
  if (typeof velocity !== "number" || !(velocity >= 0 && velocity <= 1)) {
    fail("velocities in [0, 1]", velocity);
  }
  if (typeof offset !== "number" || !(offset >= -0.5 && offset < 0.5)) {
    fail("offsets in [-0.5, 0.5)", offset);
  }
}

function fail(wanted, got) {
  throw new Error(`not a pattern: it needs ${wanted}, got ${shown(got)}`);
}

/** A value in few characters. */
function shown(value) {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}
