/**
 * What sounds when, in steps: a document's loop laid out on an endless line of 16ths.
 *
 * Places on the line count steps from the start, pass after pass. The seam of the loop is no border:
 * an early hit of the first step plays at the end of the pass before, and in the first pass at 0.
 *
 * @typedef {{step: number, voice: number, velocity: number, when: number, key: number, pass: number}} PlacedHit
 */

import { V } from "./pattern.js";

export const stepSeconds = (qpm) => 15 / qpm;

/** Where a step lies with swing: the second 16th of a pair starts `2 * swing` after the first.
 * @param {number} step a whole number @param {number} swing in [0.5, 0.75] */
export const swungPlace = (step, swing) => (step % 2 ? step - 1 + 2 * swing : step);

/** Whether mute and solo let a voice sound. @param {Doc} doc @param {number} voice */
export function audible(doc, voice) {
  if (doc.muted[voice]) return false;
  return doc.soloed[voice] || !doc.soloed.includes(true);
}

/**
 * Audible hits in `[from, to)` of the line, in order of time.
 * `key` is the same for one cell of one pass wherever its hit is moved to.
 * @param {Doc} doc @param {number} from @param {number} to @returns {PlacedHit[]}
 */
export function hitsBetween(doc, from, to) {
  const found = [];
  const heard = doc.locked.map((_, voice) => audible(doc, voice));
  // a hit lies at most half a step before its step, and less than one behind
  for (let at = Math.max(0, Math.floor(from)); at - 0.5 < to; at++) {
    const step = at % doc.steps;
    for (let voice = 0; voice < V; voice++) {
      const cell = heard[voice] ? doc.cells[step * V + voice] : null;
      if (!cell) continue;
      const when = Math.max(0, at - step + swungPlace(step, doc.swing) + cell.offset);
      if (when < from || when >= to) continue;
      const pass = (at - step) / doc.steps;
      found.push({ step, voice, velocity: cell.velocity, when, key: at * V + voice, pass });
    }
  }
  return found.sort((a, b) => a.when - b.when);
}

/**
 * The drummer's events as something the clock can play in place of a document.
 * @param {{ticks: number[], velocities: number[], voices: (number | null)[], qpm: number,
 *   ticks_per_quarter: number}} events
 */
export function fromEvents(events) {
  let tick = 0;
  const notes = events.ticks.map((delta, index) => {
    tick += delta;
    return { index, when: (tick * 4) / events.ticks_per_quarter };
  });
  const length = Math.max(1, Math.ceil(((notes.at(-1)?.when ?? 0) + 1) / 16)) * 16;
  const { qpm, voices, velocities } = events;
  return Object.freeze({ steps: length, qpm, swing: 0.5, notes, voices, velocities });
}

/**
 * `hitsBetween` for what `fromEvents` made; `step` is the number of the note.
 * @param {ReturnType<typeof fromEvents>} score @param {number} from @param {number} to
 * @returns {PlacedHit[]}
 */
export function eventsBetween(score, from, to) {
  const found = [];
  for (let pass = Math.max(0, Math.floor(from / score.steps)); pass * score.steps < to; pass++) {
    const start = pass * score.steps;
    for (let at = firstFrom(score.notes, from - start); at < score.notes.length; at++) {
      const note = score.notes[at];
      if (!note || start + note.when >= to) break;
      const voice = score.voices[note.index];
      if (voice === null || voice === undefined) continue;
      const velocity = score.velocities[note.index] ?? 0.8;
      const key = pass * score.notes.length + note.index;
      found.push({ step: note.index, voice, velocity, when: start + note.when, key, pass });
    }
  }
  return found;
}

/** The first note at or after a place. */
function firstFrom(notes, place) {
  let [low, high] = [0, notes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (notes[middle].when < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether two documents sound the same. */
export function sameSound(a, b) {
  const named = ["cells", "notes", "steps", "qpm", "swing", "muted", "soloed"];
  return a === b || named.every((name) => a[name] === b[name]);
}

/** The end of the pass that holds a place. @param {number} place @param {number} steps */
export const endOf = (place, steps) => (Math.floor(place / steps) + 1) * steps;

/** How far places move when a loop gets another length, so that the beat goes on.
 * @param {number} place @param {number} was @param {number} is */
export function resized(place, was, is) {
  const pass = Math.floor(place / was);
  const rounds = Math.floor((place - pass * was) / is);
  const fresh = pass === 0 && rounds > 0 ? is : 0; // the first pass has no early hits to play again
  return pass * (is - was) - rounds * is + fresh;
}
