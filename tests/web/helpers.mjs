/** Seeded numbers, documents and a clock's surroundings, for all the tests here. */

import { readFileSync } from "node:fs";
import { emptyDoc, makeCell, makeDoc, V } from "../../paradiddle/web/pattern.js";

export const fixture = () =>
  JSON.parse(readFileSync(new URL("../data/pattern.json", import.meta.url), "utf8"));

/** mulberry32: the same numbers in [0, 1) for the same seed. */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const whole = (draw, below) => Math.floor(draw() * below);

/** A document with a share of its cells struck. */
export function randomDoc(draw, { bars = 1 + whole(draw, 8), share = draw() * 0.5 } = {}) {
  const empty = emptyDoc(bars);
  const flags = () => Array.from({ length: V }, () => draw() < 0.2);
  return makeDoc({
    ...empty,
    cells: empty.cells.map(() =>
      draw() < share ? makeCell(draw(), draw() - 0.5, draw() < 0.5 ? "you" : "machine") : null,
    ),
    qpm: 20 + draw() * 280,
    swing: 0.5 + draw() * 0.25,
    locked: flags(),
    muted: flags(),
    soloed: flags(),
    split: whole(draw, bars * 16 + 1),
  });
}
