/** The grid by keyboard: one Tab stop, arrows move, keys play on the pad under the cursor. */

import { percent, timing } from "./cells.js";
import { clearHit, nudge, setVelocity, toggle } from "./edits.js";
import { STEPS_PER_BAR, V, cellAt, clamp } from "./pattern.js";
import { between } from "./selection.js";

const LOUDER = 0.05;
const NUDGE = 0.05;
const MOVES = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
  PageUp: [-STEPS_PER_BAR, 0],
  PageDown: [STEPS_PER_BAR, 0],
};

export function listenToKeys(grid, app) {
  const { store, selection, status } = app;
  let anchor = null;

  function move(step, voice, selecting) {
    if (!selecting) anchor = null;
    else anchor ??= { ...grid.cursor };
    grid.focusPad(step, voice);
    if (anchor) selection.set(between(anchor, grid.cursor));
  }

  function go(event) {
    const [along, up] = MOVES[event.key] ?? [0, 0];
    const { steps } = store.doc;
    let { step } = grid.cursor;
    if (event.key === "Home") step = 0;
    else if (event.key === "End") step = steps - 1;
    else if (!along && !up) return false;
    move(clamp(step + along, 0, steps - 1), clamp(grid.cursor.voice + up, 0, V - 1), event.shiftKey);
    return true;
  }

  /** Change the hit under the cursor, and say what it is now. */
  function adjustHit(label, edit) {
    const hit = () => cellAt(store.doc, grid.cursor.step, grid.cursor.voice);
    if (!hit()) return status.say("No hit is here; Enter lights the pad.");
    if (!app.change(label, edit)) status.say(`Velocity ${percent(hit().velocity)}, ${timing(hit().offset)}.`);
  }

  /** Alt and an arrow: sideways nudges, up and down makes louder and softer. */
  function adjust(key) {
    const { step, voice } = grid.cursor;
    const sideways = { ArrowLeft: -NUDGE, ArrowRight: NUDGE }[key];
    const louder = { ArrowUp: LOUDER, ArrowDown: -LOUDER, "+": LOUDER, "=": LOUDER, "-": -LOUDER }[key];
    if (sideways) adjustHit("nudge", (doc) => nudge(doc, step, voice, sideways));
    else if (louder) adjustHit("velocity", (doc) => louden(doc, step, voice, louder));
    return !!(sideways || louder);
  }

  function clear() {
    const { step, voice } = grid.cursor;
    if (selection.value) app.edits.clear();
    else app.change("clear a hit", (doc) => clearHit(doc, step, voice));
    return true;
  }

  function strike() {
    const { step, voice } = grid.cursor;
    app.change("toggle", (doc) => toggle(doc, step, voice));
    app.player.struck(step, voice);
    return true;
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key meant something here */
  function answer(event) {
    const { key } = event;
    if (event.ctrlKey || event.metaKey) return false;
    if (event.altKey) return adjust(key);
    if (key === "Enter" || (key === " " && grid.byKeys)) return strike();
    if (key === "Delete" || key === "Backspace") return clear();
    if (key === "+" || key === "=" || key === "-") return adjust(key);
    if (key === "Escape" && selection.value) return selection.set(null) ?? true;
    return go(event);
  }

  grid.measures.addEventListener("keydown", (event) => {
    if (!answer(event)) return;
    grid.byKeys = true;
    event.preventDefault();
    event.stopPropagation();
  });
  grid.measures.addEventListener("keyup", (event) => {
    if (event.key === " ") event.preventDefault();
  });
  grid.measures.addEventListener("focusin", (event) => {
    const pad = event.target.closest("[data-step]");
    if (!pad) return;
    grid.setCursor(Number(pad.dataset.step), Number(pad.dataset.voice));
    grid.byKeys = !app.byPointer();
  });
}

function louden(doc, step, voice, by) {
  const cell = cellAt(doc, step, voice);
  return cell ? setVelocity(doc, step, voice, Math.max(0.05, cell.velocity + by)) : doc;
}
