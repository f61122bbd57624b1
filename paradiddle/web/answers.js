/** From a doc to a question's fields, and from an answer back into the doc. */

import { merge, setBars } from "./edits.js";
import { fromPattern, makeDoc, MAX_BARS, STEPS_PER_BAR, toPattern, V } from "./pattern.js";
import { holds } from "./selection.js";

/** @param {(step: number, voice: number) => boolean} wanted */
export function openCells(doc, wanted) {
  const open = [];
  for (let step = 0; step < doc.steps; step += 1)
    for (let voice = 0; voice < V; voice += 1)
      if (!doc.locked[voice] && wanted(step, voice)) open.push([step, voice]);
  return open;
}

/** What Fill plays anew. */
export function fillCells(doc, selection) {
  return openCells(doc, (step, voice) => !selection || holds(selection, step, voice));
}

/** A pattern's first steps. @param {number} steps */
export function firstSteps(pattern, steps) {
  return { ...pattern, steps, hits: pattern.hits.filter(([step]) => step < steps) };
}

/** The doc to continue: longer by as much as there is, when the arrow stands at its end. */
export function roomToContinue(doc) {
  if (doc.split < doc.steps) return doc;
  const bars = doc.steps / STEPS_PER_BAR;
  return setBars(doc, Math.min(MAX_BARS, bars * 2));
}

/** @param {any} doc with the arrow before its end */
export function seedOf(doc) {
  return firstSteps(toPattern(doc), doc.split);
}

/** Take an answer for some cells of the doc. @param {Set<number> | null} open by index, null: all */
export const takeOpen = (open) => (doc, pattern) =>
  merge(doc, firstSteps(pattern, doc.steps), { keep: (step, voice) => !!open && !open.has(step * V + voice) });

/** Take what lies right of the arrow. @param {number} split where it stood */
export const takeContinuation = (split) => (doc, pattern) =>
  merge(doc, firstSteps(pattern, doc.steps), { keep: (step) => step < split });

/** Take a rhythm's answer, over and over until the end, and no bar less. */
export function takeRepeated(doc, pattern) {
  const long = setBars(doc, Math.max(doc.steps, pattern.steps) / STEPS_PER_BAR);
  const hits = [];
  for (let from = 0; from < long.steps; from += pattern.steps)
    for (const [step, ...hit] of pattern.hits) hits.push([from + step, ...hit]);
  const all = firstSteps({ ...pattern, hits }, long.steps);
  return takeOpen(null)({ ...long, qpm: pattern.qpm }, all);
}

const alike = (one, other) => !!one && !!other && one.velocity === other.velocity && one.offset === other.offset;

/** Cells of a doc, each of a row that is not locked changed. @param {(cell: any, index: number) => any} change */
function withCells(doc, change) {
  const cells = doc.cells.map((cell, index) => (doc.locked[index % V] ? cell : change(cell, index)));
  return cells.every((cell, index) => cell === doc.cells[index]) ? doc : makeDoc({ ...doc, cells });
}

/** Take what lies between two docs: hits just as in one of them are whose they are there. @param {any[]} ends the nearer first */
export const takeBetween = (ends) => (doc, pattern) =>
  withCells(takeOpen(null)(doc, pattern), (cell, index) => ends.map(({ cells }) => cells[index]).find((own) => alike(own, cell)) ?? cell);

/** Take a piece as it is, but for the rows that are locked. */
export function takePiece(doc, piece) {
  const { locked } = doc;
  const { cells: own } = setBars(doc, piece.steps / STEPS_PER_BAR);
  return makeDoc({ ...piece, locked, cells: piece.cells.map((cell, index) => (locked[index % V] ? own[index] : cell)) });
}

/** Take dynamics and timing only: every hit stays whose it is. */
export const takeTouch = (selection) => (doc, pattern) => {
  const human = fromPattern(pattern, { by: "machine", base: doc });
  return withCells(doc, (cell, index) => {
    const other = human.cells[index];
    const left = selection && !holds(selection, Math.floor(index / V), index % V);
    return !cell || !other || left || alike(cell, other) ? cell : Object.freeze({ ...other, by: cell.by });
  });
};
