/** Several answers to one question, to flip through. */

import { byId } from "./dom.js";
import { setBars } from "./edits.js";
import { STEPS_PER_BAR, V, makeDoc } from "./pattern.js";

/** @typedef {{cells: readonly any[], era: number}} Moment when a question was asked */

/** What a hand does to single cells, as the store calls it. */
const HAND = /^(Undo |Redo )?(draw|erase|toggle|velocity|nudge|paste|clear)/;

/** New cells, but for some of the old. @param {(index: number) => boolean} kept */
const keeping = (doc, cells, kept) => cells.map((cell, index) => (index < doc.cells.length && kept(index) ? doc.cells[index] : cell));

export function createCandidates({ store, status, wishes }) {
  const [group, words] = [byId("flip"), byId("candidate")];
  let answer = { take: (doc) => doc, base: null, patterns: [], seed: null };
  let at = 0;
  /** The cells as this showed them last. */
  let shown = null;
  /** Cells changed by hand since the answer came: they stay. @type {Set<number>} */
  let hand = new Set();
  /** Whether nothing but a hand has changed what was shown. */
  let pure = true;
  let last = store.doc.cells;
  /** How often something but a hand has changed the cells. */
  let era = 0;

  store.subscribe((doc, label) => {
    if (doc.cells === last) return;
    last = doc.cells;
    const byHand = HAND.test(label);
    if (!byHand) era += 1;
    pure = last === shown || (pure && byHand);
    count();
  });

  /** Where in the answers the grid is, if it is there at all. */
  function count() {
    const { length } = answer.patterns;
    words.textContent = `${pure ? at + 1 : "–"} of ${length}`;
    const left = length < 2 && group.contains(document.activeElement);
    group.hidden = length < 2;
    if (left) byId("generate").focus();
  }

  /** Cells that a hand has changed since, if nothing else has. @param {Moment | null} moment @returns {Set<number>} */
  function drawnSince(moment) {
    if (moment?.era !== era) return new Set();
    return new Set(store.doc.cells.flatMap((cell, index) => (cell === moment.cells[index] ? [] : [index])));
  }

  /** An answer, with the rows that are locked now and what was drawn by hand since. */
  function laid(doc) {
    if (!pure) hand = new Set();
    else doc.cells.forEach((cell, index) => cell === shown[index] || hand.add(index));
    const made = answer.take(answer.base, answer.patterns[at]);
    const { cells, steps } = doc.locked.some(Boolean) ? setBars(made, doc.steps / STEPS_PER_BAR) : made;
    return makeDoc({ ...doc, steps, split: Math.min(doc.split, steps), cells: keeping(doc, cells, (index) => doc.locked[index % V] || hand.has(index)) });
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
    count();
    if (answer.seed !== null) wishes.showSeed(answer.seed + at);
  }

  byId("previous").addEventListener("click", () => flip(at - 1));
  byId("next").addEventListener("click", () => flip(at + 1));
  return {
    /** The moment of a question, for `show`. @returns {Moment} */
    moment: () => ({ cells: store.doc.cells, era }),
    /**
     * Show the first of some answers, as one edit. What was drawn since they were asked for stays,
     * unless there was a flip, an undo or the like: then it is of another pattern.
     * @param {string} name of the edit @param {number | null} seed
     * @param {(doc: any, pattern: any) => any} take puts an answer into the doc it was asked about
     * @param {Moment | null} [asked] when
     */
    show(name, patterns, seed, take, asked = null) {
      answer = { take, base: store.doc, patterns, seed };
      at = 0;
      hand = drawnSince(asked);
      store.edit(name, (doc) => {
        const made = take(doc, patterns[0]);
        return hand.size ? makeDoc({ ...made, cells: keeping(doc, made.cells, (index) => hand.has(index)) }) : made;
      });
      accept();
    },
    previous: () => flip(at - 1),
    next: () => flip(at + 1),
  };
}
