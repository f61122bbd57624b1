/** What is selected on the grid: a rectangle of steps and voices, or nothing. */

import { V, VOICES } from "./pattern.js";

/** @typedef {{step: number, voice: number}} Place */
/** @typedef {{from: number, to: number, voices: boolean[]}} Selection */

export function between(a, b) {
  const [low, high] = [Math.min(a.voice, b.voice), Math.max(a.voice, b.voice)];
  return {
    from: Math.min(a.step, b.step),
    to: Math.max(a.step, b.step) + 1,
    voices: Array.from({ length: V }, (_, voice) => voice >= low && voice <= high),
  };
}

export function holds(selection, step, voice) {
  return !!selection && step >= selection.from && step < selection.to && selection.voices[voice];
}

/** @param {Selection} selection for people */
export function inWords({ from, to, voices }) {
  const names = VOICES.filter((_, voice) => voices[voice]);
  const rows = names.length === V ? "all rows" : names.length > 2 ? `${names.length} rows` : names.join(" and ");
  return `Selected ${rows}, ${to - from} ${to - from === 1 ? "step" : "steps"}`;
}

export function createSelection() {
  let value = null;
  const listeners = new Set();
  return {
    /** Whether every drag over the grid selects, as a finger has no Shift. */
    byDrag: false,
    get value() {
      return value;
    },
    set(next) {
      value = next;
      for (const listener of listeners) listener(value);
    },
    subscribe: (listener) => listeners.add(listener),
  };
}
