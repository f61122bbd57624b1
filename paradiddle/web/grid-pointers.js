/**
 * The grid by mouse, pen and finger.
 *
 * A press on a dark pad lights it, on a lit one waits: released, it goes dark; moved up or down, it
 * gets louder or softer; moved sideways, the stroke paints (or erases) every pad it crosses.
 * A finger's vertical stroke belongs to the page's scrolling, unless the pad was held for a moment:
 * then it sets the velocity, or the timing if the finger goes sideways first.
 */

import { percent, timing } from "./cells.js";
import { clearHit, nudge, paint, setHit, setVelocity, toggle } from "./edits.js";
import { LOCKED } from "./hand.js";
import { cellAt } from "./pattern.js";
import { make } from "./dom.js";
import { between } from "./selection.js";

const SLACK = 5;
const FULL_RANGE = 140;
const HOLD_MS = 320;
const STRIDE = 8;

function placeOf(element) {
  const pad = /** @type {HTMLElement | null} */ (element?.closest?.("button[data-step]"));
  return pad && { step: Number(pad.dataset.step), voice: Number(pad.dataset.voice) };
}

/** Pads under the line between two points. */
function* crossed(from, to) {
  const parts = Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / STRIDE));
  for (let part = 1; part <= parts; part += 1) {
    const x = from.x + ((to.x - from.x) * part) / parts;
    const y = from.y + ((to.y - from.y) * part) / parts;
    const place = placeOf(document.elementFromPoint(x, y));
    if (place) yield place;
  }
}

