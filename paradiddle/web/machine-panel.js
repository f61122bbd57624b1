/** Generate, Continue, Fill and Humanize. */

import { fillCells, openCells, roomToContinue, seedOf, takeContinuation, takeOpen, takeTouch } from "./answers.js";
import { cellAt, hitCount, STEPS_PER_BAR, toPattern, V } from "./pattern.js";
import { byId } from "./dom.js";

const CANDIDATES = 4;

export function createMachine(app) {
  const { store, api, status, wishes, selection, candidates } = app;

  /**
   * Ask about the doc, and show what comes, unless another question came after.
   * @param {string} name @param {(body: any) => Promise<any>} question
   * @param {(doc: any, pattern: any) => any} take
   */
  async function play(name, question, body, take) {
    const isLast = app.turn();
    const moment = candidates.moment();
    const answer = await status.ask(`${name} …`, () => question(body));
    if (!answer || !isLast()) return false;
    candidates.show(name, answer.patterns, answer.seed ?? null, take, moment);
    status.say(told(name, answer.patterns.length));
    app.remember();
    return true;
  }

  const told = (name, count) => (count > 1 ? `${name}: candidate 1 of ${count}.` : `${name}: done.`);

  const indices = (open) => new Set(open.map(([step, voice]) => step * V + voice));

  function fillOpen(name, open) {
    if (!open.length) return status.say("Every row here is locked; unlock one to have it played.");
    const body = { pattern: toPattern(store.doc), open, count: CANDIDATES, ...wishes.fields() };
    return play(name, api.fill, body, takeOpen(indices(open)));
  }

  function generate() {
    const { doc } = store;
    if (doc.locked.some(Boolean)) return fillOpen("Generate", openCells(doc, () => true));
    const body = { bars: doc.steps / STEPS_PER_BAR, qpm: doc.qpm, count: CANDIDATES, ...wishes.fields() };
    return play("Generate", api.generate, body, takeOpen(null));
  }

  function continue_() {
    const wide = roomToContinue(store.doc);
    if (wide.split >= wide.steps) return status.say("Nothing is right of the arrow; move it left, or make the pattern longer.");
    const seed = seedOf(wide);
    const open = openCells(wide, (step) => step >= wide.split);
    if (open.length && wide !== store.doc) store.edit("make it longer", () => wide);
    if (!seed.hits.length || wide.locked.some(Boolean)) return fillOpen("Continue", open);
    const bars = Math.ceil((wide.steps - wide.split) / STEPS_PER_BAR);
    const body = { pattern: seed, bars, count: CANDIDATES, ...wishes.fields() };
    return play("Continue", api.continue_, body, takeContinuation(wide.split));
  }

  const fill = () => fillOpen("Fill", fillCells(store.doc, selection.value));

  /** The steady touch first, then some that are drawn. */
  async function touches(body) {
    const seed = body.seed ?? Math.floor(Math.random() * 2 ** 32);
    const [steady, drawn] = await Promise.all([
      api.humanize({ ...body, seed, temperature: 0, count: 1 }),
      api.humanize({ ...body, seed: seed + 1, count: CANDIDATES - 1 }),
    ]);
    return { patterns: [...steady.patterns, ...drawn.patterns], seed };
  }

  function humanize() {
    const { doc } = store;
    if (!hitCount(doc)) return status.say("Draw some hits first; Humanize gives them a drummer's touch.");
    const open = fillCells(doc, selection.value).filter(([step, voice]) => cellAt(doc, step, voice));
    if (!open.length) return status.say("Every hit here is in a locked row, or not selected; unlock one, or select others.");
    const { density: _, ...fields } = wishes.fields();
    const body = { pattern: toPattern(doc), amount: wishes.amount(), ...fields };
    return play("Humanize", touches, body, takeTouch(selection.value));
  }

  const verbs = { generate, continue: continue_, fill, humanize };
  for (const [id, verb] of Object.entries(verbs)) byId(id).addEventListener("click", verb);
  return { generate, continue_, fill, humanize };
}
