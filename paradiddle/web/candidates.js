/** Several answers to one question, to flip through. */

import { byId } from "./dom.js";
import { setBars } from "./edits.js";
import { STEPS_PER_BAR, V, makeDoc } from "./pattern.js";

/** What a hand does to single cells, as the store calls it. */
const HAND = /^(Undo |Redo )?(draw|erase|toggle|velocity|nudge|paste|clear)/;

export function createCandidates({ store, status, wishes }) {
  const [previous, next, words] = [byId("previous"), byId("next"), byId("candidate")];
  let answer = { take: (doc) => doc, base: null, patterns: [], seed: null };
  let at = 0;
  /** The cells as this showed them last. */
  let shown = null;
  /** Cells changed by hand since the answer came: they stay. @type {Set<number>} */
  let hand = new Set();
  /** Whether nothing but a hand has changed what was shown. */
  let pure = true;
  let last = store.doc.cells;

  store.subscribe((doc, label) => {
    if (doc.cells === last) return;
    last = doc.cells;
    pure = last === shown || (pure && HAND.test(label));
  });

  function label() {
    const { length } = answer.patterns;
    words.textContent = length ? `${at + 1} of ${length}` : "–";
    previous.disabled = next.disabled = length < 2;
    if (answer.seed !== null) wishes.showSeed(answer.seed + at);
  }

  /** An answer, with the rows that are locked now and what was drawn by hand since. */
  function laid(doc) {
    if (!pure) hand = new Set();
    else doc.cells.forEach((cell, index) => cell === shown[index] || hand.add(index));
    const made = answer.take(answer.base, answer.patterns[at]);
    const { cells, steps } = doc.locked.some(Boolean) ? setBars(made, doc.steps / STEPS_PER_BAR) : made;
    const kept = (index) => index < doc.cells.length && (doc.locked[index % V] || hand.has(index));
    return makeDoc({ ...doc, steps, split: Math.min(doc.split, steps), cells: cells.map((cell, index) => (kept(index) ? doc.cells[index] : cell)) });
  }

  /** Flipping is no edit of its own, unless what was shown has been changed. */
  function flip(to) {
    const { length } = answer.patterns;
    if (length < 2) return;
    at = (to + length) % length;
    const { doc } = store;
    const [flipped, whole] = [laid(doc), pure];
    if (doc.cells === shown) store.replace(flipped);
    else store.edit(`candidate ${at + 1}`, () => flipped);
    accept();
    status.say(`Candidate ${at + 1} of ${length}${whole ? "" : "; Undo brings back what was there"}`);
  }

  function accept() {
    shown = last = store.doc.cells;
    pure = true;
    label();
  }

  previous.addEventListener("click", () => flip(at - 1));
  next.addEventListener("click", () => flip(at + 1));
  return {
    /**
     * Show the first of some answers, as one edit.
     * @param {string} name of the edit @param {number | null} seed
     * @param {(doc: any, pattern: any) => any} take puts an answer into the doc it was asked about
     */
    show(name, patterns, seed, take) {
      answer = { take, base: store.doc, patterns, seed };
      at = 0;
      hand = new Set();
      store.edit(name, (doc) => take(doc, patterns[0]));
      accept();
    },
    previous: () => flip(at - 1),
    next: () => flip(at + 1),
  };
}