export function listenToPointers(grid, app) {
  const { store, selection, player } = app;
  const tip = make("div", { class: "tip", hidden: true });
  grid.measures.append(tip);
  let stroke = null;

  function showTip(text) {
    const pad = grid.padAt(stroke.step, stroke.voice);
    tip.textContent = text;
    tip.hidden = false;
    tip.style.setProperty("--x", `${grid.x(stroke.step, true) + pad.offsetWidth / 2}px`);
    tip.style.setProperty("--y", `${pad.offsetTop}px`);
  }

  function begin(event) {
    const place = placeOf(event.target);
    if (!place || event.button !== 0 || !event.isPrimary) return;
    event.preventDefault();
    const { step, voice } = place;
    const cell = cellAt(store.doc, step, voice);
    stroke = { step, voice, cell, x: event.clientX, y: event.clientY, last: { x: event.clientX, y: event.clientY }, touch: event.pointerType === "touch" };
    grid.byKeys = false;
    grid.focusPad(step, voice);
    if (event.shiftKey || selection.byDrag) return select();
    if (store.doc.locked[voice]) return refuse();
    if (event.altKey && cell) return mode("nudge", "nudge");
    if (stroke.touch) stroke.hold = setTimeout(held, HOLD_MS);
    else if (!cell) light();
  }

  function refuse() {
    app.status.say(LOCKED);
    stroke = null;
  }

  function select() {
    mode("select");
    selection.set(between(stroke, stroke));
  }

  /** @param {string} name @param {string} [label] of the undo entry */
  function mode(name, label) {
    clearTimeout(stroke.hold);
    stroke.mode = name;
    if (label) stroke.gesture ??= store.gesture(label);
    grid.classList.add("stroking");
  }

  function light() {
    stroke.gesture = store.gesture("draw");
    stroke.gesture.update((doc) => setHit(doc, stroke.step, stroke.voice, {}));
    stroke.lit = true;
    player.struck(stroke.step, stroke.voice);
  }

  function held() {
    if (!stroke || stroke.mode) return;
    if (!stroke.cell) light();
    mode("held");
    showVelocity();
  }

  function showVelocity() {
    const cell = cellAt(store.doc, stroke.step, stroke.voice);
    if (cell) showTip(percent(cell.velocity));
  }

  /** How far it has gone, if that is more than a hand trembles. */
  function way(x, y) {
    const [wide, high] = [Math.abs(x - stroke.x), Math.abs(y - stroke.y)];
    return Math.max(wide, high) < SLACK ? null : { wide, high };
  }

  function decide(x, y) {
    const gone = way(x, y);
    if (!gone) return;
    if (gone.high > gone.wide && !stroke.touch) mode("velocity", "velocity");
    else if (gone.wide >= gone.high) {
      mode("paint", stroke.cell ? "erase" : "draw");
      stroke.gesture.update((doc) => paint(doc, [[stroke.step, stroke.voice]], !stroke.cell));
    }
  }

  const moves = {
    held(x, y) {
      const gone = way(x, y);
      if (!gone) return;
      const name = gone.high > gone.wide ? "velocity" : "nudge";
      mode(name, name);
      moves[name](x, y);
    },
    velocity(_x, y) {
      const before = stroke.cell?.velocity ?? 0.8;
      const velocity = Math.min(1, Math.max(0.05, before + (stroke.y - y) / FULL_RANGE));
      stroke.gesture.update((doc) => setVelocity(doc, stroke.step, stroke.voice, velocity));
      showVelocity();
    },
    nudge(x) {
      const { step, voice } = stroke;
      const to = (stroke.cell?.offset ?? 0) + (x - stroke.x) / grid.shape.pitch / 2;
      stroke.gesture.update((doc) => nudge(doc, step, voice, to - (cellAt(doc, step, voice)?.offset ?? 0)));
      showTip(timing(cellAt(store.doc, step, voice)?.offset ?? 0));
    },
    paint(x, y) {
      const cells = [...crossed(stroke.last, { x, y })].map(({ step, voice }) => [step, voice]);
      stroke.gesture.update((doc) => paint(doc, cells, !stroke.cell));
    },
    select(x, y) {
      const place = placeOf(document.elementFromPoint(x, y));
      if (place) selection.set(between(stroke, place));
    },
  };

  function move(event) {
    if (!stroke || !event.isPrimary) return;
    const { clientX: x, clientY: y } = event;
    if (!stroke.mode) decide(x, y);
    if (stroke.mode) moves[stroke.mode](x, y);
    stroke.last = { x, y };
  }

  function end() {
    if (!stroke) return;
    clearTimeout(stroke.hold);
    const { step, voice, cell } = stroke;
    if (!stroke.mode && cell) store.edit("clear a hit", (doc) => clearHit(doc, step, voice));
    else if (!stroke.mode && !stroke.lit) {
      store.edit("draw", (doc) => setHit(doc, step, voice, {}));
      player.struck(step, voice);
    }
    finish("end");
  }

  function finish(how) {
    clearTimeout(stroke?.hold);
    stroke?.gesture?.[how]();
    stroke = null;
    tip.hidden = true;
    grid.classList.remove("stroking");
  }

  grid.measures.addEventListener("pointerdown", begin);
  window.addEventListener("pointermove", move);
  window.addEventListener("pointerup", (event) => event.isPrimary && end());
  window.addEventListener("pointercancel", (event) => event.isPrimary && finish("cancel"));
  // A held pad keeps the page from scrolling under the finger.
  grid.measures.addEventListener("touchmove", (event) => stroke?.mode && event.cancelable && event.preventDefault(), { passive: false });
  listenToClear(grid, app, () => stroke && finish("cancel"));
}

/** Right-click clears; a click that no pointer made (from assistive software) toggles. */
function listenToClear(grid, app, stop) {
  let touched = false;
  grid.measures.addEventListener("pointerdown", (event) => (touched = event.pointerType === "touch"), true);
  grid.measures.addEventListener("contextmenu", (event) => {
    const place = placeOf(event.target);
    if (!place) return;
    event.preventDefault();
    if (touched) return;
    stop();
    app.change("clear a hit", (doc) => clearHit(doc, place.step, place.voice));
  });
  grid.measures.addEventListener("click", (event) => {
    const place = placeOf(event.target);
    if (!place || event.detail || event.pointerType) return;
    app.change("toggle", (doc) => toggle(doc, place.step, place.voice));
  });
}
