/** Several answers to one question, to flip through. */

import { byId } from "./dom.js";

export function createCandidates({ store, status, wishes }) {
  const [previous, next, words] = [byId("previous"), byId("next"), byId("candidate")];
  let answer = { take: (doc) => doc, base: null, patterns: [], seed: null };
  let at = 0;
  /** The cells as this showed them last. */
  let shown = null;

  function label() {
    const { length } = answer.patterns;
    words.textContent = length ? `${at + 1} of ${length}` : "–";
    previous.disabled = next.disabled = length < 2;
    if (answer.seed !== null) wishes.showSeed(answer.seed + at);
  }

  /** Flipping is no edit of its own, unless a hand has changed what was shown. */
  function flip(to) {
    const { length } = answer.patterns;
    if (length < 2) return;
    at = (to + length) % length;
    const pattern = answer.patterns[at];
    const { doc } = store;
    const made = answer.take(answer.base, pattern);
    const flipped = Object.freeze({ ...doc, cells: made.cells, steps: made.steps, split: Math.min(doc.split, made.steps) });
    if (doc.cells === shown) store.replace(flipped);
    else store.edit(`candidate ${at + 1}`, () => flipped);
    shown = store.doc.cells;
    label();
    status.say(`Candidate ${at + 1} of ${length}`);
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
      store.edit(name, (doc) => take(doc, patterns[0]));
      shown = store.doc.cells;
      label();
    },
    previous: () => flip(at - 1),
    next: () => flip(at + 1),
  };
}
